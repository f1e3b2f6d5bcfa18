package upstream

import (
	"strings"
	"testing"

	"sentinelproxy/proxy/internal/scripted"
)

// pinOwner is a session with a link of its own, as simple as can be.
type pinOwner struct {
	*client
	link    *Link
	pushes  []string
	lost    []Lost
	refused []string
	refuses int
	orphan  bool // asks to be restored
}

func (o *pinOwner) Push(frame []byte) bool {
	if frame[0] != '>' {
		return false
	}
	o.pushes = append(o.pushes, string(frame))
	return true
}

func (o *pinOwner) Streams() bool { return true }

func (o *pinOwner) Lost(_ *Link, lost []Lost) {
	o.link = nil
	o.lost = append(o.lost, lost...)
	if o.orphan {
		o.r.set.Orphan(o)
	}
}

func (o *pinOwner) Refused(_ *Link, refusal []byte) { o.refused = append(o.refused, string(refusal)) }

func (o *pinOwner) Restore() {
	o.link = o.r.set.Pin(Key{Proto: 3}, o)
	lost := o.lost
	o.lost = nil
	for i := range lost {
		o.r.set.Redo(o.link, &lost[i])
	}
}

func (o *pinOwner) RefuseLost(refusal []byte) {
	o.refuses++
	lost := o.lost
	o.lost = nil
	for i := range lost {
		o.r.set.RefuseOne(&lost[i], refusal)
	}
}

// TestPinnedLost: the loss of one session's link is its own: no hold, nothing in the backlog of others.
func TestPinnedLost(t *testing.T) {
	first, second := scripted.Listen(t), scripted.Listen(t)
	r := newRig(t, nil)
	r.adopt(first.Addr())
	o := &pinOwner{client: r.client("a"), orphan: true}
	r.in(func() {
		o.link = r.set.Pin(Key{Proto: 3}, o)
		o.send(o.link, "BLPOP 1 0", Read)
		o.send(o.link, "INCR 2", Write)
		o.send(o.link, "GET 3", Read)
	})
	p := first.AcceptReady()
	p.Expect("BLPOP 1 0", "INCR 2", "GET 3")
	p.Cut()
	r.until("the loss", func() bool { return len(r.pinned) == 1 })
	r.in(func() {
		if len(r.lost) > 0 || r.set.Usage().Backlog > 0 || len(o.lost) != 3 {
			t.Errorf("lost %q, backlog %d, given back %d", r.lost, r.set.Usage().Backlog, len(o.lost))
		}
	})
	r.adopt(second.Addr())
	p = second.AcceptReady()
	p.Expect("BLPOP 1 0", "GET 3")
	p.Send("*-1\r\n$1\r\n3\r\n")
	o.want("*-1\r\n", UnknownOutcome, "$1\r\n3\r\n")
}

// TestPinnedRejected: pushes between and behind a rejection shift nothing.
func TestPinnedRejected(t *testing.T) {
	first, second := scripted.Listen(t), scripted.Listen(t)
	r := newRig(t, nil)
	r.adopt(first.Addr())
	o := &pinOwner{client: r.client("a"), orphan: true}
	r.in(func() {
		o.link = r.set.Pin(Key{Proto: 3}, o)
		o.send(o.link, "GET 1", Read)
		o.send(o.link, "INCR 2", Write)
		o.send(o.link, "INCR 3", Write)
	})
	p := first.AcceptReady()
	p.Expect("GET 1", "INCR 2", "INCR 3")
	push := ">1\r\n$4\r\nnews\r\n"
	p.Send(push + "$1\r\n1\r\n-READONLY no\r\n" + push + ":3\r\n")
	r.until("the rejection", func() bool { return len(r.rejected) == 1 && o.link == nil })
	r.adopt(second.Addr())
	p = second.AcceptReady()
	p.Expect("INCR 2")
	p.Send(":2\r\n")
	o.want("$1\r\n1\r\n", ":2\r\n", ":3\r\n")
	r.in(func() {
		if strings.Join(o.pushes, "") != push+push {
			t.Errorf("pushes %q", o.pushes)
		}
	})
}

// TestOwnRejected: when a session's state can't be made again on a node, its link counts as lost.
func TestOwnRejected(t *testing.T) {
	s := scripted.Listen(t)
	r := newRig(t, nil)
	r.adopt(s.Addr())
	o := &pinOwner{client: r.client("a")}
	own := r.client("own")
	r.in(func() {
		o.link = r.set.Pin(Key{Proto: 3}, o)
		own.asked = make([]string, 2)
		o.link.AppendOwn(own, append(raw("MULTI"), raw("SET 1 1")...), 2, 0)
		o.send(o.link, "EXEC", Write)
	})
	p := s.AcceptReady()
	p.Expect("MULTI", "SET 1 1", "EXEC")
	p.Send("-READONLY no\r\n")
	r.until("the loss", func() bool { return len(r.pinned) == 1 && strings.Contains(r.pinned[0], "READONLY") })
	r.in(func() {
		if len(r.lost) > 0 || len(own.replies) > 0 || len(o.lost) != 1 {
			t.Errorf("lost %q, own answered %q, %d given back", r.lost, own.replies, len(o.lost))
		}
		r.set.RefuseOne(&o.lost[0], nil)
	})
	o.want(UnknownOutcome)
}

