package proxy

import (
	"github.com/HdrHistogram/hdrhistogram-go"

	"sentinelproxy/proxy/failover"
	"sentinelproxy/proxy/gate"
	"sentinelproxy/proxy/upstream"
)

// holdStats are the counters of one lane and group as they were when the present hold began. A report
// gives the differences.
type holdStats struct {
	gate  gate.Counters
	links upstream.Counters
	// waiting were lost before it began, with links of single sessions, and wait for it to end.
	waiting uint64

	answered uint64 // by the former master since then
	adopted  bool   // answered is final
}

func (h *holdStats) begin(g *laneGroup) {
	*h = holdStats{gate: g.gate.Counters, links: g.links.Counters, waiting: uint64(g.lostWaiting())}
}

// lostWaiting is the number of lost commands that wait for a master to be sent again.
func (g *laneGroup) lostWaiting() int { return g.links.Usage().LostWaiting + g.sessions.LostWaiting() }

// drained is called before the links to the former master are dropped.
func (h *holdStats) drained(g *laneGroup) {
	if !h.adopted {
		h.answered = g.links.Counters.Answered - h.links.Answered
		h.adopted = true
	}
}

// counts gives the figures of the hold, and the waits in it, which may be nil.
func (h *holdStats) counts(g *laneGroup) (failover.SwitchCounts, *hdrhistogram.Histogram) {
	h.drained(g)
	now, links := g.gate.Counters, g.links.Counters
	return failover.SwitchCounts{
		Held:      now.Held - h.gate.Held,
		Released:  now.Released - h.gate.Released,
		Expired:   now.Expired - h.gate.Expired,
		Cancelled: now.Cancelled - h.gate.Cancelled,
		Drained:   h.answered,
		Lost:      links.Lost - h.links.Lost + h.waiting,
		Resent:    links.Resent - h.links.Resent,
		Unknown:   links.Unknown - h.links.Unknown,
	}, g.gate.Waits()
}
