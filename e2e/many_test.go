package e2e

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sentinelproxy/internal/servers"
)

const (
	manyClients   = 10_000
	fewestClients = 4_000 // below, the figure per client is mostly what the proxy costs without any
	// otherFiles is left to the tests that run at the same time, each end of a connection counted.
	otherFiles = 3_000

	bytesPerIdleClient = 2 << 10
	bytesFreed         = 256 // at least, by a client that leaves: its session alone is larger
)

// many is thousands of connections. There is no goroutine for each: the race detector allows 8128 of them.
type many struct {
	t     *testing.T
	wires []*wire
}

// connectMany opens as many connections as the limit of descriptors allows, and uses each one once.
func connectMany(t *testing.T, p *proxy) *many {
	t.Helper()
	// The Go runtime has raised the soft limit to the hard one, here and in the proxy.
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		t.Fatal(err)
	}
	n := min(manyClients, int64(min(files.Cur, 1<<30))-otherFiles)
	if n < fewestClients {
		t.Skipf("%d descriptors are too few", files.Cur)
	}
	if n < manyClients {
		t.Logf("only %d clients: the limit of descriptors is %d", n, files.Cur)
	}
	m := &many{t: t, wires: make([]*wire, n)}
	t.Cleanup(m.close)
	m.each(func(i int) error {
		w, err := connect("tcp", p.addr, 2)
		if err != nil {
			return err
		}
		w.in = bufio.NewReaderSize(w.conn, 16) // bufio's own size, 4 KiB, would be this test's memory
		m.wires[i] = w
		key := "e2e:many:" + strconv.Itoa(i)
		got, err := w.do([][]string{{"SET", key, strconv.Itoa(i)}, {"GET", key}})
		if err == nil {
			err = same(fmt.Sprint(got...), fmt.Sprint("OK", strconv.Itoa(i)))
		}
		return err
	})
	return m
}