func TestPinnedRefused(t *testing.T) {
	s := scripted.Listen(t)
	r := newRig(t, nil)
	r.adopt(s.Addr())
	o := &pinOwner{client: r.client("a")}
	r.in(func() {
		o.link = r.set.Pin(Key{Proto: 2, Password: "p"}, o)
		o.send(o.link, "MULTI", Read)
	})
	p := s.Accept()
	p.Expect("AUTH p", "HELLO 2")
	p.Send("-WRONGPASS no\r\n-NOAUTH no\r\n")
	o.want("-WRONGPASS no\r\n")
	p.ExpectClosed()
	r.in(func() {
		if len(o.refused) != 1 || len(r.pinned)+len(r.lost) > 0 {
			t.Errorf("refused %q, lost %q %q", o.refused, r.pinned, r.lost)
		}
	})
}

// TestPool: clean links are given to the next session; all others are closed. What
// the pool holds is dropped with the master.
func TestPool(t *testing.T) {
	s := scripted.Listen(t)
	r := newRig(t, nil)
	r.adopt(s.Addr())
	o := &pinOwner{client: r.client("a")}
	var links []*Link
	r.in(func() {
		for range 5 {
			links = append(links, r.set.Pin(plain, o))
		}
	})
	for range links {
		s.AcceptReady()
	}
	r.until("handshakes", func() bool { return r.set.setting == 0 })
	r.in(func() {
		o.send(links[0], "GET 1", Read)
		o.gone = true
		r.set.Unpin(links[0], true) // something is in flight
		r.set.Unpin(links[1], false)
		for _, l := range links[2:] {
			r.set.Unpin(l, true)
		}
		if u := r.set.Usage(); u.Idle != 3 || u.Pinned != 0 {
			t.Errorf("%+v", u)
		}
		again := r.set.Pin(plain, o)
		if again != links[4] {
			t.Error("the idle link that was used last is not used")
		}
		if other := r.set.Pin(Key{Proto: 3}, o); other.key.Proto != 3 {
			t.Error("a link with another key was given")
		}
		o.asked = nil
		r.set.Drop()
		if u := r.set.Usage(); u != (Usage{}) {
			t.Errorf("after Drop: %+v", u)
		}
		if len(r.pinned)+len(r.lost) > 0 {
			t.Errorf("told as lost: %q %q", r.pinned, r.lost)
		}
	})
}

// TestIdleLost: a pooled link that the server closes leaves the pool.
func TestIdleLost(t *testing.T) {
	s := scripted.Listen(t)
	r := newRig(t, nil)
	r.adopt(s.Addr())
	o := &pinOwner{client: r.client("a")}
	r.in(func() { o.link = r.set.Pin(plain, o) })
	p := s.AcceptReady()
	r.until("handshake", func() bool { return o.link.state == ready })
	r.in(func() { r.set.Unpin(o.link, true) })
	p.Close()
	r.until("the loss", func() bool { return r.set.Usage().Idle == 0 })
	r.in(func() {
		if len(r.pinned) != 1 || len(r.lost) != 0 {
			t.Errorf("told %q, %q", r.pinned, r.lost)
		}
		if len(r.set.pools[plain].links) != 0 {
			t.Error("it is still in the pool")
		}
	})
}

// TestRefuseOrphans: sessions without a link are told that no master has come, and are restored all the same
// when one does.
func TestRefuseOrphans(t *testing.T) {
	first, second := scripted.Listen(t), scripted.Listen(t)
	r := newRig(t, nil)
	r.adopt(first.Addr())
	o := &pinOwner{client: r.client("a"), orphan: true}
	r.in(func() {
		o.link = r.set.Pin(Key{Proto: 3}, o)
		o.send(o.link, "GET 1", Read)
	})
	p := first.AcceptReady()
	p.Expect("GET 1")
	p.Cut()
	r.until("the loss", func() bool { return len(o.lost) == 1 })
	r.in(func() { r.set.Refuse([]byte("-NOMASTER\r\n")) })
	o.want("-NOMASTER\r\n")
	r.adopt(second.Addr())
	second.AcceptReady()
	r.in(func() {
		if o.refuses != 1 || o.link == nil {
			t.Errorf("refused %d times, link %v", o.refuses, o.link)
		}
	})
}

// asker is a question that waits for a master.
type asker struct{ heard []string }

func (a *asker) Again(refusal []byte) { a.heard = append(a.heard, string(refusal)) }

// TestAskers: it is asked again, or refused, once.
func TestAskers(t *testing.T) {
	s := scripted.Listen(t)
	r := newRig(t, nil)
	a := &asker{}
	r.in(func() { r.set.Ask(a) })
	r.adopt(s.Addr())
	r.in(func() {
		r.set.Ask(a)
		r.set.Refuse([]byte("-NO\r\n"))
		r.set.Refuse([]byte("-NO\r\n"))
		if len(a.heard) != 2 || a.heard[0] != "" || a.heard[1] != "-NO\r\n" {
			t.Errorf("%q", a.heard)
		}
	})
}
