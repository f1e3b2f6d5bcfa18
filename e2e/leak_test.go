package e2e

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sentinelproxy/internal/servers"
)

const (
	briefVisitors = 32    // at once
	briefSessions = 1_000 // of each kind
	briefWarmUp   = 400   // of each kind, before anything is measured

	// What is live after a collection tells a leak of 8 bytes for each session. RSS holds, beside that, what the
	// garbage of the busiest moment took: about 2 MiB more after 1000 sessions of each kind, and 5 after 6000.
	rssMayGrow  = 8 << 20
	heapMayGrow = 256 << 10

	// goroutinesMayDiffer: those that ask a Sentinel or a node, or answer a question of this test, have a moment each.
	goroutinesMayDiffer = 5

	// buffersGo: a lane drops buffers that it has not needed for a second. That is found out within two.
	buffersGo = 2500 * time.Millisecond
)

// footprint is what a proxy has that nobody is connected to.
type footprint struct {
	rss, heap   int64
	goroutines  int
	descriptors int // beside those of its links
	links       int // in the pool
}

func (f footprint) String() string {
	return fmt.Sprintf("RSS %d KiB, live heap %d KiB, %d goroutines, %d links, %d descriptors beside them",
		f.rss>>10, f.heap>>10, f.goroutines, f.links, f.descriptors)
}

// footprint waits until nobody is connected and nothing goes on, at the master either, and until shared links are closed
// for lack of use, which takes up to ten seconds: their queues are as long as the busiest moment needed.
func (p *proxy) footprint(master *servers.Node) (f footprint, lanes int) {
	p.t.Helper()
	p.left(0)
	p.settled()
	eventually(p.t, "only idle links are left", func() error {
		s, err := p.status()
		if err != nil {
			return err
		}
		for _, l := range s.Lanes {
			if l.PinnedLinks != 0 || len(l.Pinned) != 0 {
				return fmt.Errorf("%d links of sessions, %v", l.PinnedLinks, l.Pinned)
			}
			if l.SharedLinks != 0 {
				return fmt.Errorf("%d shared links", l.SharedLinks)
			}
		}
		lanes = len(s.Lanes)
		return p.sockets(master, &f)
	})
	time.Sleep(buffersGo)
	f.heap = p.heap()
	f.goroutines = int(p.metrics()["go_goroutines"])
	f.rss = p.restingRSS()
	return f, lanes
}

// sockets counts while none comes or goes: probes of ROLE have some for a moment, and so has the test's own question.
func (p *proxy) sockets(master *servers.Node, f *footprint) error {
	const still = 6
	for i := range still {
		descriptors, err := p.Descriptors()
		if err != nil {
			return err
		}
		links, err := idleLinks(master)
		if err != nil {
			return err
		}
		if i > 0 && (f.links != links || f.descriptors != descriptors-links) {
			return errors.New("descriptors come and go")
		}
		f.links, f.descriptors = links, descriptors-links
		time.Sleep(20 * time.Millisecond)
	}
	return nil
}

// idleLinks counts what the master has of the proxy. Nothing of a session is left there.
func idleLinks(master *servers.Node) (n int, err error) {
	v, err := master.Do(context.Background(), "CLIENT", "LIST")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(fmt.Sprint(v)) {
		field := map[string]string{}
		for _, f := range strings.Fields(line) {
			name, value, _ := strings.Cut(f, "=")
			field[name] = value
		}
		switch {
		case field["cmd"] == "client|list", strings.HasPrefix(field["name"], "sentinel-"), field["flags"] == "S":
			continue // this one, the Sentinels', the replicas'
		case field["flags"] != "N" || field["sub"] != "0" || field["psub"] != "0" || field["ssub"] != "0" && field["ssub"] != "" || field["multi"] != "-1":
			return 0, fmt.Errorf("a link is not clean: %s", line)
		}
		n++
	}
	return n, nil
}

