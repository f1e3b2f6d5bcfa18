package session

import (
	"strings"
	"testing"

	"sentinelproxy/internal/servers"
	"sentinelproxy/proxy/gate"
	"sentinelproxy/proxy/internal/scripted"
	"sentinelproxy/proxy/upstream"
)

const (
	speak   = "CLIENT REPLY ON"
	silence = "CLIENT REPLY OFF"
	skip    = "CLIENT REPLY SKIP"
)

// TestSilentIsHeard: the server is told nothing of what replies a client wants. What it says of a client that wants none is followed, and not
// passed on.
func TestSilentIsHeard(t *testing.T) {
	first, second := scripted.Listen(t), scripted.Listen(t)
	l := newLane(t, nil)
	l.serve(first.Addr().String())
	c := l.client()
	c.do(silence, "SET a 1", "MULTI", "SELECT 1", "INCR n", "EXEC", "SET b 1", speak, "GET b", skip, "GET a", "GET b")
	p := first.AcceptReady()
	p.Expect("SET a 1", "MULTI", "SELECT 1", "INCR n", "EXEC", "SET b 1")
	p.Send("+OK\r\n+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n:1\r\n")
	c.silence()
	p.Send("+OK\r\n")
	p.Expect("GET b", "GET a", "GET b")
	p.Send("$1\r\n1\r\n$1\r\n2\r\n$1\r\n3\r\n")
	c.expect("+OK\r\n$1\r\n1\r\n$1\r\n3\r\n")
	c.do(silence, "MULTI", "SELECT 2", "INCR n")
	p.Expect("MULTI", "SELECT 2", "INCR n")
	p.Send("+OK\r\n+QUEUED\r\n")
	l.until("the answers", func() bool { return l.one().inflight == 1 })
	p.Cut()
	l.until("the loss", func() bool { return l.one().pin.link == nil })
	l.adopt(second.Addr().String())
	p = second.Accept()
	p.Handshake()
	p.Expect("MULTI", "SELECT 2", "INCR n")
	p.Send("+OK\r\n+QUEUED\r\n+QUEUED\r\n")
	c.do("EXEC", speak)
	p.Expect("EXEC")
	p.Send("*2\r\n+OK\r\n:1\r\n")
	c.expect("+OK\r\n")
	l.in(func() {
		if db := l.one().key.DB; db != 2 {
			t.Errorf("in database %d", db)
		}
	})
	c.silence()
}

// TestSilentWrites: writes of a client that wants no replies are sent again, or not, as any other's.
func TestSilentWrites(t *testing.T) {
	first, second := scripted.Listen(t), scripted.Listen(t)
	l := newLane(t, nil)
	l.serve(first.Addr().String())
	c := l.client()
	c.do(silence, "INCR a", "INCR b", "INCR c", "GET d")
	p := first.AcceptReady()
	p.Expect("INCR a", "INCR b", "INCR c", "GET d")
	p.Send(":1\r\n-READONLY You can't write against a read only replica.\r\n-READONLY You can't write against a read only replica.\r\n$1\r\n1\r\n")
	l.until("the loss", func() bool { return l.one().pin.link == nil })
	l.adopt(second.Addr().String())
	p = second.AcceptReady()
	p.Expect("INCR b", "INCR c", "GET d")
	p.Send(":2\r\n")
	l.until("the answer", func() bool { return l.one().inflight == 2 })
	p.Cut()
	l.until("the loss", func() bool { return l.one().pin.link == nil })
	l.adopt(first.Addr().String())
	p = first.AcceptReady()
	p.Expect("GET d") // INCR c may have been applied, and nobody is told
	p.Send("$1\r\n1\r\n")
	c.do(speak)
	c.expect("+OK\r\n")
	l.in(func() {
		if n := l.links.Counters; n.Unknown != 1 || n.Rejected != 2 {
			t.Errorf("%d unknown, %d rejected", n.Unknown, n.Rejected)
		}
	})
	c.silence()
}

// TestSilentTransactionUnknown: a transaction that may have been executed is not sent again.
func TestSilentTransactionUnknown(t *testing.T) {
	first, second := scripted.Listen(t), scripted.Listen(t)
	l := newLane(t, nil)
	l.serve(first.Addr().String())
	c := l.client()
	c.do(silence, "MULTI", "INCR n", "EXEC")
	p := first.AcceptReady()
	p.Expect("MULTI", "INCR n", "EXEC")
	p.Cut()
	l.until("the loss", func() bool { return l.lost > 0 || l.one().pin == nil || l.one().pin.link == nil })
	l.adopt(second.Addr().String())
	c.do("INCR m", speak)
	p = second.AcceptReady()
	p.Expect("INCR m")
	p.Send(":1\r\n")
	c.expect("+OK\r\n")
	c.silence()
}

