package upstream

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"sentinelproxy/proxy/internal/scripted"
)

// transaction appends one as a session does that has it whole.
func (c *client) transaction(l *Link, class Class, commands ...string) {
	commands = slices.Concat([]string{"MULTI"}, commands, []string{"EXEC"})
	var all []byte
	for _, command := range commands {
		all = append(all, raw(command)...)
	}
	l.AppendTransaction(c, all, len(commands), class)
	l.pending.at(l.pending.len() - 1).Tag = uint16(len(c.asked))
	c.asked = append(c.asked, strings.Join(commands, ";"))
}

// inPieces sends replies in pieces of at most so many bytes, of which most come alone.
func inPieces(p *scripted.Conn, replies string, most int) {
	for len(replies) > 0 {
		n := min(len(replies), 1+rand.IntN(most))
		p.Send(replies[:n])
		replies = replies[n:]
		time.Sleep(time.Millisecond)
	}
}

const busy = "-BUSY Redis is busy running a script.\r\n"

// TestTransactionRejected: one that the server has not executed because it is no master any more goes to the next one as a whole. Anything
// else that it says is its reply.
func TestTransactionRejected(t *testing.T) {
	const readonly = "-READONLY You can't write against a read only replica.\r\n"
	const aborted = "-EXECABORT Transaction discarded because of previous errors.\r\n"
	for name, c := range map[string]struct {
		replies string
		again   bool // by itself
		behind  bool // also behind a rejected command, where whatever was not executed is sent again
	}{
		"executed":              {"+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n:1\r\n:2\r\n", false, false},
		"the first":             {"+OK\r\n" + readonly + readonly + aborted, true, true},
		"the second":            {"+OK\r\n+QUEUED\r\n" + readonly + aborted, true, true},
		"EXEC":                  {"+OK\r\n+QUEUED\r\n+QUEUED\r\n-EXECABORT Transaction discarded because of: READONLY You can't write against a read only replica.\r\n", true, true},
		"all":                   {strings.Repeat("-LOADING Redis is loading the dataset in memory\r\n", 4), true, true},
		"in what is executed":   {"+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n" + readonly + ":2\r\n", false, false},
		"without MULTI":         {"-LOADING no\r\n:1\r\n:2\r\n-ERR EXEC without MULTI\r\n", false, false},
		"of another reason":     {"+OK\r\n-ERR wrong number of arguments for 'incr' command\r\n+QUEUED\r\n" + aborted, false, true},
		"a write alone":         {"+OK\r\n" + readonly + ":2\r\n" + aborted, false, false},
		"a write after another": {"+OK\r\n-ERR wrong number of arguments for 'incr' command\r\n:2\r\n" + aborted, false, false},
		"no user":               {strings.Repeat("-NOAUTH Authentication required.\r\n", 4), false, true},
		"not allowed to, alone": {"-NOPERM no\r\n:1\r\n-NOPERM no\r\n-ERR EXEC without MULTI\r\n", false, false},
	} {
		for _, behind := range []bool{false, true} { // a rejected command, so that its replies are sorted out
			t.Run(fmt.Sprintf("%s/%v", name, behind), func(t *testing.T) {
				first, second := scripted.Listen(t), scripted.Listen(t)
				r := newRig(t, nil)
				r.adopt(first.Addr())
				a, b := r.client("a"), r.client("b")
				var sent []string
				r.in(func() {
					l := r.set.Shared(plain)
					if behind {
						b.send(l, "INCR 0", Write)
						sent = append(sent, "INCR 0")
					}
					a.transaction(l, Write, "INCR 1", "INCR 2")
					a.send(l, "INCR 3", Write)
				})
				sent = append(sent, "MULTI", "INCR 1", "INCR 2", "EXEC", "INCR 3")
				p := first.AcceptReady()
				p.Expect(sent...)
				if behind {
					p.Send(readonly)
				}
				p.Send(c.replies)
				p.Send(":3\r\n")
				want := c.replies
				if behind || c.again {
					p.ExpectClosed()
					r.adopt(second.Addr())
					p = second.AcceptReady()
				}
				if behind {
					p.Expect("INCR 0")
					p.Send(":0\r\n")
					b.want(":0\r\n")
				}
				if c.again || behind && c.behind {
					p.Expect("MULTI", "INCR 1", "INCR 2", "EXEC")
					want = "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n:1\r\n:2\r\n"
					p.Send(want)
				}
				a.want(want, ":3\r\n")
			})
		}
	}
}