// same compares two of them.
func (f footprint) same(now footprint, lanes int) error {
	var errs []error
	complain := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if now.descriptors > f.descriptors {
		complain("%d descriptors that are no links, before %d", now.descriptors, f.descriptors)
	}
	if limit := lanes * briefVisitors; now.links > limit {
		complain("%d links, with a pool of at most %d", now.links, limit)
	}
	if now.goroutines > f.goroutines+goroutinesMayDiffer {
		complain("%d goroutines, before %d", now.goroutines, f.goroutines)
	}
	if raced() {
		return errors.Join(errs...) // its shadow of all memory grows
	}
	if grown := now.rss - f.rss; grown > rssMayGrow {
		complain("RSS has grown by %d KiB", grown>>10)
	}
	if grown := now.heap - f.heap; grown > heapMayGrow {
		complain("the heap has grown by %d KiB", grown>>10)
	}
	return errors.Join(errs...)
}

// visitors run sessions, of one kind after another, some at the same time; n of each kind.
func (p *proxy) visitors(n int) {
	p.t.Helper()
	for k := range briefs {
		err := visitAll(func(visitor int, next func() int) error {
			for i := next(); i < n; i = next() {
				if err := briefs[k].come(p.addr, visitor, i); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			p.t.Fatal(err)
		}
	}
}

// visitAll runs f for each visitor; next counts for all of them together.
func visitAll(f func(visitor int, next func() int) error) error {
	var wg sync.WaitGroup
	var count atomic.Int64
	errs := make([]error, briefVisitors)
	for visitor := range briefVisitors {
		wg.Go(func() { errs[visitor] = f(visitor, func() int { return int(count.Add(1)) - 1 }) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// visitedDuring runs sessions of all kinds at the same time until event has happened.
func (p *proxy) visitedDuring(event func()) {
	p.t.Helper()
	var over atomic.Bool
	done := make(chan error)
	go func() {
		done <- visitAll(func(visitor int, next func() int) error {
			for !over.Load() {
				i := next()
				if err := briefs[i%len(briefs)].come(p.addr, visitor, i/len(briefs)); err != nil {
					return err
				}
			}
			return nil
		})
	}()
	event()
	over.Store(true)
	if err := <-done; err != nil {
		p.t.Error(err)
	}
}

// TestNothingIsLeft: thousands of sessions of every kind leave no memory, no descriptor, no goroutine, and nothing at the
// master, but idle links that the next sessions use. Nor do those that a switch meets.
func TestNothingIsLeft(t *testing.T) {
	if testing.Short() {
		t.Skip("takes more than ten seconds")
	}
	if runtime.GOOS != "linux" {
		t.Skip("what a process has is read from /proc")
	}
	pool := servers.NewT(t)
	cluster := pool.Cluster(servers.ClusterOptions{
		Replicas: 1, Sentinels: 3, DownAfter: patience, NodeConfig: []string{"user user on >pw ~* &* +@all"},
	})
	p := before(t, pool, cluster, "--admin-pprof")
	p.pinned = true
	n, warmUp := briefSessions, briefWarmUp
	if raced() {
		n, warmUp = n/10, warmUp/4
	}
	audited := p.audit()
	p.visitors(warmUp)
	before, _ := p.footprint(cluster.Nodes[0])
	t.Logf("before: %v", before)
	p.visitors(n)
	after, lanes := p.footprint(cluster.Nodes[0])
	t.Logf("after %d sessions of each of %d kinds: %v", n, len(briefs), after)
	if err := before.same(after, lanes); err != nil {
		t.Error(err)
	}

	replicated(t, cluster.Nodes[0], 1)
	var next *servers.Node
	p.visitedDuring(func() {
		next = cluster.Failover()
		p.serving(next)
	})
	p.visitors(warmUp)
	audited()
	demoted(t, cluster.Nodes[0]) // the proxy waits for it to take the fence off
	fenceIsOff(t, cluster.Nodes[0])
	switched, lanes := p.footprint(next)
	t.Logf("after a switch among them: %v", switched)
	if err := before.same(switched, lanes); err != nil {
		t.Error(err)
	}
	sum := p.settled()
	t.Logf("%d clients, closed: %v", sum.Accepted, sum.Closed)
	for reason, k := range sum.Closed {
		if reason != "peer" && reason != "error" && reason != "protocol" && reason != "quit" {
			t.Errorf("%d clients were closed: %s", k, reason)
		}
	}
}
