package proxy

import (
	"testing"
	"time"

	"sentinelproxy/proxy/failover"
	"sentinelproxy/proxy/gate"
	"sentinelproxy/proxy/internal/scripted"
)

const noReplicas = "-NOREPLICAS Not enough good replicas to write.\r\n"

// serveFrom has all lanes pass commands to s.
func serveFrom(t *testing.T, l *groupLanes, d *driver, s *scripted.Server) {
	t.Helper()
	l.Adopt(s.Addr().String(), 1, 0)
	d.wait(t, failover.Restored, 1)
	l.Release(1)
}

// TestLanesNoReplicas: a lane holds writes by itself and says so; it is let go in place when what was behind the rejection is
// answered, in the order of the session. Of the master's own it is not told again.
func TestLanesNoReplicas(t *testing.T) {
	s := scripted.Listen(t)
	l, d := newLanes(t, 2)
	serveFrom(t, l, d, s)
	g := l.lanes[0]
	a, b := g.connect(t), g.connect(t)
	send(t, a, "SET a 1\r\nGET a\r\n")
	p := s.AcceptReady()
	p.Expect("SET a 1", "GET a")
	p.Send(noReplicas)
	d.wait(t, failover.NoReplicas, 1)
	if m := g.mode(t); m != gate.HoldWrites {
		t.Errorf("mode %v", m)
	}
	l.HoldWrites(1)
	send(t, b, "GET b\r\nSET b 1\r\n")
	q := s.AcceptReady()
	q.Expect("GET b")
	q.Send("$1\r\n2\r\n")
	receive(t, b, "$1\r\n2\r\n")
	l.Genuine(1)
	l.Release(1)
	counts := make(chan failover.SwitchCounts, 1)
	l.Counts(1, func(c failover.SwitchCounts) { counts <- c })
	time.Sleep(5 * drainCheck)
	if m := g.mode(t); m != gate.HoldWrites {
		t.Errorf("mode %v before the link is rid of what is due there", m)
	}
	p.Send("$1\r\n0\r\n")
	p.ExpectClosed()
	q.Expect("SET a 1", "GET a", "SET b 1")
	if c := <-counts; c.Held != 1 || c.Released != 1 || c.Lost != 0 {
		t.Errorf("%+v", c)
	}
	q.Send(noReplicas + "$1\r\n0\r\n" + noReplicas)
	receive(t, a, noReplicas+"$1\r\n0\r\n")
	receive(t, b, noReplicas)
	if n := d.count(failover.NoReplicas, 1) + d.count(failover.Rejected, 1) + d.count(failover.LinkLost, 1); n != 1 {
		t.Errorf("told %d times", n)
	}
}

// TestLanesReleaseOvertaken: a release that still waits for a link is over when the next hold is ordered.
func TestLanesReleaseOvertaken(t *testing.T) {
	s := scripted.Listen(t)
	l, d := newLanes(t, 1)
	serveFrom(t, l, d, s)
	c := l.lanes[0].connect(t)
	send(t, c, "SET a 1\r\nGET a\r\n")
	p := s.AcceptReady()
	p.Expect("SET a 1", "GET a")
	p.Send(noReplicas)
	d.wait(t, failover.NoReplicas, 1)
	l.Release(1)
	l.HoldAll(1)
	p.Send("$1\r\n0\r\n")
	p.ExpectClosed()
	time.Sleep(5 * drainCheck)
	if m := l.lanes[0].mode(t); m != gate.HoldAll {
		t.Errorf("mode %v", m)
	}
	l.Release(1)
	p = s.AcceptReady()
	p.Expect("SET a 1", "GET a")
	p.Send("+OK\r\n$1\r\n1\r\n")
	receive(t, c, "+OK\r\n$1\r\n1\r\n")
}

// TestLanesSeal: for the present term, and only in a hold of everything; a release in place ends it.
func TestLanesSeal(t *testing.T) {
	s := scripted.Listen(t)
	l, d := newLanes(t, 1)
	serveFrom(t, l, d, s)
	c := l.lanes[0].connect(t)
	p := (*scripted.Conn)(nil)
	for i, order := range []func(){
		func() { l.Seal(1) }, // nothing is held
		func() { l.HoldAll(1); l.Seal(0) },
	} {
		send(t, c, "INCR a\r\n")
		if i == 0 {
			p = s.AcceptReady()
		}
		p.Expect("INCR a")
		order()
		l.lanes[0].in(t, func() {})
		p.Send(":1\r\n")
		receive(t, c, ":1\r\n")
	}
	l.Release(1)
	send(t, c, "INCR b\r\n")
	p.Expect("INCR b")
	l.HoldAll(1)
	l.Seal(1)
	l.lanes[0].in(t, func() {})
	p.Send(":2\r\n")
	time.Sleep(5 * drainCheck)
	if d.count(failover.Drained, 1) > 1 { // the first hold's
		t.Error("drained by a reply that must not be passed on")
	}
	l.Release(1)
	receive(t, c, ":2\r\n")
}