// TestTransactionLeftOpen: where EXEC is refused and the transaction may still be open, what is behind it on the link is not answered as if it
// had been executed. Nobody is held for it, and no other goes over a shared link of this master.
func TestTransactionLeftOpen(t *testing.T) {
	first, second := scripted.Listen(t), scripted.Listen(t)
	r := newRig(t, nil)
	r.adopt(first.Addr())
	a, b := r.client("a"), r.client("b")
	r.in(func() {
		l := r.set.Shared(plain)
		a.transaction(l, Write, "INCR 1")
		b.send(l, "INCR 2", Write)
		b.send(l, "GET 3", Read)
	})
	p := first.AcceptReady()
	p.Expect("MULTI", "INCR 1", "EXEC", "INCR 2", "GET 3")
	p.Send("+OK\r\n" + busy + busy + "+QUEUED\r\n")
	p.ExpectClosed()
	p = first.AcceptReady()
	p.Expect("GET 3")
	p.Send("$1\r\n3\r\n")
	a.want("+OK\r\n" + busy + busy)
	b.want(UnknownOutcome, "$1\r\n3\r\n")
	takes := func(want bool, what string) {
		t.Helper()
		r.in(func() {
			if r.set.TakesTransactions() != want {
				t.Errorf("%s: %v", what, !want)
			}
		})
	}
	takes(false, "the next one goes over a shared link")
	if len(r.lost) > 0 || len(r.pinned) != 1 {
		t.Errorf("told %q, %q", r.lost, r.pinned)
	}
	r.adopt(first.Addr())
	takes(false, "one of the same master, adopted again")
	r.adopt(second.Addr())
	takes(true, "one of the next master")
}

// TestTransactionLeftOpenByRejection: the same where EXEC is refused because the node is no master. What is behind it and is rejected, too, is sent again.
func TestTransactionLeftOpenByRejection(t *testing.T) {
	const loading = "-LOADING Dragonfly is loading the dataset in memory\r\n"
	for _, next := range []string{"+QUEUED\r\n", "-ERR no\r\n"} {
		first, second := scripted.Listen(t), scripted.Listen(t)
		r := newRig(t, nil)
		r.adopt(first.Addr())
		a, b := r.client("a"), r.client("b")
		r.in(func() {
			l := r.set.Shared(plain)
			a.transaction(l, Write, "INCR 1")
			b.send(l, "INCR 2", Write)
			a.send(l, "INCR 3", Write)
			b.send(l, "INCR 4", Write)
			b.send(l, "GET 5", Read)
		})
		p := first.AcceptReady()
		p.Expect("MULTI", "INCR 1", "EXEC", "INCR 2", "INCR 3", "INCR 4", "GET 5")
		p.Send("+OK\r\n+QUEUED\r\n" + loading + loading + loading + next)
		p.ExpectClosed()
		r.adopt(second.Addr())
		p = second.AcceptReady()
		p.Expect("MULTI", "INCR 1", "EXEC", "INCR 2", "INCR 3", "GET 5")
		const one = "+OK\r\n+QUEUED\r\n*1\r\n:1\r\n"
		p.Send(one + ":2\r\n:3\r\n$1\r\n5\r\n")
		a.want(one, ":3\r\n")
		b.want(":2\r\n", UnknownOutcome, "$1\r\n5\r\n")
	}
}

