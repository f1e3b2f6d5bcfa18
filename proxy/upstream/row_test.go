package upstream

import (
	"fmt"
	"strings"
	"testing"

	"sentinelproxy/proxy/internal/scripted"
)

// TestNotBeforeAPop: a command that pops, and is sent again, counts as a write for what is before it.
func TestNotBeforeAPop(t *testing.T) {
	first, second := scripted.Listen(t), scripted.Listen(t)
	rig := newRig(t, nil)
	rig.adopt(first.Addr())
	a := rig.client("a")
	rig.in(func() {
		l := rig.set.Shared(plain)
		a.send(l, "LSET l 0 x", Idempotent)
		a.send(l, "BLPOP l 0", Read)
		l.Takes()
	})
	for _, p := range []*scripted.Server{first, second} { // it does so on the next link, too
		c := p.AcceptReady()
		if p == first {
			c.Expect("LSET l 0 x", "BLPOP l 0")
			c.Cut()
			rig.until("the loss", func() bool { return len(rig.lost) == 1 })
			rig.adopt(second.Addr())
			continue
		}
		c.Expect("BLPOP l 0")
		rig.in(func() {
			for l := range rig.set.links {
				if !l.pending.at(0).takes {
					t.Error("forgotten")
				}
			}
		})
		c.Send("*2\r\n$1\r\nl\r\n$1\r\nx\r\n")
	}
	a.want(UnknownOutcome, "*2\r\n$1\r\nl\r\n$1\r\nx\r\n")
}

// TestNotInARow: what is sent again of the writes that one session had in flight, when another one's are among them.
func TestNotInARow(t *testing.T) {
	const i, o, r, w = Idempotent, Overwrite, Read, Write
	for _, c := range []struct {
		sent  []Class
		again string // of each: "+" if it is sent again, "-" if its outcome is unknown
	}{
		{[]Class{i}, "+"},
		{[]Class{o}, "+"},
		{[]Class{w, i}, "-+"},
		{[]Class{i, w}, "--"},
		{[]Class{o, w}, "--"},
		{[]Class{i, i}, "-+"},
		{[]Class{o, i}, "-+"},
		{[]Class{i, o}, "-+"},
		{[]Class{o, o, o}, "+++"},
		{[]Class{o, r, o}, "+++"},
		{[]Class{i, r, r}, "+++"},
		{[]Class{o, i, o, o}, "--++"},
		{[]Class{o, w, o, o}, "--++"},
	} {
		first, second := scripted.Listen(t), scripted.Listen(t)
		rig := newRig(t, nil)
		rig.adopt(first.Addr())
		a, other := rig.client("a"), rig.client("another")
		rig.in(func() {
			l := rig.set.Shared(plain)
			for n, class := range c.sent {
				a.send(l, fmt.Sprint("ANY ", n), class)
				other.send(l, "OTHER", Write)
			}
		})
		p := first.AcceptReady()
		for n := range c.sent {
			p.Expect(fmt.Sprint("ANY ", n), "OTHER")
		}
		p.Cut()
		rig.until("the loss", func() bool { return len(rig.lost) == 1 })
		rig.adopt(second.Addr())
		if strings.Contains(c.again, "+") {
			p = second.AcceptReady()
		}
		want := make([]string, len(c.sent))
		for n := range c.sent {
			if want[n] = UnknownOutcome; c.again[n] == '+' {
				want[n] = "+OK\r\n"
				p.Expect(fmt.Sprint("ANY ", n))
				p.Send("+OK\r\n")
			}
		}
		a.want(want...)
		other.answers()
	}
}
