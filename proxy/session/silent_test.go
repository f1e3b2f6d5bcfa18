package session

import (
	"slices"
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
)

// TestSilentTransactionIsHeard: the server answers a transaction of a client that wants no replies, and nothing else. When it is
// lost with its EXEC unanswered, it is over, as any; what was queued only is queued again.
func TestSilentTransactionIsHeard(t *testing.T) {
	first, second := scripted.Listen(t), scripted.Listen(t)
	l := newLane(t, nil)
	l.serve(first.Addr().String())
	c := l.client()
	c.do(silence, "SET a 1", "MULTI", "SELECT 1", "INCR n", "EXEC", "SET b 1")
	p := first.AcceptReady()
	p.Expect(silence, "SET a 1", speak, "MULTI", "SELECT 1", "INCR n", "EXEC")
	p.ExpectNothing() // until it is known what the transaction has set up
	p.Send("+OK\r\n+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n:1\r\n")
	p.Expect(silence, "SET b 1")
	c.do("MULTI", "SELECT 2", "INCR n")
	p.Expect(speak, "MULTI", "SELECT 2", "INCR n")
	p.Send("+OK\r\n+OK\r\n+QUEUED\r\n")
	l.until("the answers", func() bool { return l.one().inflight == 1 })
	p.Cut()
	l.until("the loss", func() bool { return l.one().pin.link == nil })
	l.adopt(second.Addr().String())
	p = second.Accept()
	if got := p.Handshake(); !slices.Contains(got, "SELECT 1") { // the second transaction has not been executed
		t.Errorf("the handshake was %q", got)
	}
	p.Expect("MULTI", "SELECT 2", "INCR n")
	p.Send("+OK\r\n+QUEUED\r\n+QUEUED\r\n")
	c.do("EXEC", speak)
	p.Expect("EXEC")
	p.Send("*2\r\n+OK\r\n:1\r\n")
	p.Expect(speak)
	p.Send("+OK\r\n")
	c.expect("+OK\r\n")
	l.in(func() {
		if db := l.one().key.DB; db != 2 {
			t.Errorf("in database %d", db)
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
	p.Expect(silence, speak, "MULTI", "INCR n", "EXEC")
	p.Cut()
	l.until("the loss", func() bool { return l.one().pin.link == nil })
	l.adopt(second.Addr().String())
	p = second.AcceptReady()
	c.do("INCR m", speak)
	p.Expect(silence, "INCR m", speak)
	p.Send("+OK\r\n")
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
		c.do(silence)
		p := first.AcceptReady()
		p.Expect(silence)
		before := "UNWATCH"
		if watch {
			before = "WATCH a"
		}
		c.do(before)
		p.Expect(speak, before)
		p.Send("+OK\r\n+OK\r\n")
		c.do("MULTI", "INCR n", "EXEC", speak)
		p.Expect("MULTI", "INCR n", "EXEC", speak)
		p.Send("+OK\r\n+QUEUED\r\n-EXECABORT Transaction discarded because of: READONLY You can't write against a read only replica.\r\n+OK\r\n")
		l.until("the loss", func() bool { return l.one().pin.link == nil })
		l.adopt(second.Addr().String())
		p = second.AcceptReady()
		p.Expect("MULTI", "INCR n")
		if watch {
			p.Expect("DISCARD", speak)
			p.Send("+OK\r\n+QUEUED\r\n+OK\r\n+OK\r\n")
		} else {
			p.Expect("EXEC", speak)
			p.Send("+OK\r\n+QUEUED\r\n*1\r\n:1\r\n+OK\r\n")
		}
		c.expect("+OK\r\n")
		c.silence()
		c.close()
	}
}

// TestSilentTransactionCut: of a large reply that nobody gets the rest is not missed.
func TestSilentTransactionCut(t *testing.T) {
	first, second := scripted.Listen(t), scripted.Listen(t)
	l := newLane(t, func(_ *lane, o *upstream.Options) { o.StreamingThreshold = 1 << 10 })
	l.serve(first.Addr().String())
	c := l.client()
	c.do(silence, "MULTI", "GET a", "EXEC", speak)
	p := first.AcceptReady()
	p.Expect(silence, speak, "MULTI", "GET a", "EXEC", speak)
	reply := "*1\r\n" + bulkString(strings.Repeat("x", 1<<20))
	p.Send("+OK\r\n+OK\r\n+QUEUED\r\n" + reply[:1<<19])
	l.until("a piece", func() bool { return l.one().streaming })
	p.Cut()
	l.until("the loss", func() bool { return l.one().pin.link == nil })
	l.adopt(second.Addr().String())
	p = second.AcceptReady()
	p.Expect(speak) // the transaction has been executed
	p.Send("+OK\r\n")
	c.expect("+OK\r\n")
	c.do("GET a")
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
