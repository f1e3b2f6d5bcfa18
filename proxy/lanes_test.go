package proxy

import (
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sys/unix"

	"sentinelproxy/proxy/failover"
	"sentinelproxy/proxy/gate"
	"sentinelproxy/proxy/internal/scripted"
	"sentinelproxy/proxy/reactor"
	"sentinelproxy/proxy/session"
)

// driver stands in for the failover driver: it notes what the lanes tell.
type driver struct {
	mu   sync.Mutex
	told []failover.LaneReport
}

func (d *driver) tell(r failover.LaneReport) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.told = append(d.told, r)
}

// count is how often kind was told for term.
func (d *driver) count(kind failover.LaneReportKind, term uint64) (n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, r := range d.told {
		if r.Kind == kind && r.Term == term {
			n++
		}
	}
	return n
}

func (d *driver) wait(t *testing.T, kind failover.LaneReportKind, term uint64) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for d.count(kind, term) == 0 {
		if time.Now().After(deadline) {
			t.Fatalf("%v of term %d was never told: %+v", kind, term, d.told)
		}
		time.Sleep(time.Millisecond)
	}
}

// newLanes makes n running lanes of one group.
func newLanes(t *testing.T, n int) (*groupLanes, *driver) {
	t.Helper()
	cfg := validConfig()
	d := &driver{}
	l := &groupLanes{name: "m", tell: d.tell}
	l.mu.done = map[failover.LaneReportKind]gathered{}
	sh := &shared{budget: gate.NewBudget(1000, 1<<20)}
	var wg sync.WaitGroup
	for i := range n {
		loop, err := reactor.New()
		if err != nil {
			t.Fatal(err)
		}
		l.lanes = append(l.lanes, newLaneGroup(i, loop, &cfg, &Group{}, sh, session.NewScripts(1<<20), l.reporter(i), zap.NewNop()))
		wg.Go(loop.Run)
		t.Cleanup(func() {
			loop.Stop()
			if i == 0 { // the first is cleaned up last
				wg.Wait()
			}
		})
	}
	return l, d
}

// in runs f in the lane's loop and waits for it.
func (g *laneGroup) in(t *testing.T, f func()) {
	t.Helper()
	done := make(chan struct{})
	if !g.loop.Post(func() { defer close(done); f() }) {
		t.Fatal("the lane has stopped")
	}
	<-done
}

// stall keeps the lane from its mailbox until the function it returns is called.
func (g *laneGroup) stall(t *testing.T) (goOn func()) {
	t.Helper()
	at, hold := make(chan struct{}), make(chan struct{})
	g.loop.Post(func() { close(at); <-hold })
	<-at
	return sync.OnceFunc(func() { close(hold) })
}

func (g *laneGroup) mode(t *testing.T) (m gate.Mode) {
	t.Helper()
	g.in(t, func() { m = g.gate.Mode() })
	return m
}

// connect gives the lane a client.
func (g *laneGroup) connect(t *testing.T) net.Conn {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.SetNonblock(fds[0], true); err != nil {
		t.Fatal(err)
	}
	f := os.NewFile(uintptr(fds[1]), "client")
	conn, err := net.FileConn(f)
	f.Close()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	g.sessions.Clients.Add(1)
	g.in(t, func() { session.New(g.sessions, fds[0], netip.AddrPort{}) })
	return conn
}

func send(t *testing.T, c net.Conn, raw string) {
	t.Helper()
	if _, err := c.Write([]byte(raw)); err != nil {
		t.Fatal(err)
	}
}

func receive(t *testing.T, c net.Conn, want string) {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
	got := make([]byte, 0, len(want))
	for len(got) < len(want) {
		n, err := c.Read(got[len(got):cap(got)])
		got = got[:len(got)+n]
		if err != nil {
			t.Fatalf("got %q, %v, want %q", got, err, want)
		}
	}
	if string(got) != want {
		t.Fatalf("got %q, want %q", got, want)
	}
}

// TestLanesBusy: work on a lane is in its figures.
func TestLanesBusy(t *testing.T) {
	const work = 20 * time.Millisecond
	l, _ := newLanes(t, 1)
	busy := func(g *laneGroup) (s float64) {
		g.in(t, func() { s = g.counters("m").BusySeconds })
		return s
	}
	before := busy(l.lanes[0])
	l.lanes[0].in(t, func() { time.Sleep(work) })
	if grown := busy(l.lanes[0]) - before; grown < work.Seconds() {
		t.Errorf("busy for %v s more after work of %v", grown, work)
	}
}

// TestLanesRestored: told once for all lanes, after the last; then Release lets all pass.
func TestLanesRestored(t *testing.T) {
	s := scripted.Listen(t)
	l, d := newLanes(t, 3)
	goOn := l.lanes[1].stall(t)
	defer goOn()
	l.Adopt(s.Addr().String(), 1, 0)
	l.lanes[0].in(t, func() {})
	l.lanes[2].in(t, func() {})
	time.Sleep(5 * time.Millisecond)
	if d.count(failover.Restored, 1) != 0 {
		t.Fatal("told while one lane has not even been asked")
	}
	goOn()
	d.wait(t, failover.Restored, 1)
	for i, g := range l.lanes {
		if m := g.mode(t); m != gate.HoldAll {
			t.Errorf("lane %d is in mode %v before Release", i, m)
		}
	}
	l.Release(1)
	for i, g := range l.lanes {
		if m := g.mode(t); m != gate.Pass {
			t.Errorf("lane %d is in mode %v", i, m)
		}
	}
	if n := d.count(failover.Restored, 1); n != 1 {
		t.Errorf("told %d times", n)
	}
}

