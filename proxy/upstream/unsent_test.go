package upstream

import (
	"fmt"
	"strings"
	"testing"

	"sentinelproxy/proxy/internal/scripted"
)

// TestUnsentIsSentAgain: a server that reads nothing is cut when the kernel has taken as much as it takes.
// Every write is either unknown, and then not sent again, or was not wholly written, and then is.
func TestUnsentIsSentAgain(t *testing.T) {
	for _, p := range policies {
		t.Run(p.name, func(t *testing.T) {
			stuck, next := scripted.Listen(t), scripted.StartNode(t, scripted.NoFaults)
			r := newRig(t, func(o *Options) { o.Policy = p.policy })
			r.adopt(stuck.Addr())
			c := r.client("a")
			const commands = 150
			value := strings.Repeat("x", 50<<10)
			var l *Link
			r.in(func() { l = r.set.Shared(plain) })
			peer := stuck.Accept()
			peer.SmallBuffers()
			peer.Handshake()
			r.in(func() {
				for i := range commands {
					c.send(l, fmt.Sprintf("SET k%d %s", i, value), Write)
				}
			})
			var sent uint64
			r.until("a full socket", func() bool {
				full := l.out.sent > 0 && l.out.sent == sent && l.out.sent < l.out.end()
				sent = l.out.sent
				return full
			})
			peer.Cut()
			r.until("the loss", func() bool { return len(r.lost) == 1 })
			r.adopt(next.Addr())
			executed := map[string]bool{}
			unknown := 0
			answers := c.answers()
			for _, e := range next.Executed() {
				executed[strings.Fields(e)[1]] = true
			}
			for i, a := range answers {
				again := executed[fmt.Sprintf("k%d", i)]
				switch {
				case a == UnknownOutcome && again, a == "+OK\r\n" && !again:
					t.Fatalf("command %d: %.20q, sent again: %v", i, a, again)
				case a == UnknownOutcome:
					if unknown++; unknown != i+1 {
						t.Fatal("an unknown one behind one that was not written")
					}
				}
			}
			if p.policy != ResendAll && unknown == 0 || unknown == commands {
				t.Fatalf("%d of %d unknown: the test shows nothing", unknown, commands)
			}
			r.in(func() {
				if n := r.set.Counters.Unknown; n != uint64(unknown) {
					t.Errorf("%d counted as unknown, %d were", n, unknown)
				}
			})
		})
	}
}

// TestMaybeAppliedTwiceLost: a write that was on the wire to the first master is lost once more, unsent, on
// its way to the second, and no third comes. It may have been applied: the client must not be told otherwise.
func TestMaybeAppliedTwiceLost(t *testing.T) {
	for _, how := range []string{"refused", "handshake cut", "handshake refused"} {
		t.Run(how, func(t *testing.T) {
			first, second := scripted.Listen(t), scripted.Listen(t)
			r := newRig(t, nil)
			r.adopt(first.Addr())
			c := r.client("a")
			r.in(func() { c.send(r.set.Shared(Key{Proto: 2, DB: 1}), "SET a 1", Idempotent) })
			peer := first.AcceptReady()
			peer.Expect("SET a 1")
			peer.Cut()
			r.until("the loss", func() bool { return len(r.lost) == 1 })
			if how == "refused" {
				second.Close()
			}
			r.adopt(second.Addr())
			switch how {
			case "handshake cut":
				second.Accept().Cut()
			case "handshake refused":
				p := second.Accept()
				p.Expect("SELECT 1", "PING")
				p.Send("-NOGOOD of you\r\n+PONG\r\n")
			}
			if how == "handshake refused" {
				c.want(UnknownOutcome)
				return
			}
			r.until("the second loss", func() bool { return len(r.lost) == 2 })
			r.in(func() { r.set.Refuse([]byte("-NOMASTER\r\n")) })
			c.want(UnknownOutcome)
		})
	}
}

// TestRefuse: without a master, what is certainly not applied is refused, what may be is unknown.
func TestRefuse(t *testing.T) {
	first := scripted.Listen(t)
	r := newRig(t, nil)
	r.adopt(first.Addr())
	a, b, gone := r.client("a"), r.client("b"), r.client("gone")
	var l *Link
	r.in(func() {
		l = r.set.Shared(plain)
		a.send(l, "GET a", Read)
		a.send(l, "INCR b", Write)
		b.send(l, "SET c 1", Idempotent)
		gone.send(l, "SET d 1", Idempotent)
	})
	peer := first.AcceptReady()
	peer.Expect("GET a", "INCR b", "SET c 1", "SET d 1")
	r.in(func() { gone.gone = true })
	peer.Cut()
	r.until("the loss", func() bool { return len(r.lost) == 1 })
	r.in(func() {
		if len(a.replies) != 0 {
			t.Error("INCR was answered before GET")
		}
		r.set.Refuse([]byte("-NOMASTER\r\n"))
	})
	a.want("-NOMASTER\r\n", UnknownOutcome)
	b.want(UnknownOutcome)
	r.in(func() {
		if len(gone.replies) > 0 {
			t.Error("who is gone was answered")
		}
	})
}
