package report

import (
	"fmt"
	"io"

	"sentinelproxy/proxy/admin"
)

// maxEvents of one timeline: a hold during which no Sentinel answers can have hundreds.
const maxEvents = 40

// Timeline prints the proxy's own report of one switch.
func Timeline(w io.Writer, number int, s admin.Switch) {
	fmt.Fprintf(w, "Switch %d: %s -> %s, %s after %.2f s (%s)\n", number, orNone(s.From), orNone(s.To), s.Outcome, s.DurationMS/1000, s.Reason)
	for i, e := range s.Events {
		if i == maxEvents {
			fmt.Fprintf(w, "  %8s ...    and %d more\n", "", len(s.Events)-i)
			break
		}
		fmt.Fprintf(w, "  %8.1f ms  %-15s %s\n", e.OffsetMS, clip(e.Source, 15), clip(e.Text, 66))
	}
	c := s.Counts
	fmt.Fprintf(w, "  held: %s commands (%s released, %s expired, %s cancelled)\n",
		Count(c.Held), Count(c.Released), Count(c.Expired), Count(c.Cancelled))
	fmt.Fprintf(w, "  time held: median %s, p99 %s, longest %s\n", milliseconds(c.HoldP50MS), milliseconds(c.HoldP99MS), milliseconds(c.HoldMaxMS))
	fmt.Fprintf(w, "  on the wire: %s still answered; %s lost, of which %s sent again, %s unknown\n",
		Count(c.Drained), Count(c.Lost), Count(c.Resent), Count(c.Unknown))
}

func orNone(addr string) string {
	if addr == "" {
		return "(none)"
	}
	return addr
}

func milliseconds(ms float64) string {
	if ms >= 1000 {
		return fmt.Sprintf("%.2f s", ms/1000)
	}
	return fmt.Sprintf("%.0f ms", ms)
}