// TestTransactionLeftOpenBeforeExec: the next EXEC on the link may execute what the one before it was refused for. So of both nothing is known.
func TestTransactionLeftOpenBeforeExec(t *testing.T) {
	const unknown = "+OK\r\n+QUEUED\r\n" + UnknownOutcome
	for _, refusal := range []string{busy, "-LOADING Dragonfly is loading the dataset in memory\r\n"} {
		s := scripted.Listen(t)
		r := newRig(t, nil)
		r.adopt(s.Addr())
		a, b, c := r.client("a"), r.client("b"), r.client("c")
		r.in(func() {
			l := r.set.Shared(plain)
			c.transaction(l, Read, "GET 0")
			a.transaction(l, Write, "INCR 1")
			b.transaction(l, Write, "INCR 2")
			a.send(l, "GET 3", Read)
		})
		p := s.AcceptReady()
		p.Expect("MULTI", "GET 0", "EXEC", "MULTI", "INCR 1", "EXEC", "MULTI", "INCR 2", "EXEC", "GET 3")
		p.Send("+OK\r\n+QUEUED\r\n*1\r\n$-1\r\n" + "+OK\r\n+QUEUED\r\n" + refusal + "-ERR MULTI calls can not be nested\r\n+QUEUED\r\n*2\r\n:1\r\n:2\r\n$1\r\n3\r\n")
		p.ExpectClosed()
		p = s.AcceptReady()
		p.Expect("GET 3")
		p.Send("$1\r\n3\r\n")
		a.want(unknown, "$1\r\n3\r\n")
		b.want(unknown)
		c.want("+OK\r\n+QUEUED\r\n*1\r\n$-1\r\n")
	}
}

// TestTransactionAnsweredAlone: our own replies are as many as those of the server.
func TestTransactionAnsweredAlone(t *testing.T) {
	const none = "-NOMASTER none\r\n"
	for name, c := range map[string]struct {
		written bool
		class   Class
		want    string
	}{
		"not written":        {false, Write, strings.Repeat(none, 4)},
		"unknown":            {true, Write, "+OK\r\n+QUEUED\r\n+QUEUED\r\n" + UnknownOutcome},
		"read":               {true, Read, strings.Repeat(none, 4)},
		"to be sent again":   {true, Overwrite, "+OK\r\n+QUEUED\r\n+QUEUED\r\n" + UnknownOutcome},
		"overwrites, unsent": {false, Overwrite, strings.Repeat(none, 4)},
	} {
		t.Run(name, func(t *testing.T) {
			s := scripted.Listen(t)
			r := newRig(t, nil)
			r.adopt(s.Addr())
			a := r.client("a")
			r.in(func() { a.transaction(r.set.Shared(plain), c.class, "SET 1 x", "SET 2 x") })
			if c.written {
				s.AcceptReady().Expect("MULTI", "SET 1 x", "SET 2 x", "EXEC")
			}
			r.in(func() {
				r.set.Drop()
				r.set.Refuse([]byte(none))
			})
			a.want(c.want)
		})
	}
}

// TestTransactionHandshakeRefused: a server that wants a password says so to each of its commands.
func TestTransactionHandshakeRefused(t *testing.T) {
	const refusal = "-NOAUTH Authentication required.\r\n"
	s := scripted.Listen(t)
	r := newRig(t, nil)
	r.adopt(s.Addr())
	a := r.client("a")
	r.in(func() { a.transaction(r.set.Shared(plain), Write, "INCR 1") })
	p := s.Accept()
	p.Next()
	p.Send(refusal)
	a.want(strings.Repeat(refusal, 3))
}

// TestTransactionUnknownToRefusedHandshake: one that is to be sent again has nobody to be sent to.
func TestTransactionUnknownToRefusedHandshake(t *testing.T) {
	first, second := scripted.Listen(t), scripted.Listen(t)
	r := newRig(t, nil)
	r.adopt(first.Addr())
	a := r.client("a")
	r.in(func() { a.transaction(r.set.Shared(plain), Overwrite, "SET 1 x", "SET 2 x") })
	p := first.AcceptReady()
	p.Expect("MULTI", "SET 1 x", "SET 2 x", "EXEC")
	p.Cut()
	r.until("the loss", func() bool { return len(r.lost) == 1 })
	r.adopt(second.Addr())
	p = second.Accept()
	p.Next()
	p.Send("-NOAUTH Authentication required.\r\n")
	a.want("+OK\r\n+QUEUED\r\n+QUEUED\r\n" + UnknownOutcome)
}