// TestLanesLateRestored: lane 1 says Restored of term 1 when lane 0 is already in term 2. That must neither
// complete a term nor make term 2 forget what lane 0 has said.
func TestLanesLateRestored(t *testing.T) {
	l := &groupLanes{lanes: make([]*laneGroup, 2)}
	l.mu.done = map[failover.LaneReportKind]gathered{}
	d := &driver{}
	l.tell = d.tell
	report := func(lane int, term uint64) {
		l.reporter(lane)(failover.LaneReport{Kind: failover.Restored, Term: term})
	}
	report(0, 1)
	report(0, 2)
	report(1, 1)
	if len(d.told) != 0 {
		t.Errorf("told %+v", d.told)
	}
	report(1, 2)
	if d.count(failover.Restored, 2) != 1 || len(d.told) != 1 {
		t.Errorf("told %+v", d.told)
	}
}

// TestLanesLateDrained: two holds in one term. What lane 1 says of the first counts for nothing in the second.
func TestLanesLateDrained(t *testing.T) {
	s := scripted.Listen(t)
	l, d := newLanes(t, 2)
	l.Adopt(s.Addr().String(), 1, 0)
	d.wait(t, failover.Restored, 1)
	l.Release(1)
	for _, g := range l.lanes {
		g.in(t, func() {})
	}
	goOn := l.lanes[1].stall(t)
	defer goOn()
	l.HoldWrites(1)
	l.Release(1)
	l.HoldWrites(1)
	l.lanes[0].in(t, func() {}) // has said Drained twice
	if d.count(failover.Drained, 1) != 0 {
		t.Fatal("drained without lane 1")
	}
	goOn()
	d.wait(t, failover.Drained, 1)
	l.lanes[1].in(t, func() {})
	if n := d.count(failover.Drained, 1); n != 1 {
		t.Errorf("told %d times: once for a hold that was over", n)
	}
}

// TestLanesDrained: not while any lane has a write in flight; a read in flight is none.
func TestLanesDrained(t *testing.T) {
	s := scripted.Listen(t)
	l, d := newLanes(t, 2)
	l.Adopt(s.Addr().String(), 1, 0)
	d.wait(t, failover.Restored, 1)
	l.Release(1)
	c := l.lanes[1].connect(t)
	send(t, c, "SET a 1\r\nGET a\r\n")
	p := s.AcceptReady()
	p.Expect("SET a 1", "GET a")
	l.HoldWrites(1)
	time.Sleep(5 * drainCheck)
	if d.count(failover.Drained, 1) != 0 {
		t.Fatal("drained with a write in flight")
	}
	p.Send("+OK\r\n")
	d.wait(t, failover.Drained, 1)
	p.Send("$1\r\n1\r\n")
	receive(t, c, "+OK\r\n$1\r\n1\r\n")
}

// TestLanesReleaseIgnored by a lane of another term, and by one that has lost its link since.
func TestLanesReleaseIgnored(t *testing.T) {
	s := scripted.Listen(t)
	l, d := newLanes(t, 2)
	l.Adopt(s.Addr().String(), 1, 0)
	d.wait(t, failover.Restored, 1)
	l.Release(0)
	l.Release(2)
	if m := l.lanes[0].mode(t); m != gate.HoldAll {
		t.Fatalf("mode %v by the release of another term", m)
	}
	l.Release(1)
	c := l.lanes[0].connect(t)
	send(t, c, "GET a\r\n")
	p := s.AcceptReady()
	p.Expect("GET a")
	p.Cut()
	d.wait(t, failover.LinkLost, 1)
	l.Release(1)
	if a, b := l.lanes[0].mode(t), l.lanes[1].mode(t); a != gate.HoldAll || b != gate.Pass {
		t.Errorf("modes %v and %v: a lane that has lost its link passes, or takes others with it", a, b)
	}
	l.Adopt(s.Addr().String(), 2, 0)
	p = s.AcceptReady()
	p.Expect("GET a")
	p.Send("$-1\r\n")
	d.wait(t, failover.Restored, 2)
	l.Release(2)
	receive(t, c, "$-1\r\n")
	if n := d.count(failover.LinkLost, 1); n != 1 {
		t.Errorf("the loss was told %d times", n)
	}
}

