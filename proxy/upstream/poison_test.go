package upstream

import (
	"strings"
	"testing"

	"sentinelproxy/proxy/internal/scripted"
)

// TestEarlyReply: a server that answers before it has the whole command, and stays open: its error is the reply, what is
// behind is sent again, and nothing is counted twice.
func TestEarlyReply(t *testing.T) {
	s := scripted.Listen(t)
	r := newRig(t, nil)
	r.adopt(s.Addr())
	a := r.client("a")
	large := "SET a " + strings.Repeat("x", 32<<20)
	r.in(func() {
		l := r.set.Shared(plain)
		a.send(l, large, Idempotent)
		a.send(l, "GET 1", Read)
	})
	p := s.AcceptReady()
	r.until("the socket to be full", func() bool { return r.set.Counters.BytesOut > 1000 })
	p.Send("-ERR Protocol error: invalid bulk length\r\n")
	r.until("the loss", func() bool { return len(r.lost) == 1 })
	r.adopt(s.Addr())
	p = s.AcceptReady()
	p.Expect("GET 1")
	p.Send("$-1\r\n")
	a.want("-ERR Protocol error: invalid bulk length\r\n", "$-1\r\n")
}

// TestPoison: a command that makes the server close is sent over shared links twice, then over one of its own, and then
// answered. Others wait for the first two only; its own session's are in order.
func TestPoison(t *testing.T) {
	s := scripted.Listen(t)
	r := newRig(t, nil)
	r.adopt(s.Addr())
	a, b := r.client("a"), r.client("b")
	r.in(func() {
		l := r.set.Shared(plain)
		a.send(l, "GET poison", Read)
		a.send(l, "GET 2", Read)
		b.send(l, "GET 3", Read)
	})
	p := s.AcceptReady()
	for range suspectAfter {
		p.Expect("GET poison", "GET 2", "GET 3")
		p.Cut()
		losses := 0
		r.until("the loss", func() bool { losses = len(r.lost); return losses > 0 })
		r.in(func() { r.lost = nil })
		if losses != 1 {
			t.Fatalf("%d losses", losses)
		}
		r.adopt(s.Addr())
		p = s.AcceptReady()
	}
	p.Expect("GET poison", "GET 2")
	q := s.AcceptReady()
	q.Expect("GET 3")
	q.Send("$1\r\n3\r\n")
	b.want("$1\r\n3\r\n")
	p.Cut()
	p = s.AcceptReady()
	p.Expect("GET 2")
	p.Send("$1\r\n2\r\n")
	a.want(string(poisoned), "$1\r\n2\r\n")
	if len(r.lost) != 0 {
		t.Error("a suspect's own link was taken for the master's loss")
	}
}

// TestIdleSharedLost: a shared link that breaks with nothing in flight is dialled anew when it is needed, and is no loss.
func TestIdleSharedLost(t *testing.T) {
	s := scripted.Listen(t)
	r := newRig(t, nil)
	r.adopt(s.Addr())
	a := r.client("a")
	for range 2 {
		r.in(func() { a.send(r.set.Shared(plain), "GET 1", Read) })
		p := s.AcceptReady()
		p.Expect("GET 1")
		p.Send("$-1\r\n")
		r.until("the reply", func() bool { return r.set.Usage().InFlight == 0 })
		p.Cut()
		r.until("the link to be gone", func() bool { return r.set.Usage().Shared == 0 })
	}
	a.want("$-1\r\n", "$-1\r\n")
	r.in(func() {
		if len(r.lost) != 0 || len(r.pinned) != 2 {
			t.Errorf("lost %q, to be looked at %q", r.lost, r.pinned)
		}
	})
}

// TestPoisonedInTurn: a command that is not sent any more is answered behind those that were before it.
func TestPoisonedInTurn(t *testing.T) {
	s := scripted.Listen(t)
	r := newRig(t, nil)
	r.adopt(s.Addr())
	a := r.client("a")
	r.in(func() {
		l := r.set.Shared(plain)
		a.send(l, "GET 1", Read)
		a.send(l, "GET poison", Read)
	})
	p := s.AcceptReady()
	for range suspectAfter {
		p.Expect("GET 1", "GET poison")
		p.Cut()
		r.until("the loss", func() bool { return len(r.lost) > 0 })
		r.in(func() { r.lost = nil })
		r.adopt(s.Addr())
		p = s.AcceptReady()
	}
	p.Expect("GET 1", "GET poison")
	p.Send("-LOADING Redis is loading the dataset in memory\r\n")
	r.until("the rejection", func() bool { return len(r.rejected) == 1 })
	p.Cut()
	r.until("the loss", func() bool { return len(r.lost) > 0 })
	r.adopt(s.Addr())
	p = s.AcceptReady()
	p.Expect("GET 1")
	p.Send("$1\r\n1\r\n")
	a.want("$1\r\n1\r\n", string(poisoned))
}