// TestTransactionCut: a link that is lost at any byte of a transaction has it executed once or not at all, and its session is told. One of
// commands that overwrite is sent again.
func TestTransactionCut(t *testing.T) {
	const executed = "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n+OK\r\n"
	total := len(raw("MULTI")) + 2*len(raw("SET 1 x")) + len(raw("EXEC"))
	for _, class := range []Class{Write, Overwrite, Read} {
		for at := range total + 1 {
			first, second := scripted.Listen(t), scripted.Listen(t)
			r := newRig(t, nil)
			r.adopt(first.Addr())
			a := r.client("a")
			var l *Link
			r.in(func() { l = r.set.Shared(plain) })
			p := first.AcceptReady()
			r.until("the handshake", func() bool { return l.state == ready })
			r.in(func() {
				a.transaction(l, class, "SET 1 x", "SET 2 x")
				l.out.goal = l.out.end() - uint64(total-at) // no more of it is written
			})
			r.until("the writing", func() bool { return l.out.sent == l.out.goal })
			p.Cut()
			r.until("the loss", func() bool { return len(r.lost) == 1 })
			r.adopt(second.Addr())
			if class == Write && at == total {
				a.want("+OK\r\n+QUEUED\r\n+QUEUED\r\n" + UnknownOutcome)
				continue
			}
			p = second.AcceptReady()
			p.Expect("MULTI", "SET 1 x", "SET 2 x", "EXEC")
			p.Send(executed)
			a.want(executed)
		}
	}
}

// TestTransactionStreamed: the reply to EXEC is passed on in pieces when it is large, behind those before it, wherever the pieces begin.
func TestTransactionStreamed(t *testing.T) {
	for _, fill := range []string{"x", ">", "-READONLY "} {
		for range 4 {
			s := scripted.Listen(t)
			r := newRig(t, threshold)
			r.adopt(s.Addr())
			a, b := r.client("a"), r.client("b")
			r.in(func() {
				l := r.set.Shared(plain)
				r.set.genuine, r.set.genuineAt = true, r.loop.Now() // so that replies are looked at
				a.transaction(l, Write, "GET 1", "INCR 2")
				b.send(l, "GET 3", Read)
			})
			p := s.AcceptReady()
			p.Expect("MULTI", "GET 1", "INCR 2", "EXEC", "GET 3")
			value := strings.Repeat(fill, 9000/len(fill))
			want := fmt.Sprintf("+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n$%d\r\n%s\r\n:1\r\n", len(value), value)
			all := want + "$1\r\n3\r\n"
			before := max(0, len(all)-9000) // the replies before the large one
			inPieces(p, all[:before], 12)
			inPieces(p, all[before:], 1500)
			a.want(want)
			b.want("$1\r\n3\r\n")
		}
	}
}

// TestTransactionNeeds: the next read is as large as what is missing of a reply.
func TestTransactionNeeds(t *testing.T) {
	s := scripted.Listen(t)
	r := newRig(t, threshold)
	r.adopt(s.Addr())
	a := r.client("a")
	var l *Link
	r.in(func() {
		l = r.set.Shared(plain)
		a.transaction(l, Read, "GET 1")
	})
	p := s.AcceptReady()
	p.Expect("MULTI", "GET 1", "EXEC")
	r.until("the handshake", func() bool { return l.state == ready })
	const before = "+OK\r\n+QUEUED\r\n"
	wire := before + fmt.Sprintf("$%d\r\n%s\r\n", 500, strings.Repeat("x", 500))
	var wrong string
	r.in(func() {
		for at := range len(wire) {
			n := l.Data([]byte(wire[:at]))
			if need := l.Need(); n != 0 || at > len(before)+5 && need != len(wire) {
				wrong = fmt.Sprintf("of %d bytes %d are taken, and %d needed", at, n, need)
				return
			}
		}
		l.Data([]byte(wire))
	})
	if wrong != "" {
		t.Fatal(wrong)
	}
	a.want(wire)
}

// TestTransactionStreamedAlone: what is large among the replies before that to EXEC, because MULTI or another command was refused, is passed on in pieces, too.
func TestTransactionStreamedAlone(t *testing.T) {
	value := strings.Repeat("-READONLY ", 900)
	large := fmt.Sprintf("$%d\r\n%s\r\n", len(value), value)
	for _, want := range []string{
		"-NOPERM no\r\n" + large + ":2\r\n" + large + "-ERR EXEC without MULTI\r\n",
		"+OK\r\n+QUEUED\r\n-ERR no\r\n" + large + "-EXECABORT no\r\n",
		"-NOPERM no\r\n" + strings.Repeat("$700\r\n"+strings.Repeat("y", 700)+"\r\n", 3) + "-ERR EXEC without MULTI\r\n",
	} {
		for range 4 {
			s := scripted.Listen(t)
			r := newRig(t, threshold)
			r.adopt(s.Addr())
			a, b := r.client("a"), r.client("b")
			r.in(func() {
				l := r.set.Shared(plain)
				a.transaction(l, Write, "GET 1", "INCR 2", "GET 3")
				b.send(l, "GET 4", Read)
			})
			p := s.AcceptReady()
			p.Expect("MULTI", "GET 1", "INCR 2", "GET 3", "EXEC", "GET 4")
			inPieces(p, want+"$1\r\n4\r\n", 3000)
			a.want(want)
			b.want("$1\r\n4\r\n")
		}
	}
}

