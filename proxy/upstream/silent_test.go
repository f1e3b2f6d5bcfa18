package upstream

import (
	"testing"

	"sentinelproxy/proxy/internal/scripted"
)

// TestSilent: commands that get no reply shift no other's, and when the link is lost go by the policy
// without anybody being told.
func TestSilent(t *testing.T) {
	first, second := scripted.Listen(t), scripted.Listen(t)
	r := newRig(t, nil)
	r.adopt(first.Addr())
	o := &pinOwner{client: r.client("a"), orphan: true}
	r.in(func() {
		o.link = r.set.Pin(Key{Proto: 3}, o)
		o.link.AppendMode(skipReply)
		o.link.AppendSilent(o, raw("INCR 1"), Write)
		o.send(o.link, "GET 2", Read)
		o.link.AppendMode(skipReply)
		o.link.AppendSilent(o, raw("INCR 3"), Write)
		o.link.AppendMode(skipReply)
		o.link.AppendSilent(o, raw("SET 4 4"), Idempotent)
		o.send(o.link, "INCR 5", Write)
		o.link.AppendMode(skipReply)
		o.link.AppendSilent(o, raw("INCR 6"), Write)
	})
	p := first.AcceptReady()
	const skip = "CLIENT REPLY SKIP"
	p.Expect(skip, "INCR 1", "GET 2", skip, "INCR 3", skip, "SET 4 4", "INCR 5", skip, "INCR 6")
	p.Send("$-1\r\n")
	r.until("the answer", func() bool { return len(o.replies) == 1 })
	r.in(func() {
		// INCR 3 and SET 4 are written and nothing before them is due, so only INCR 5 and what follows is left.
		if n := o.link.pending.len(); n != 3 {
			t.Errorf("%d entries are left", n)
		}
		// INCR 6 may be written, but what is before it is not answered.
		if u, c := r.set.Usage(), r.set.Counters; u.InFlight != 2 || c.Pushed != c.Answered+uint64(u.InFlight) {
			t.Errorf("%+v, %+v", u, c)
		}
	})
	p.Cut()
	r.until("the loss", func() bool { return o.link == nil })
	r.adopt(second.Addr())
	p = second.AcceptReady()
	o.want("$-1\r\n", UnknownOutcome)
	p.ExpectNothing() // INCR 6 may have been applied
}

// TestSilentUnsent: those that were not written are sent again, silently, by themselves.
func TestSilentUnsent(t *testing.T) {
	first, second := scripted.Listen(t), scripted.Listen(t)
	r := newRig(t, nil)
	r.adopt(first.Addr())
	o := &pinOwner{client: r.client("a"), orphan: true}
	r.in(func() {
		o.link = r.set.Pin(Key{Proto: 3}, o)
		o.link.AppendMode(raw("CLIENT REPLY OFF"))
		o.link.AppendSilent(o, raw("INCR 1"), Write)
		o.send(o.link, "CLIENT REPLY ON", Read)
	})
	first.Accept().Cut()
	r.until("the loss", func() bool { return o.link == nil })
	r.adopt(second.Addr())
	p := second.AcceptReady()
	p.Expect("CLIENT REPLY SKIP", "INCR 1", "CLIENT REPLY ON")
	p.Send("+OK\r\n")
	o.want("+OK\r\n")
}

// TestReplyToSilent: a server that answers what it should not is no longer understood.
func TestReplyToSilent(t *testing.T) {
	s := scripted.Listen(t)
	r := newRig(t, nil)
	r.adopt(s.Addr())
	o := &pinOwner{client: r.client("a")}
	r.in(func() {
		o.link = r.set.Pin(Key{Proto: 3}, o)
		o.link.AppendSilent(o, raw("INCR 1"), Write)
	})
	p := s.AcceptReady()
	p.Expect("INCR 1")
	p.Send(":1\r\n")
	r.until("the loss", func() bool { return len(r.pinned) == 1 })
}