// TestLanesLossToldOnce per term, however many links break and whatever is rejected.
func TestLanesLossToldOnce(t *testing.T) {
	s := scripted.Listen(t)
	l, d := newLanes(t, 1)
	l.Adopt(s.Addr().String(), 1, 0)
	d.wait(t, failover.Restored, 1)
	l.Release(1)
	a, b := l.lanes[0].connect(t), l.lanes[0].connect(t)
	send(t, a, "SET a 1\r\n")
	p := s.AcceptReady()
	p.Expect("SET a 1")
	send(t, b, "HELLO 3\r\n")
	q := s.AcceptReady()
	q.Expect("HELLO 3")
	p.Send("-READONLY no\r\n")
	d.wait(t, failover.Rejected, 1)
	q.Cut()
	p.ExpectClosed()
	l.lanes[0].in(t, func() {})
	time.Sleep(5 * time.Millisecond)
	if n := d.count(failover.LinkLost, 1) + d.count(failover.Rejected, 1); n != 1 {
		t.Errorf("told %d times", n)
	}
	d.mu.Lock()
	if i := slices.IndexFunc(d.told, func(r failover.LaneReport) bool { return r.Kind == failover.Rejected }); d.told[i].Text != "READONLY" {
		t.Errorf("told %+v", d.told[i])
	}
	d.mu.Unlock()
}

// TestLanesRefuse: what is held and what comes is answered, nobody is closed, and a master ends it.
func TestLanesRefuse(t *testing.T) {
	s := scripted.Listen(t)
	l, d := newLanes(t, 1)
	g := l.lanes[0]
	c := g.connect(t)
	send(t, c, "GET a\r\nSET a 1\r\n")
	for held := 0; held < 2; {
		g.in(t, func() { held, _ = g.gate.Pending() })
	}
	l.Refuse("nobody answers")
	no := "-NOMASTER no master of \"m\" to send this to: nobody answers\r\n"
	receive(t, c, no+no)
	send(t, c, "GET a\r\n")
	receive(t, c, no)
	counts := make(chan failover.SwitchCounts, 1)
	l.Counts(0, func(c failover.SwitchCounts) { counts <- c })
	if c := <-counts; c.Held != 2 || c.Expired != 2 || c.Released+c.Cancelled != 0 {
		t.Errorf("%+v", c)
	}
	l.Adopt(s.Addr().String(), 1, 0)
	g.in(t, func() {}) // from here on it holds again
	send(t, c, "GET a\r\n")
	d.wait(t, failover.Restored, 1)
	l.Release(1)
	p := s.AcceptReady()
	p.Expect("GET a")
	p.Send("$-1\r\n")
	receive(t, c, "$-1\r\n")
	l.Counts(1, func(c failover.SwitchCounts) { counts <- c })
	if c := <-counts; c.Held != c.Released+c.Expired+c.Cancelled {
		t.Errorf("%+v", c)
	}
}

// TestLanesRefuseWrites: only what may write is answered, over links that stay, and a release in place ends it; where a lane has lost a link
// meanwhile it holds on.
func TestLanesRefuseWrites(t *testing.T) {
	s := scripted.Listen(t)
	l, d := newLanes(t, 1)
	g := l.lanes[0]
	l.Adopt(s.Addr().String(), 1, 0)
	d.wait(t, failover.Restored, 1)
	l.Release(1)
	c := g.connect(t)
	send(t, c, "GET a\r\n")
	p := s.AcceptReady()
	p.Expect("GET a")
	p.Send("$-1\r\n")
	receive(t, c, "$-1\r\n")
	l.HoldWrites(1)
	d.wait(t, failover.Drained, 1)
	send(t, c, "SET a 1\r\nGET a\r\n")
	for held := 0; held < 2; {
		g.in(t, func() { held, _ = g.gate.Pending() })
	}
	l.RefuseWrites("too few answer")
	no := "-NOMASTER no master of \"m\" to send this to, only reads go on: too few answer\r\n"
	p.Expect("GET a")
	p.Send("$-1\r\n")
	receive(t, c, no+"$-1\r\n")
	counts := make(chan failover.SwitchCounts, 1)
	l.Counts(1, func(c failover.SwitchCounts) { counts <- c })
	if c := <-counts; c.Held != 2 || c.Expired != 2 || c.Released+c.Cancelled != 0 {
		t.Errorf("%+v", c)
	}
	l.Release(1)
	l.Counts(1, func(c failover.SwitchCounts) { counts <- c })
	if c := <-counts; c.Held+c.Expired+c.Released > 0 {
		t.Errorf("told twice: %+v", c)
	}
	send(t, c, "SET a 1\r\n")
	p.Expect("SET a 1")
	p.Send("+OK\r\n")
	receive(t, c, "+OK\r\n")

	l.HoldWrites(1)
	send(t, c, "GET a\r\n")
	p.Expect("GET a")
	p.Cut()
	d.wait(t, failover.LinkLost, 1)
	l.RefuseWrites("too few answer")
	if m := g.mode(t); m != gate.HoldAll {
		t.Errorf("mode %v", m)
	}
}

// TestLanesAdoptNowhere: an address that can't be resolved is a lost link of its term.
func TestLanesAdoptNowhere(t *testing.T) {
	l, d := newLanes(t, 2)
	l.Adopt("no port", 1, 0)
	d.wait(t, failover.LinkLost, 1)
	l.Release(1)
	if m := l.lanes[0].mode(t); m != gate.HoldAll {
		t.Errorf("mode %v", m)
	}
}
