package upstream

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"sentinelproxy/proxy/internal/scripted"
)

// threshold is small, so that the tests need not send much.
func threshold(o *Options) { o.StreamingThreshold = 1000 }

// TestStream: a large reply arrives in pieces, and the replies behind it are nobody else's, wherever the
// pieces begin: the bytes of a piece mean nothing, even where they look like a push or an error.
func TestStream(t *testing.T) {
	for _, fill := range []string{"x", ">", "-READONLY ", "$5\r\n", "*"} {
		t.Run(fill, func(t *testing.T) {
			s := scripted.Listen(t)
			r := newRig(t, threshold)
			r.adopt(s.Addr())
			a, b := r.client("a"), r.client("b")
			r.in(func() {
				l := r.set.Shared(plain)
				a.send(l, "GET 1", Read)
				b.send(l, "GET 2", Read)
				a.send(l, "LRANGE 3 0 -1", Read)
			})
			p := s.AcceptReady()
			p.Expect("GET 1", "GET 2", "LRANGE 3 0 -1")
			value := strings.Repeat(fill, 20000/len(fill))
			one := fmt.Sprintf("$%d\r\n%s\r\n", len(value), value)
			list := "*3\r\n" + one + one + ":1\r\n"
			all := one + "$1\r\n2\r\n" + list
			pieces := 0
			for rest := all; len(rest) > 0; {
				n := min(len(rest), 1+rand.IntN(3000))
				p.Send(rest[:n])
				rest = rest[n:]
				pieces++
				if pieces < 12 {
					time.Sleep(time.Millisecond) // so that most come alone
				}
			}
			a.want(one, list)
			b.want("$1\r\n2\r\n")
		})
	}
}

// TestStreamCut: what was passed on in part is Broken, once; what is behind it goes by the policy.
func TestStreamCut(t *testing.T) {
	first, second := scripted.Listen(t), scripted.StartNode(t, scripted.NoFaults)
	r := newRig(t, threshold)
	r.adopt(first.Addr())
	a, b := r.client("a"), r.client("b")
	r.in(func() {
		l := r.set.Shared(plain)
		a.send(l, "GET 1", Read)
		b.send(l, "GET 2", Read)
		b.send(l, "INCR 3", Write)
	})
	p := first.AcceptReady()
	p.Expect("GET 1", "GET 2", "INCR 3")
	p.Send("$5000\r\n" + strings.Repeat("x", 2000))
	r.until("a piece", func() bool { return len(a.piece) > 1000 })
	p.Cut()
	r.until("the loss", func() bool { return len(r.lost) == 1 })
	r.adopt(second.Addr())
	b.want("$-1\r\n", UnknownOutcome)
	r.in(func() {
		if a.broken != 1 || len(a.replies) != 1 {
			t.Errorf("broken %d times, %q", a.broken, a.replies)
		}
	})
}

// TestBegunIsNotStreamed: a reply of which less has come than the threshold is not passed on, and the command
// is sent again.
func TestBegunIsNotStreamed(t *testing.T) {
	first, second := scripted.Listen(t), scripted.StartNode(t, scripted.NoFaults)
	r := newRig(t, threshold)
	r.adopt(first.Addr())
	a := r.client("a")
	r.in(func() { a.send(r.set.Shared(plain), "GET 1", Read) })
	p := first.AcceptReady()
	p.Expect("GET 1")
	p.Send("$5000\r\n" + strings.Repeat("x", 900))
	p.Close()
	r.until("the loss", func() bool { return len(r.lost) == 1 })
	r.adopt(second.Addr())
	a.want("$-1\r\n")
}

// TestBrokenReply: what is not RESP ends the link, and what was in flight goes by the policy.
func TestBrokenReply(t *testing.T) {
	for _, junk := range []string{"x", "$-5\r\n", "$3\r\nabcde", "*1\r\n$?\r\n", strings.Repeat("*1\r\n", 20000)} {
		first, second := scripted.Listen(t), scripted.StartNode(t, scripted.NoFaults)
		r := newRig(t, nil)
		r.adopt(first.Addr())
		a := r.client("a")
		r.in(func() {
			l := r.set.Shared(plain)
			a.send(l, "GET 1", Read)
			a.send(l, "INCR 2", Write)
		})
		p := first.AcceptReady()
		p.Expect("GET 1", "INCR 2")
		p.Send(junk)
		r.until("the loss", func() bool { return len(r.lost) == 1 && strings.Contains(r.lost[0], "rotocol") })
		r.adopt(second.Addr())
		a.want("$-1\r\n", UnknownOutcome)
		r.settle()
	}
}

// TestPushesOnSharedLink belong to nobody, large ones neither, and shift no reply.
func TestPushesOnSharedLink(t *testing.T) {
	s := scripted.Listen(t)
	r := newRig(t, threshold)
	r.adopt(s.Addr())
	key := Key{Proto: 3}
	a := r.client("a")
	r.in(func() {
		l := r.set.Shared(key)
		a.send(l, "GET 1", Read)
		a.send(l, "GET 2", Read)
	})
	p := s.AcceptReady()
	p.Expect("GET 1", "GET 2")
	large := fmt.Sprintf(">2\r\n$4\r\nnews\r\n$5000\r\n%s", strings.Repeat("x", 5000))
	p.Send(">1\r\n$5\r\nhello\r\n$1\r\n1\r\n" + large)
	time.Sleep(5 * time.Millisecond)
	p.Send("\r\n$1\r\n2\r\n>1\r\n$5\r\nhello\r\n")
	a.want("$1\r\n1\r\n", "$1\r\n2\r\n")
	r.in(func() { a.send(r.set.Shared(key), "GET 3", Read) })
	p.Expect("GET 3")
	p.Send("$1\r\n3\r\n")
	a.want("$1\r\n1\r\n", "$1\r\n2\r\n", "$1\r\n3\r\n")
	r.in(func() {
		if len(r.lost) > 0 {
			t.Errorf("lost: %q", r.lost)
		}
	})
}

// TestCannedInTurn: a settled answer comes behind what its owner has in flight, and at once where nothing is.
func TestCannedInTurn(t *testing.T) {
	s := scripted.Listen(t)
	r := newRig(t, nil)
	r.adopt(s.Addr())
	a := r.client("a")
	canned := func(l *Link, reply string) {
		a.asked = append(a.asked, "canned")
		l.AnswerInTurn(a, []byte(reply), uint16(len(a.asked)-1))
	}
	var l *Link
	r.in(func() {
		l = r.set.Shared(plain)
		canned(l, "+first\r\n")
		a.send(l, "GET 1", Read)
		canned(l, "+second\r\n")
		canned(l, "+third\r\n")
		a.send(l, "GET 2", Read)
		if len(a.replies) > 0 {
			t.Error("answered before the handshake")
		}
	})
	p := s.AcceptReady()
	p.Expect("GET 1", "GET 2")
	p.Send("$1\r\n1\r\n")
	r.until("the answers", func() bool { return len(a.replies) == 4 })
	p.Send("$1\r\n2\r\n")
	want := []string{"+first\r\n", "$1\r\n1\r\n", "+second\r\n", "+third\r\n", "$1\r\n2\r\n"}
	a.want(want...)
	r.in(func() {
		canned(l, "+idle\r\n")
		if len(a.replies) != 6 {
			t.Error("an idle link does not answer at once")
		}
	})
}
