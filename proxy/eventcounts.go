package proxy

import (
	"context"
	"time"

	"sentinelproxy/proxy/admin"
	"sentinelproxy/proxy/failover"
)

// countEvery is how often the driver's totals are carried over to the metrics.
const countEvery = time.Second

// eventCounts are the driver's totals as they were carried over last. Owned by countEvents.
type eventCounts struct {
	holds, transitions map[string]uint64
	report             uint64 // id of the last one that has ended
	refused            uint64 // id of the last one whose limit has passed
}

// countEvents carries the driver's own totals over to go-metrics, until ctx ends.
func (g *group) countEvents(ctx context.Context) {
	tick := time.NewTicker(countEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			g.carryOver()
		}
	}
}

func (g *group) carryOver() {
	c := &g.counted
	totals := g.driver.Status().Counters
	more(c.holds, totals.Holds, func(reason string) { g.events.HoldBegan(g.Name, reason) })
	more(c.transitions, totals.Transitions, func(state string) { g.events.Entered(g.Name, adminState(state)) })
	c.holds, c.transitions = totals.Holds, totals.Transitions
	for _, r := range g.driver.Reports() {
		if r.RefusedMS > 0 && r.ID > c.refused {
			c.refused = r.ID
			g.events.Refused(g.Name, r.RefuseReason)
			g.events.HoldEnded(g.Name, admin.HoldEndedRefused, millis(r.RefusedMS))
		}
		if r.Open || r.ID <= c.report {
			continue
		}
		c.report = r.ID
		outcome := admin.HoldEndedNewMaster
		if r.Kind == failover.ReportHold {
			outcome = admin.HoldEndedSameMaster
		}
		g.events.HoldEnded(g.Name, outcome, millis(r.DurationMS))
	}
}

// more calls count once for each that now has more than before.
func more(before, now map[string]uint64, count func(key string)) {
	for key, n := range now {
		for range n - before[key] {
			count(key)
		}
	}
}

func millis(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }
