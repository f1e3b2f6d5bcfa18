package upstream

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sentinelproxy/proxy/internal/scripted"
)

// TestAdoptRestoredAfterBacklog: Restored is told once, in a turn after the one that has written the backlog.
func TestAdoptRestoredAfterBacklog(t *testing.T) {
	first, second := scripted.Listen(t), scripted.Listen(t)
	var r *rig
	var written bool
	r = newRig(t, func(o *Options) {
		o.Restored = func() {
			r.restored++
			for l := range r.set.links {
				written = l.out.sent == l.out.end()
			}
		}
	})
	r.adopt(first.Addr())
	r.until("Restored without links", func() bool { return r.restored == 1 })
	a := r.client("a")
	r.in(func() {
		l := r.set.Shared(plain)
		l.Use()
		a.send(l, "GET 1", Read)
	})
	p := first.AcceptReady()
	p.Expect("GET 1")
	r.adopt(second.Addr())
	p.ExpectClosed()
	p = second.Accept()
	p.Expect("PING")
	time.Sleep(5 * time.Millisecond)
	r.in(func() {
		if r.restored != 1 {
			t.Error("restored before the handshake")
		}
	})
	p.Send("+PONG\r\n")
	p.Expect("GET 1")
	r.until("Restored", func() bool { return r.restored == 2 })
	p.Send("$-1\r\n")
	a.want("$-1\r\n")
	r.in(func() {
		if r.restored != 2 || !written {
			t.Errorf("restored %d times, the backlog written before: %v", r.restored, written)
		}
	})
}

// TestAdoptWhileDialling: the first adoption's handshakes are dropped, and only the second is told.
func TestAdoptWhileDialling(t *testing.T) {
	first, second := scripted.Listen(t), scripted.Listen(t)
	r := newRig(t, nil)
	r.adopt(first.Addr())
	r.until("Restored", func() bool { return r.restored == 1 })
	var clients []*client
	keys := []Key{{Proto: 2}, {Proto: 2, DB: 1}, {Proto: 3}}
	r.in(func() {
		for _, k := range keys {
			l := r.set.Shared(k)
			l.Use()
			c := r.client(fmt.Sprint(k))
			clients = append(clients, c)
			c.send(l, "GET 1", Read)
		}
	})
	for range keys {
		first.Accept()
	}
	r.in(func() { // twice in one turn: the addresses in between never get a command
		r.set.Adopt("first", first.Addr())
		r.set.Adopt("second", second.Addr())
	})
	for range keys {
		p := second.AcceptReady()
		p.Next()
		p.Send("+x\r\n")
	}
	r.until("Restored", func() bool { return r.restored == 2 })
	time.Sleep(5 * time.Millisecond)
	r.in(func() {
		if r.restored != 2 || len(r.lost) > 0 {
			t.Errorf("restored %d times, lost %q", r.restored, r.lost)
		}
	})
	for _, c := range clients {
		c.want("+x\r\n")
	}
}

// TestAdoptLosesLink: a link that fails while restoring is told as a loss, and then there is no Restored.
func TestAdoptLosesLink(t *testing.T) {
	first, second := scripted.Listen(t), scripted.Listen(t)
	r := newRig(t, nil)
	r.adopt(first.Addr())
	r.until("Restored", func() bool { return r.restored == 1 })
	r.in(func() {
		r.set.Shared(plain).Use()
		r.set.Shared(Key{Proto: 3}).Use()
	})
	first.AcceptReady()
	first.AcceptReady()
	r.adopt(second.Addr())
	one, two := second.Accept(), second.Accept()
	one.Cut()
	r.until("the loss", func() bool { return len(r.lost) == 1 })
	two.Handshake()
	time.Sleep(5 * time.Millisecond)
	r.in(func() {
		if r.restored != 1 {
			t.Error("restored although a link was lost")
		}
	})
}

// TestAdoptSame: the present address dials anew, and what was in flight counts as lost.
func TestAdoptSame(t *testing.T) {
	s := scripted.Listen(t)
	r := newRig(t, nil)
	r.adopt(s.Addr())
	a := r.client("a")
	r.in(func() {
		l := r.set.Shared(plain)
		a.send(l, "GET 1", Read)
		a.send(l, "INCR 2", Write)
	})
	p := s.AcceptReady()
	p.Expect("GET 1", "INCR 2")
	r.adopt(s.Addr())
	p = s.AcceptReady()
	p.Expect("GET 1")
	p.Send("$-1\r\n")
	a.want("$-1\r\n", UnknownOutcome)
}

// TestTrim closes links that nobody has chosen and that owe nothing.
func TestTrim(t *testing.T) {
	s := scripted.Listen(t)
	r := newRig(t, nil)
	r.adopt(s.Addr())
	a := r.client("a")
	var used, busy, idle *Link
	r.in(func() {
		used, busy, idle = r.set.Shared(plain), r.set.Shared(Key{Proto: 3}), r.set.Shared(Key{Proto: 2, DB: 1})
		used.Use()
	})
	for range 3 {
		s.AcceptReady()
	}
	r.until("handshakes", func() bool { return used.state == ready && busy.state == ready && idle.state == ready })
	r.in(func() {
		a.send(busy, "GET 1", Read)
		r.set.Trim()
		if idle.state != closed || used.state != ready || busy.state != ready {
			t.Errorf("idle %d, used %d, busy %d", idle.state, used.state, busy.state)
		}
		if len(r.lost) > 0 {
			t.Errorf("told as lost: %q", r.lost)
		}
		used.Unuse()
	})
}

// stalled counts Unstall.
type stalled struct{ times int }

func (s *stalled) Unstall() { s.times++ }

// TestFull: a link with too much unanswered makes sessions wait, and lets them go when half is answered, or
// when it is gone.
func TestFull(t *testing.T) {
	for _, how := range []string{"answered", "lost"} {
		t.Run(how, func(t *testing.T) {
			s := scripted.Listen(t)
			r := newRig(t, nil)
			r.adopt(s.Addr())
			a, w := r.client("a"), &stalled{}
			value := strings.Repeat("x", 1<<20)
			var l *Link
			r.in(func() {
				l = r.set.Shared(plain)
				for !l.Full() {
					a.send(l, "SET k "+value, Idempotent)
				}
				l.Stall(w)
			})
			p := s.AcceptReady()
			if how == "lost" {
				p.Cut()
				r.until("Unstall", func() bool { return w.times == 1 })
				return
			}
			n := len(a.asked)
			for range n {
				p.Next()
			}
			p.Send(strings.Repeat("+OK\r\n", n/4))
			r.until("answers", func() bool { return len(a.replies) == n/4 })
			r.in(func() {
				if w.times != 0 {
					t.Error("let go while it is still more than half full")
				}
			})
			p.Send(strings.Repeat("+OK\r\n", n-n/4))
			r.until("Unstall", func() bool { return w.times == 1 && len(a.replies) == n })
		})
	}
}
