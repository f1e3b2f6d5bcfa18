package upstream

import (
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
	classes := map[string]Class{"GET": Read, "SET": Overwrite, "MSET": Overwrite, "LSET": Idempotent, "PFMERGE": Idempotent, "EVAL": Script}
	for _, c := range []struct {
		sent  string
		again string // of each: "+" if it is sent again, "-" if its outcome is unknown
	}{
		{"LSET l 0 x", "+"},
		{"SET a 1", "+"},
		{"INCR a; LSET l 0 x", "-+"},
		{"LSET l 0 x; INCR a", "--"}, // which element that is may depend on anything
		{"LSET l 0 x; LSET l 1 x", "-+"},
		{"LSET l 0 x; SET a 1", "-+"},
		{"LSET l 0 x; GET a; GET b", "+++"},
		{"SET a 1; SET a 2; SET a 3", "+++"},
		{"SET a 1; GET a; SET a 2", "+++"},
		{"SET a 1; PFMERGE a b", "++"},
		{"SET a 1; INCR b", "+-"},
		{"SET a 1; INCR a", "--"},
		{"SET a 1; RENAME b a", "--"},
		{"SET a 1; RENAME a b; SET a 2", "--+"},
		{"SET a 1; MSET a 2 b 2; DEL b", "---"}, // the MSET is not sent again, and writes a
		{"SET a 1; MSET c 2 b 2; DEL b", "+--"},
		{"SET a 1; FLUSHALL", "--"},
		{"SET a 1; EVAL x 0", "--"},
		{"SET a 1; NOSUCH b", "--"},
		{"SET a 1; SORT b STORE a", "--"},
		{"SET a 1; LMPOP 1 l LEFT", "--"},
		{"SET a 1; XGROUP CREATE a g 0", "--"},
		{"SET a 1; XGROUP CREATE b g 0", "+-"},
	} {
		t.Run(c.sent, func(t *testing.T) {
			commands := strings.Split(c.sent, "; ")
			first, second := scripted.Listen(t), scripted.Listen(t)
			rig := newRig(t, nil)
			rig.adopt(first.Addr())
			a, other := rig.client("a"), rig.client("another")
			rig.in(func() {
				l := rig.set.Shared(plain)
				for _, command := range commands {
					name, _, _ := strings.Cut(command, " ")
					a.send(l, command, classes[name])
					other.send(l, "OTHER", Write)
				}
			})
			p := first.AcceptReady()
			for _, command := range commands {
				p.Expect(command, "OTHER")
			}
			p.Cut()
			rig.until("the loss", func() bool { return len(rig.lost) == 1 })
			rig.adopt(second.Addr())
			if strings.Contains(c.again, "+") {
				p = second.AcceptReady()
			}
			want := make([]string, len(commands))
			for n, command := range commands {
				if want[n] = UnknownOutcome; c.again[n] == '+' {
					want[n] = "+OK\r\n"
					p.Expect(command)
					p.Send("+OK\r\n")
				}
			}
			a.want(want...)
			other.answers()
		})
	}
}