// TestSilentTransactionRejected: one that the server has rejected is queued on the next, and discarded there if what was watched is not
// watched any more.
func TestSilentTransactionRejected(t *testing.T) {
	for _, watch := range []bool{false, true} {
		first, second := scripted.Listen(t), scripted.Listen(t)
		l := newLane(t, nil)
		l.serve(first.Addr().String())
		c := l.client()
		before := "UNWATCH"
		if watch {
			before = "WATCH a"
		}
		c.do(silence, before)
		p := first.AcceptReady()
		p.Expect(before)
		p.Send("+OK\r\n")
		c.do("MULTI", "INCR n", "EXEC", speak)
		p.Expect("MULTI", "INCR n", "EXEC")
		p.Send("+OK\r\n+QUEUED\r\n-EXECABORT Transaction discarded because of: READONLY You can't write against a read only replica.\r\n")
		l.until("the loss", func() bool { return l.one().pin.link == nil })
		l.adopt(second.Addr().String())
		p = second.AcceptReady()
		p.Expect("MULTI", "INCR n")
		if watch {
			p.Expect("DISCARD")
			p.Send("+OK\r\n+QUEUED\r\n+OK\r\n")
		} else {
			p.Expect("EXEC")
			p.Send("+OK\r\n+QUEUED\r\n*1\r\n:1\r\n")
		}
		c.expect("+OK\r\n")
		c.silence()
		c.close()
	}
}

// TestSilentCut: of a large reply that nobody gets the rest is not missed.
func TestSilentCut(t *testing.T) {
	first, second := scripted.Listen(t), scripted.Listen(t)
	l := newLane(t, func(_ *lane, o *upstream.Options) { o.StreamingThreshold = 1 << 10 })
	l.serve(first.Addr().String())
	c := l.client()
	c.do(silence, "MULTI", "GET a", "EXEC", "GET a", speak)
	p := first.AcceptReady()
	p.Expect("MULTI", "GET a", "EXEC", "GET a")
	reply := bulkString(strings.Repeat("x", 1<<20))
	p.Send("+OK\r\n+QUEUED\r\n*1\r\n" + reply + reply[:1<<19])
	l.until("a piece of the second", func() bool { return l.one().streaming && l.one().inflight == 2 })
	p.Cut()
	l.until("the loss", func() bool { return l.one().pin.link == nil })
	l.adopt(second.Addr().String())
	c.expect("+OK\r\n")
	c.do("GET a")
	p = second.AcceptReady()
	p.Expect("GET a")
	p.Send("$-1\r\n")
	c.expect("$-1\r\n")
}

// TestSilentRefused: without a master a client that wants no replies is not told so, until it wants replies again; and a
// transaction in which a command was refused is not executed.
func TestSilentRefused(t *testing.T) {
	node := servers.NewT(t).Redis(servers.RedisOptions{})
	l := newLane(t, nil)
	l.serve(node.Addr())
	c := l.client()
	c.do(silence, "SET a 1", "MULTI", "INCR a")
	l.until("the transaction", func() bool {
		p := l.one().pin
		return p != nil && p.tx.answered == 2
	})
	l.in(func() { l.gate.Hold(gate.HoldAll) })
	c.do("INCR a", speak)
	l.until("the command", func() bool { return l.one().ticket.Parked() })
	l.in(func() {
		l.gate.Refuse()
		l.links.Refuse(l.g.Refusal)
	})
	c.expect(string(l.g.Refusal))
	l.adopt(node.Addr())
	c.do("EXEC", speak, "GET a")
	c.expect("+OK\r\n$1\r\n1\r\n")
}

// TestSilentOnDragonfly: a client that has asked a Redis for no replies gets none when a Dragonfly is the master, which does not know CLIENT REPLY,
// and none of its writes is lost.
func TestSilentOnDragonfly(t *testing.T) {
	pool := servers.NewT(t)
	redis, dragonfly := pool.Redis(servers.RedisOptions{}), newDragonfly(t, pool)
	l := newLane(t, nil)
	l.serve(redis.Addr())
	c := l.client()
	c.do(silence, "INCR n", "MULTI", "INCR n", "EXEC")
	l.until("the answers", func() bool { return l.one() != nil && l.one().pin != nil && l.one().inflight == 0 })
	l.serve(dragonfly.Addr())
	for range 100 {
		c.do("INCR n")
	}
	c.do(speak, "GET n", skip, "INCR n", "GET n")
	c.expect("+OK\r\n$3\r\n100\r\n$3\r\n101\r\n")
	l.in(func() {
		if n := l.links.Counters.Broken; n > 0 {
			t.Errorf("%d links were lost", n)
		}
	})
	c.close()
}
