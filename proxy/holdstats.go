package proxy

import (
	"time"

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

	answered uint64 // by the former master since then
	adopted  bool   // answered is final
}

func (h *holdStats) begin(g *laneGroup) {
	*h = holdStats{gate: g.gate.Counters, links: g.links.Counters}
	if g.loop.Now().Sub(g.omen.at) < omenHolds {
		h.links = g.omen.links
	}
	g.omen = omen{} // for this hold only: another that follows soon has losses of its own
}

// omen is what the counters were when a link of a single session broke while commands passed. A master that dies is
// often noticed by such a link first, and what was lost with it belongs to the hold that follows.
type omen struct {
	at    time.Time
	links upstream.Counters
}

// omenHolds is how soon the hold has to follow: a ROLE probe later.
const omenHolds = probeTimeout + 500*time.Millisecond

// note keeps the counters as of the first of several losses.
func (o *omen) note(g *laneGroup) {
	if now := g.loop.Now(); g.gate.Mode() == gate.Pass && now.Sub(o.at) >= omenHolds {
		*o = omen{now, g.links.Counters}
	}
}

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
		Lost:      links.Lost - h.links.Lost,
		Resent:    links.Resent - h.links.Resent,
		Unknown:   links.Unknown - h.links.Unknown,
	}, g.gate.Waits()
}
