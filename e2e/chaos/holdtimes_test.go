package chaos

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"sentinelproxy/internal/servers"
	"sentinelproxy/proxy/admin"
)

// way is one of changing the master, of which the times are taken.
type way struct {
	name   string
	times  int // how often in the whole form
	begin  func(w *world)
	target target
}

// target is what is aimed at, in milliseconds; 0: nothing is.
type target struct{ medianHold, maxAfterTurn float64 }

var planned = target{medianHold: 400, maxAfterTurn: 150}

var ways = []way{
	{"SENTINEL FAILOVER", 20, func(w *world) { w.must(w.cluster.StartFailover()) }, planned},
	{"sentinelproxy switch", 20, func(w *world) { w.killedAt("all proxies serve from it") }, planned}, // what it does then takes ten seconds
	{"SIGKILL of the master", 10, func(w *world) { w.must(w.cluster.Master().Kill()) }, target{maxAfterTurn: 300}},
}

// TestHoldTimes takes the times of switches, each of a cluster of its own under load, one at a time. It judges them and fails for none: a
// busy machine makes any time longer.
func TestHoldTimes(t *testing.T) {
	var b strings.Builder
	b.WriteString("| | switches | hold, ms: median | p90 | max | release after the candidate's ROLE turned, ms: median | p90 | max | target | |\n")
	b.WriteString("|---|--:|--:|--:|--:|--:|--:|--:|---|---|\n")
	for i := range ways {
		way := &ways[i]
		times := 1
		if *whole {
			times = way.times
		}
		var holds, afters []float64
		t.Run(way.name, func(t *testing.T) {
			for i := range times {
				t.Run(fmt.Sprint(i), func(t *testing.T) {
					hold, after := way.take(t)
					holds, afters = append(holds, hold), append(afters, after)
				})
			}
		})
		fmt.Fprintf(&b, "| %s | %d | %s | %s | %s |\n", way.name, len(holds), distribution(holds), distribution(afters), way.target.judge(holds, afters))
	}
	t.Log("\n" + b.String())
	if *write != "" {
		if err := replaceBetween(*write, "hold-times", b.String()); err != nil {
			t.Error(err)
		}
	}
}

// take is one switch: how long the proxy held, by its report, and how long that was after the promoted node's ROLE had turned.
func (way *way) take(t *testing.T) (hold, afterTurn float64) {
	w := newWorld(t, &fault{}, 1)
	w.load = sessions(everyKind, 3)(w)
	w.load.works(rounds)
	old := w.cluster.Master()
	watched := watchRoles(t, w.others(old))
	way.begin(w)
	next := w.promoted(old)
	turned := watched(next)
	if turned.IsZero() {
		t.Fatalf("%s was not seen to turn", next.Addr())
	}
	reports := w.proxies[0].reports()
	i := slices.IndexFunc(reports, func(s admin.Switch) bool { return s.From == old.Addr() && s.To == next.Addr() })
	if i < 0 {
		t.Fatalf("no report from %s to %s", old.Addr(), next.Addr())
	}
	r := reports[i]
	released := r.StartedAt.Add(time.Duration(r.DurationMS * float64(time.Millisecond)))
	afterTurn = float64(released.Sub(turned).Microseconds()) / 1000
	t.Logf("held for %.1f ms, until %.1f ms after %s turned\n%s", r.DurationMS, afterTurn, next.Addr(), told(r))
	return r.DurationMS, afterTurn
}

// watchRoles asks each node for its ROLE every millisecond until the returned function is called, which says when a node was last
// known not to be a master. So the time since it turned is at most a millisecond shorter than what is told.
func watchRoles(t *testing.T, nodes []*servers.Node) func(*servers.Node) time.Time {
	ctx, stop := context.WithCancel(context.Background())
	done := map[*servers.Node]chan time.Time{}
	for _, n := range nodes {
		result := make(chan time.Time, 1)
		done[n] = result
		go func() {
			defer close(result)
			c := n.Client()
			defer c.Close()
			var before time.Time
			for ctx.Err() == nil {
				reply, err := c.Do(context.Background(), "ROLE").Slice()
				if err == nil && len(reply) > 0 && reply[0] == "master" {
					result <- before
					return
				}
				if err == nil {
					before = time.Now()
				}
				time.Sleep(time.Millisecond)
			}
		}()
	}
	t.Cleanup(func() {
		stop()
		for _, result := range done {
			for range result { // until it is closed
			}
		}
	})
	return func(n *servers.Node) time.Time {
		select {
		case at := <-done[n]:
			return at
		case <-time.After(patience):
			return time.Time{}
		}
	}
}

func distribution(list []float64) string {
	return fmt.Sprintf("%.0f | %.0f | %.0f", quantile(list, 0.5), quantile(list, 0.9), quantile(list, 1))
}

// quantile by the nearest rank; 0 of nothing.
func quantile(list []float64, q float64) float64 {
	if len(list) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(list))
	return sorted[max(0, int(math.Ceil(q*float64(len(sorted))))-1)]
}

// judge says what is aimed at, and whether it was met.
func (g *target) judge(holds, afters []float64) string {
	var aims []string
	met := len(holds) > 0
	if g.medianHold > 0 {
		aims = append(aims, fmt.Sprintf("median hold %.0f", g.medianHold))
		met = met && quantile(holds, 0.5) <= g.medianHold
	}
	if g.maxAfterTurn > 0 {
		aims = append(aims, fmt.Sprintf("all within %.0f of the turn", g.maxAfterTurn))
		met = met && quantile(afters, 1) <= g.maxAfterTurn
	}
	verdict := "met"
	if !met {
		verdict = "**missed**"
	}
	return strings.Join(aims, ", ") + " | " + verdict
}
