package upstream

import (
	"testing"
	"time"

	"sentinelproxy/proxy/internal/scripted"
)

// settleDown is how long nothing must come.
const settleDown = 50 * time.Millisecond

// TestSeal: what the former master answers when another may be taking writes is passed on to nobody.
func TestSeal(t *testing.T) {
	first, second := scripted.Listen(t), scripted.Listen(t)
	r := newRig(t, nil)
	r.adopt(first.Addr())
	a := r.client("a")
	r.in(func() {
		l := r.set.Shared(plain)
		a.send(l, "INCR 1", Write)
		a.send(l, "INCR 2", Write)
		a.send(l, "GET 3", Read)
	})
	p := first.AcceptReady()
	p.Expect("INCR 1", "INCR 2", "GET 3")
	p.Send(":1\r\n")
	r.until("the first reply", func() bool { return len(a.replies) == 1 })
	r.in(func() { r.holding = true; r.set.Seal() })
	p.Send(":2\r\n$1\r\n3\r\n")
	time.Sleep(settleDown)
	r.in(func() {
		if len(a.replies) != 1 {
			t.Errorf("passed on: %q", a.replies)
		}
	})
	r.adopt(second.Addr())
	p = second.AcceptReady()
	p.Expect("GET 3")
	p.Send("$1\r\n4\r\n")
	a.want(":1\r\n", UnknownOutcome, "$1\r\n4\r\n")
}

// TestUnseal: nobody was promoted, and all goes on where it was, also with what was not written yet.
func TestUnseal(t *testing.T) {
	s := scripted.Listen(t)
	r := newRig(t, nil)
	r.adopt(s.Addr())
	a := r.client("a")
	r.in(func() { a.send(r.set.Shared(plain), "INCR 1", Write) })
	p := s.AcceptReady()
	p.Expect("INCR 1")
	r.in(func() {
		r.holding = true
		a.send(r.set.Shared(plain), "INCR 2", Write) // the end of this turn would write it
		r.set.Seal()
	})
	p.Send(":1\r\n")
	time.Sleep(settleDown)
	r.in(func() {
		if u := r.set.Usage(); u.InFlight != 2 {
			t.Errorf("in flight: %d", u.InFlight)
		}
		r.set.Unseal()
		r.holding = false
	})
	p.Expect("INCR 2")
	p.Send(":2\r\n")
	a.want(":1\r\n", ":2\r\n")
}

// TestSealStreaming: a large reply that has begun comes to its end; what is behind it does not get out.
func TestSealStreaming(t *testing.T) {
	first, second := scripted.Listen(t), scripted.Listen(t)
	r := newRig(t, func(o *Options) { o.StreamingThreshold = 16 })
	r.adopt(first.Addr())
	a := r.client("a")
	r.in(func() {
		l := r.set.Shared(plain)
		a.send(l, "GET big", Read)
		a.send(l, "INCR 2", Write)
	})
	p := first.AcceptReady()
	p.Expect("GET big", "INCR 2")
	p.Send("$40\r\n0123456789012345678901234567890123")
	r.until("a part", func() bool { return a.piece != "" })
	r.in(func() { r.holding = true; r.set.Seal() })
	p.Send("456789\r\n:2\r\n")
	r.until("the end of the large one", func() bool { return len(a.replies) == 1 })
	time.Sleep(settleDown)
	r.in(func() {
		if len(a.replies) != 1 {
			t.Errorf("passed on: %q", a.replies)
		}
	})
	r.adopt(second.Addr())
	a.want("$40\r\n0123456789012345678901234567890123456789\r\n", UnknownOutcome)
}