// each runs f for every client, a few at a time, and ends the test when any has failed.
func (m *many) each(f func(i int) error) {
	m.t.Helper()
	const atOnce = 8
	errs := make([]error, atOnce)
	var wg sync.WaitGroup
	for k := range atOnce {
		wg.Go(func() {
			for i := k; i < len(m.wires) && errs[k] == nil; i += atOnce {
				if err := f(i); err != nil {
					errs[k] = fmt.Errorf("client %d of %d: %w", i, len(m.wires), err)
				}
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		m.t.Fatal(err)
	}
}

func (m *many) close() {
	for _, w := range m.wires {
		if w != nil {
			w.close()
		}
	}
}

// restingRSS waits, but not for ever, until the proxy's memory hardly changes: after work the Go runtime gives
// back what it no longer needs little by little.
func (p *proxy) restingRSS() int64 {
	p.t.Helper()
	const still, samples = 64 << 10, 8
	var last []int64
	for range 60 {
		rss, err := p.RSS()
		if err != nil {
			p.t.Fatal(err)
		}
		last = append(last, rss)
		if recent := last[max(0, len(last)-samples):]; len(recent) == samples && slices.Max(recent)-slices.Min(recent) <= still {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	return last[len(last)-1]
}

// heap is what is live, in bytes: what outlives a collection. RSS tells that late, because an idle proxy collects garbage
// every two minutes, and the runtime then gives it back to the system in small steps. It is read within the request that
// has collected: metrics asked for after it would count their own garbage, which is more than all that is looked for.
func (p *proxy) heap() int64 {
	p.t.Helper()
	least := int64(math.MaxInt64)
	for range 4 { // what sync.Pools keep outlives one collection
		profile, err := p.get(context.Background(), "/debug/pprof/heap?gc=1&debug=1")
		if err != nil {
			p.t.Fatal(err)
		}
		_, after, found := strings.Cut(string(profile), "\n# HeapAlloc = ")
		figure, _, _ := strings.Cut(after, "\n")
		live, err := strconv.ParseInt(figure, 10, 64)
		if !found || err != nil {
			p.t.Fatalf("the profile of the heap tells %q as HeapAlloc (%v)", figure, err)
		}
		least = min(least, live)
	}
	return least
}

// raced: the race detector keeps a shadow of all memory.
func raced() bool { return *race || raceByDefault }

// TestManyIdleClients: ten thousand connections that are used now and then cost little while they are idle, and
// all of them, waiting in one hold, are answered after it.
func TestManyIdleClients(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes more than ten seconds")
	}
	if runtime.GOOS != "linux" {
		t.Skip("the memory of a process is read from /proc")
	}
	pool := servers.NewT(t)
	// The replicas stand still for a while below: nobody is to call them down for it, or give up the failover.
	cluster := pool.Cluster(servers.ClusterOptions{Replicas: 2, Sentinels: 3, DownAfter: patience, FailoverTimeout: patience})
	p := before(t, pool, cluster, "--max-clients", strconv.Itoa(2*manyClients), "--admin-pprof")
	old := cluster.Master()
	none := p.restingRSS()
	m := connectMany(t, p)
	idle := p.restingRSS()
	each := (idle - none) / int64(len(m.wires))
	t.Logf("RSS %d KiB, with %d idle clients %d KiB: %d bytes each", none>>10, len(m.wires), idle>>10, each)
	if each > bytesPerIdleClient && !raced() {
		t.Errorf("an idle client costs %d bytes, more than %d", each, bytesPerIdleClient)
	}

	replicated(t, old, 2)
	audited := p.audit()
	next := m.switchover(p, cluster, old)
	audited()
	m.check(p, next)
	p.moved(t, old, next)
	t.Logf("RSS after the switch %d KiB", p.restingRSS()>>10)
	live := p.heap()
	t.Logf("live heap with %d clients that have waited %d KiB", len(m.wires), live>>10)
	if live == 0 || live/int64(len(m.wires)) > bytesPerIdleClient {
		t.Errorf("the heap is %d bytes, more than %d for each client that has waited", live, bytesPerIdleClient)
	}
	m.close()
	eventually(t, "all clients have gone", func() error {
		s, err := p.status()
		if sum := s.sum(); err == nil && sum.Clients != 0 {
			err = fmt.Errorf("%d clients", sum.Clients)
		}
		return err
	})
	left := p.heap()
	t.Logf("all connections closed: live heap %d KiB, RSS %d KiB", left>>10, p.restingRSS()>>10)
	if freed := (live - left) / int64(len(m.wires)); freed < bytesFreed {
		t.Errorf("a client that is gone gives back %d bytes, less than %d: something keeps it", freed, bytesFreed)
	}
}

// switchover holds a command of every client: three INCR of one key for each GET of it. The hold lasts until all
// are held, because the replicas stand still, whichever of them the Sentinels have chosen.
func (m *many) switchover(p *proxy, cluster *servers.ClusterT, old *servers.Node) (next *servers.Node) {
	m.t.Helper()
	for _, n := range cluster.Nodes {
		if n != old {
			if err := n.Pause(); err != nil {
				m.t.Fatal(err)
			}
		}
	}
	eventually(m.t, "SENTINEL FAILOVER is accepted", cluster.StartFailover)
	p.holdsReads()
	m.each(func(i int) error {
		if reads(i) {
			return m.wires[i].send([]string{"GET", "e2e:shared"})
		}
		return m.wires[i].send([]string{"INCR", "e2e:shared"})
	})
	eventually(m.t, "every client waits", func() error {
		s, err := p.status()
		if sum := s.sum(); err == nil && (sum.HeldNow != int64(len(m.wires)) || sum.Waiting != sum.HeldNow) {
			err = fmt.Errorf("%d clients wait, %d commands are held", sum.Waiting, sum.HeldNow)
		}
		return err
	})
	rss, err := p.RSS()
	if err != nil {
		m.t.Fatal(err)
	}
	m.t.Logf("RSS with %d waiting clients %d KiB", len(m.wires), rss>>10)
	for _, n := range cluster.Nodes {
		if n != old {
			if err := n.Resume(); err != nil {
				m.t.Fatal(err)
			}
		}
	}
	return cluster.WaitMasterOtherThan(old)
}

// reads: what client i sends during the hold is a GET.
func reads(i int) bool { return i%4 == 3 }

// holdsReads waits until a replica has been chosen: until then reads go on.
func (p *proxy) holdsReads() {
	p.t.Helper()
	eventually(p.t, "reads are held too", func() error {
		s, err := p.status()
		if err == nil && s.Groups[0].State != "holding" && s.Groups[0].State != "verifying" {
			err = fmt.Errorf("it is %s (%s)", s.Groups[0].State, s.Groups[0].Reason)
		}
		return err
	})
}

// check reads what every client was answered: each increment was applied once, none was refused, and the
// connections still work.
func (m *many) check(p *proxy, next *servers.Node) {
	m.t.Helper()
	increments := 0
	for i := range m.wires {
		if !reads(i) {
			increments++
		}
	}
	answers := make([]any, len(m.wires))
	began := time.Now()
	m.each(func(i int) (err error) {
		answers[i], err = m.wires[i].receive()
		return err
	})
	m.t.Logf("answers read within %v", time.Since(began).Round(time.Millisecond))
	given := make([]bool, increments+1)
	for i, v := range answers {
		if err := shared(v, reads(i), given); err != nil {
			m.t.Fatalf("client %d of %d: %v", i, len(m.wires), err)
		}
	}
	n, err := next.Do(context.Background(), "GET", "e2e:shared")
	if err != nil || n != strconv.Itoa(increments) {
		m.t.Errorf("the counter is %v (%v), want %d", n, err, increments)
	}
	p.serving(next)
	m.each(func(i int) error {
		got, err := m.wires[i].do([][]string{{"GET", "e2e:many:" + strconv.Itoa(i)}})
		if err == nil {
			err = same(got[0], strconv.Itoa(i))
		}
		return err
	})
	sum := p.settled()
	if want := int64(len(m.wires)); sum.Clients != want || sum.closed() != 0 || sum.Held < want || sum.Expired != 0 || sum.Cancelled != 0 || sum.Lost != 0 {
		m.t.Errorf("%d clients sent one command each into the hold: %+v", want, sum)
	}
}

// shared checks the answer to a GET or INCR of the counter; given holds which values INCR has answered so far.
func shared(answer any, get bool, given []bool) error {
	if get {
		// nil: before the first increment.
		n, err := strconv.Atoi(fmt.Sprint(answer))
		if answer != nil && (err != nil || n < 1 || n >= len(given)) {
			return fmt.Errorf("GET answered %v", answer)
		}
		return nil
	}
	n, is := answer.(int64)
	if !is || n < 1 || n >= int64(len(given)) {
		return fmt.Errorf("INCR answered %v", answer)
	}
	if given[n] {
		return fmt.Errorf("a second INCR was answered %d", n)
	}
	given[n] = true
	return nil
}
