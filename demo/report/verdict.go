package report

import (
	"fmt"
	"io"

	"sentinelproxy/demo/load"
)

// maxLost is how many lost keys are named.
const maxLost = 5

// Data prints what became of the clients' writes.
func Data(w io.Writer, title string, d load.Data) {
	fmt.Fprintln(w, title)
	fmt.Fprintf(w, "  INCR: %s acknowledged, %s of unknown outcome; the counters stand at %s\n", Count(d.Acknowledged), Count(d.Unsure), Count(d.Final))
	if len(d.Lost) == 0 {
		fmt.Fprintf(w, "  SET:  all %d keys hold a value that agrees with what was acknowledged\n", d.Keys)
		fmt.Fprintln(w, "  no acknowledged write was lost, none was applied twice")
		return
	}
	fmt.Fprintf(w, "  %d keys do not hold what was acknowledged:\n", len(d.Lost))
	for i, key := range d.Lost {
		if i == maxLost {
			fmt.Fprintf(w, "    and %d more\n", len(d.Lost)-i)
			break
		}
		fmt.Fprintln(w, "    "+clip(key, 94))
	}
}

// idle is the name of a kind that did nothing: it can't have noticed anything, and proves nothing.
func (s Section) idle() string {
	for _, r := range s.Rows {
		if r.Commands == 0 {
			return r.Name
		}
	}
	return ""
}

// Verdict prints the result for the clients behind the proxy and says whether they noticed nothing.
func Verdict(w io.Writer, proxied Section, d load.Data) bool {
	sum := proxied.Sum()
	idle := proxied.idle()
	if !sum.Noticed() && len(d.Lost) == 0 && idle == "" {
		fmt.Fprintf(w, "PASSED: the master changed twice under %s commands:\n", Count(sum.Commands))
		fmt.Fprintln(w, "  no error, no closed connection, no wrong reply, no acknowledged write lost.")
		if sum.Unknown > 0 {
			fmt.Fprintf(w, "  %s INCRs that were on the wire when a master stopped were answered UNKNOWNOUTCOME, as\n  the contract says: nobody can know whether they were applied, so the proxy does not repeat them.\n", Count(sum.Unknown))
		}
		return true
	}
	fmt.Fprintf(w, "FAILED: the clients saw %s errors, %s closed connections, %s wrong replies; %d keys lost writes.\n",
		Count(sum.Errors), Count(sum.Closed), Count(sum.Wrong), len(d.Lost))
	if idle != "" {
		fmt.Fprintf(w, "  %s: not one command was answered\n", idle)
	}
	Troubles(w, proxied)
	return false
}