// TestTransactionRejectedWithReads: a Dragonfly executes what is behind a command that it has refused. Reads may be executed again.
func TestTransactionRejectedWithReads(t *testing.T) {
	first, second := scripted.Listen(t), scripted.Listen(t)
	r := newRig(t, nil)
	r.adopt(first.Addr())
	a := r.client("a")
	r.in(func() { a.transaction(r.set.Shared(plain), Write, "GET 0", "INCR 1", "GET 2", "XREAD STREAMS s 0") })
	commands := []string{"MULTI", "GET 0", "INCR 1", "GET 2", "XREAD STREAMS s 0", "EXEC"}
	p := first.AcceptReady()
	p.Expect(commands...)
	p.Send("+OK\r\n+QUEUED\r\n-READONLY You can't write against a read only replica.\r\n$1\r\n2\r\n*-1\r\n-EXECABORT no\r\n")
	r.until("the rejection", func() bool { return len(r.rejected) == 1 })
	r.adopt(second.Addr())
	p = second.AcceptReady()
	p.Expect(commands...)
	const executed = "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*4\r\n$-1\r\n:1\r\n$1\r\n2\r\n*-1\r\n"
	p.Send(executed)
	a.want(executed)
}

// TestTransactionScriptAlone: where MULTI is refused, a script may have written something before it gave an error of its own, whatever that looks like.
func TestTransactionScriptAlone(t *testing.T) {
	const readonly = "-READONLY You can't write against a read only replica.\r\n"
	for failure, again := range map[string]bool{"-READONLY mine\r\n": false, readonly: true} {
		first, second := scripted.Listen(t), scripted.Listen(t)
		r := newRig(t, nil)
		r.adopt(first.Addr())
		a := r.client("a")
		r.in(func() { a.transaction(r.set.Shared(plain), Write, "EVAL x 0", "INCR 1") })
		commands := []string{"MULTI", "EVAL x 0", "INCR 1", "EXEC"}
		p := first.AcceptReady()
		p.Expect(commands...)
		want := "-NOPERM no\r\n" + failure + readonly + "-ERR EXEC without MULTI\r\n"
		p.Send(want)
		if again {
			r.until("the rejection", func() bool { return len(r.rejected) == 1 })
			r.adopt(second.Addr())
			p = second.AcceptReady()
			p.Expect(commands...)
			want = "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n:1\r\n:1\r\n"
			p.Send(want)
		}
		a.want(want)
	}
}

// TestTransactionOfReadsBehindRejection: what a node that is no master has read may be stale, and is read again.
func TestTransactionOfReadsBehindRejection(t *testing.T) {
	first, second := scripted.Listen(t), scripted.Listen(t)
	r := newRig(t, nil)
	r.adopt(first.Addr())
	a, b := r.client("a"), r.client("b")
	r.in(func() {
		l := r.set.Shared(plain)
		b.send(l, "INCR 0", Write)
		a.transaction(l, Read, "GET 1")
	})
	p := first.AcceptReady()
	p.Expect("INCR 0", "MULTI", "GET 1", "EXEC")
	const read = "+OK\r\n+QUEUED\r\n*1\r\n$1\r\n"
	p.Send("-READONLY no\r\n" + read + "1\r\n")
	p.ExpectClosed()
	r.adopt(second.Addr())
	p = second.AcceptReady()
	p.Expect("INCR 0", "MULTI", "GET 1", "EXEC")
	p.Send(":1\r\n" + read + "2\r\n")
	a.want(read + "2\r\n")
	b.want(":1\r\n")
}
