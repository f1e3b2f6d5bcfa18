package chaos

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"sentinelproxy/internal/history"
	"sentinelproxy/internal/servers"
	"sentinelproxy/proxy/admin"
)

// faults in the order of the table.
var faults = append([]*fault{
	&plainFailover, &second, &slowCandidate, &neighbour, &orderedSwitch,
	&killed, &killedAcknowledged, &comeback, &killedWhileReleasing, &terminated, &hung, &zombie,
	&cutFromMaster, &cutFromMinority, &cutFromLeader, &cutFromMajority, &cutFromReplicas, &alone,
	&lossyFailover, &lossySwitch,
	&lied, &oldState, &aborted, &restarted,
}, switchKilled()...)

// clients work through all proxies of a world until they are told to rest.
type clients interface {
	works(n int64)           // waits until each has done n rounds more
	rest(*servers.Node) seen // ends them, and says what they have seen and what the master has
}

// loads in the order of the table, each of about twenty clients.
var loads = []struct {
	name  string
	start func(*world) clients
	short bool
}{
	{"write-heavy", historyOf(history.WriteHeavy), false},
	{"read-heavy", historyOf(history.ReadHeavy), false},
	{"every kind of session", sessions(everyKind, 3), true},
}

// cell is one that was run.
type cell struct {
	fault   *fault
	load    string
	proxies int
	seen    seen
	hold    time.Duration // the longest report of any proxy
	broken  []string      // of the promise
	skipped bool
}

// TestFaults is the matrix: every fault under every load, through one and through four proxies. The short form has some of the
// faults, under all kinds of session, through one proxy.
func TestFaults(t *testing.T) {
	var mu sync.Mutex
	results := map[string]*cell{}
	var order []string
	t.Run("cells", func(t *testing.T) {
		for _, f := range faults {
			for _, l := range loads {
				for _, proxies := range []int{1, 4} {
					if !*whole && (!f.short || !l.short || proxies > 1) {
						continue
					}
					name := fmt.Sprintf("%s/%s/%d", f.name, l.name, proxies)
					order = append(order, name)
					t.Run(strings.NewReplacer(" ", "_", ",", "", "`", "").Replace(name), func(t *testing.T) {
						t.Parallel()
						c := &cell{fault: f, load: l.name, proxies: proxies, skipped: true}
						defer func() {
							mu.Lock()
							defer mu.Unlock()
							results[name] = c
						}()
						c.run(t, l.start)
					})
				}
			}
		}
	})
	var cells []*cell
	for _, name := range order {
		if c := results[name]; c != nil {
			cells = append(cells, c)
		}
	}
	t.Log("\n" + table(cells))
	if *write != "" {
		if err := replaceBetween(*write, "faults", summary(cells)+"\n"+table(cells)); err != nil {
			t.Error(err)
		}
	}
}

// rounds of every session before a fault and after it.
const rounds = 20

func (c *cell) run(t *testing.T, start func(*world) clients) {
	w := newWorld(t, c.fault, c.proxies)
	w.load = start(w)
	w.load.works(rounds)
	c.fault.strike(w)
	w.load.works(rounds)
	master := w.cluster.Master()
	w.serving(master)
	c.seen, c.skipped = w.load.rest(master), false
	for i, p := range w.proxies {
		r := longest(p.reports())
		if hold := time.Duration(r.DurationMS * float64(time.Millisecond)); hold > c.hold {
			c.hold = hold
			t.Logf("proxy %d: %s", i, told(r))
		}
	}
	c.broken = c.fault.promise.broken(&c.seen)
	for _, b := range c.broken {
		t.Error("not promised: ", b)
	}
	t.Logf("%+v, hold %v", c.seen, c.hold)
	if c.seen.Commands == 0 {
		t.Error("nothing was done")
	}
}

// longest hold of a proxy that had a master before.
func longest(reports []admin.Switch) (l admin.Switch) {
	for _, r := range reports {
		if r.From != "" && r.DurationMS > l.DurationMS {
			l = r
		}
	}
	return l
}
