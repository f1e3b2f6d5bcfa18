package session

import (
	"io"
	"strings"
	"testing"
	"time"

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

// asked has the server answer the question whether the client may call CLIENT REPLY.
func asked(p *scripted.Conn) {
	p.Expect(speak)
	p.Send("+OK\r\n")
}

// TestSilentIsHeard: the server is not told to be silent. What it says of a client that wants no replies is followed, and not
// passed on.
func TestSilentIsHeard(t *testing.T) {
	first, second := scripted.Listen(t), scripted.Listen(t)
	l := newLane(t, nil)
	l.serve(first.Addr().String())
	c := l.client()
	c.do(silence, "SET a 1", "MULTI", "SELECT 1", "INCR n", "EXEC", "SET b 1", speak, "GET b", skip, "GET a", "GET b")
	p := first.AcceptReady()
	asked(p)
	p.Expect("SET a 1", "MULTI", "SELECT 1", "INCR n", "EXEC", "SET b 1")
	p.Send("+OK\r\n+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n:1\r\n")
	c.silence()
	p.Send("+OK\r\n")
	asked(p)
	p.Expect("GET b", speak)
	p.Send("$1\r\n1\r\n+OK\r\n")
	p.Expect("GET a", "GET b")
	p.Send("$1\r\n2\r\n$1\r\n3\r\n")
	c.expect("+OK\r\n$1\r\n1\r\n$1\r\n3\r\n")
	c.do(silence, "MULTI", "SELECT 2", "INCR n")
	asked(p)
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
	asked(p)
	c.expect("+OK\r\n")
	l.in(func() {
		if db := l.one().key.DB; db != 2 {
			t.Errorf("in database %d", db)
		}
	})
	c.silence()
}

// TestSilentIsRefused: who may not call CLIENT REPLY goes on getting replies, but for one behind SKIP.
func TestSilentIsRefused(t *testing.T) {
	const no = "-NOPERM no\r\n"
	s := scripted.Listen(t)
	l := newLane(t, nil)
	l.serve(s.Addr().String())
	c := l.client()
	c.do(silence, "GET a")
	p := s.AcceptReady()
	p.Expect(speak)
	p.Send(no)
	shared := s.AcceptReady() // no link of its own is needed any more
	shared.Expect("GET a")
	shared.Send("$-1\r\n")
	c.expect(no + "$-1\r\n")
	c.do(skip, silence, "GET a")
	asked(p)
	p.Expect(speak)
	p.Send(no)
	p.Expect("GET a")
	p.Send("$-1\r\n")
	c.expect("$-1\r\n")
	c.close()
}

// TestSilentLosesItsUser: a session that can't be set up again must not begin to speak.
func TestSilentLosesItsUser(t *testing.T) {
	s := scripted.Listen(t)
	l := newLane(t, nil)
	l.serve(s.Addr().String())
	c := l.client()
	c.do(silence)
	p := s.AcceptReady()
	asked(p)
	l.until("silence", func() bool { return l.one().pin.silent })
	l.in(func() { l.one().Refused(nil, nil) })
	if got := c.all(); got != "" {
		t.Errorf("told %q", got)
	}
}

// TestSilentTransactionUnknown: a transaction that may have been executed is not sent again.
func TestSilentTransactionUnknown(t *testing.T) {
	first, second := scripted.Listen(t), scripted.Listen(t)
	l := newLane(t, nil)
	l.serve(first.Addr().String())
	c := l.client()
	c.do(silence, "MULTI", "INCR n", "EXEC")
	p := first.AcceptReady()
	asked(p)
	p.Expect("MULTI", "INCR n", "EXEC")
	p.Cut()
	l.until("the loss", func() bool { return l.lost > 0 || l.one().pin == nil || l.one().pin.link == nil })
	l.adopt(second.Addr().String())
	c.do("INCR m", speak)
	p = second.AcceptReady()
	p.Expect("INCR m")
	p.Send(":1\r\n")
	asked(p)
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
		asked(p)
		p.Expect(before)
		p.Send("+OK\r\n")
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

// TestSilentCut: of a large reply that nobody gets the rest is not missed.
func TestSilentCut(t *testing.T) {
	first, second := scripted.Listen(t), scripted.Listen(t)
	l := newLane(t, func(_ *lane, o *upstream.Options) { o.StreamingThreshold = 1 << 10 })
	l.serve(first.Addr().String())
	c := l.client()
	c.do(silence, "MULTI", "GET a", "EXEC", "GET a", speak)
	p := first.AcceptReady()
	asked(p)
	p.Expect("MULTI", "GET a", "EXEC", "GET a", speak)
	reply := bulkString(strings.Repeat("x", 1<<20))
	p.Send("+OK\r\n+QUEUED\r\n*1\r\n" + reply + reply[:1<<19])
	l.until("a piece of the second", func() bool { return l.one().streaming && l.one().inflight == 2 })
	p.Cut()
	l.until("the loss", func() bool { return l.one().pin.link == nil })
	l.adopt(second.Addr().String())
	p = second.AcceptReady()
	asked(p)
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

// TestSilentBlocks: a blocking command of a client that wants no replies is issued again with the time that it has left, as any other's.
func TestSilentBlocks(t *testing.T) {
	first, second := scripted.Listen(t), scripted.Listen(t)
	l := newLane(t, nil)
	l.serve(first.Addr().String())
	c := l.client()
	c.do(silence, "BLPOP a 10")
	p := first.AcceptReady()
	asked(p)
	p.Expect("BLPOP a 10")
	time.Sleep(20 * time.Millisecond)
	p.Cut()
	l.until("the loss", func() bool { return l.one().pin.link == nil })
	l.adopt(second.Addr().String())
	p = second.AcceptReady()
	if again := strings.Join(p.Next(), " "); !strings.HasPrefix(again, "BLPOP a 9.") {
		t.Errorf("issued again as %q", again)
	}
	p.Send("*-1\r\n")
	c.do(speak)
	asked(p)
	c.expect("+OK\r\n")
	c.close()
}

// TestSilentMonitor: who wants no replies is not shown what others do, either.
func TestSilentMonitor(t *testing.T) {
	node := servers.NewT(t).Redis(servers.RedisOptions{})
	l := newLane(t, nil)
	l.serve(node.Addr())
	c, other := l.client(), l.client()
	c.do("MONITOR")
	c.expect("+OK\r\n")
	other.do("GET a")
	other.expect("$-1\r\n")
	if line := c.reply(); !strings.Contains(line, "\"GET\" \"a\"") && !strings.Contains(line, "PING") {
		t.Errorf("shown %q", line)
	}
	c.do(silence)
	l.until("silence", func() bool {
		for s := range l.g.sessions {
			if s.pin != nil && s.pin.silent {
				return true
			}
		}
		return false
	})
	time.Sleep(20 * time.Millisecond) // what was under way
	_ = c.conn.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	_, _ = io.Copy(io.Discard, c.conn)
	other.do("GET b")
	other.expect("$-1\r\n")
	c.silence()
	c.close()
	other.close()
}
