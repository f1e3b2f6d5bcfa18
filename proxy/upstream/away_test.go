package upstream

import (
	"strings"
	"testing"

	"sentinelproxy/proxy/internal/scripted"
)

// TestTurnedAway: a server that is full serves those whom it has. Who needs a further link is told so, also a session that
// wants one of its own, and nobody else has to wait for it.
func TestTurnedAway(t *testing.T) {
	for name, text := range map[string]string{
		"full":      "-ERR max number of clients reached\r\n",
		"protected": "-DENIED Redis is running in protected mode\r\n",
	} {
		for _, early := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				s := scripted.Listen(t)
				r := newRig(t, nil)
				r.adopt(s.Addr())
				good, a, o, w := r.client("good"), r.client("a"), &pinOwner{client: r.client("o")}, &waits{}
				var l *Link
				r.in(func() { l = r.set.Shared(plain); good.send(l, "GET 1", Read) })
				p := s.AcceptReady()
				p.Expect("GET 1")
				refuse := func(handshake ...string) {
					q := s.Accept()
					if !early {
						q.Expect(handshake...)
					}
					q.Send(text)
					q.Close()
				}
				r.in(func() {
					away := r.set.Shared(Key{Proto: 2, DB: 1})
					a.send(away, "INCR 1", Write)
					away.WhenReady(w)
				})
				refuse("SELECT 1", "PING")
				a.want(text)
				r.in(func() {
					o.link = r.set.Pin(plain, o)
					o.send(o.link, "BLPOP 1 0", Read)
				})
				refuse("CLIENT ID", "PING")
				o.want(text)
				r.until("the links to be gone", func() bool { u := r.set.Usage(); return u.Shared+u.Pinned == 1 })
				p.Send("$-1\r\n")
				good.want("$-1\r\n")
				r.in(func() {
					if len(r.lost)+len(r.pinned) > 0 || r.set.setting != 0 || r.set.Counters.Pushed != 1 {
						t.Errorf("lost %q %q, %d handshakes, sent %d", r.lost, r.pinned, r.set.setting, r.set.Counters.Pushed)
					}
					if len(o.refused) != 1 || len(w.heard) != 1 || w.heard[0] != "ready "+strings.TrimSpace(text) {
						t.Errorf("the session heard %q, the waiter %q", o.refused, w.heard)
					}
				})
			})
		}
	}
}

// TestTurnedAwayAgain: a session that has something on the link that it lost is not told that it is gone, but asks for
// another one.
func TestTurnedAwayAgain(t *testing.T) {
	s := scripted.Listen(t)
	r := newRig(t, nil)
	r.adopt(s.Addr())
	o := &pinOwner{client: r.client("o")}
	r.in(func() {
		o.link = r.set.PinAgain(plain, o)
		o.send(o.link, "GET 1", Read)
	})
	p := s.Accept()
	p.Send("-ERR max number of clients reached\r\n")
	p.Close()
	r.until("the loss", func() bool { return o.link == nil })
	r.in(func() {
		if len(o.refused)+len(o.replies) > 0 || len(o.lost) != 1 {
			t.Errorf("refused %q, answered %q, %d commands lost", o.refused, o.replies, len(o.lost))
		}
	})
}

// TestPingRefused: that PING is refused says nothing of what the link is for.
func TestPingRefused(t *testing.T) {
	for _, reply := range []string{
		"-BUSY Redis is busy running a script.\r\n", "-MISCONF Redis is configured to save RDB snapshots\r\n", "-ERR unknown command 'PING'\r\n",
	} {
		s := scripted.Listen(t)
		r := newRig(t, nil)
		r.adopt(s.Addr())
		a := r.client("a")
		r.in(func() { a.send(r.set.Shared(Key{Proto: 2, DB: 1}), "GET 1", Read) })
		p := s.Accept()
		p.Expect("SELECT 1", "PING")
		p.Send("+OK\r\n" + reply)
		p.Expect("GET 1")
		p.Send("$-1\r\n")
		a.want("$-1\r\n")
	}
}
