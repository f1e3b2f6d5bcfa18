package upstream

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"sentinelproxy/proxy/internal/scripted"
)

// waits is a Waiter that notes what it hears.
type waits struct{ heard []string }

func (w *waits) LinkReady(_ *Link, refusal []byte) {
	w.heard = append(w.heard, "ready "+string(firstLine(refusal)))
}
func (w *waits) LinkFailed(*Link) { w.heard = append(w.heard, "failed") }

func TestHandshakeCommands(t *testing.T) {
	for _, c := range []struct {
		key  Key
		want []string
	}{
		{Key{Proto: 2}, []string{"PING"}},
		{Key{Proto: 2, DB: 3}, []string{"SELECT 3", "PING"}},
		{Key{Proto: 2, Password: "p"}, []string{"AUTH p", "HELLO 2"}},
		{Key{Proto: 2, Username: "u", Password: "p", DB: 1}, []string{"AUTH u p", "SELECT 1", "HELLO 2"}},
		{Key{Proto: 2, Username: "u"}, []string{"AUTH u ", "HELLO 2"}},
		{Key{Proto: 3}, []string{"HELLO 3", "PING"}},
		{Key{Proto: 3, Password: "p", DB: 2}, []string{"HELLO 3 AUTH default p", "SELECT 2", "HELLO 3"}},
		{Key{Proto: 3, Username: "u", Password: "p"}, []string{"HELLO 3 AUTH u p", "HELLO 3"}},
		{Key{Proto: 2, DB: authDB}, []string{"PING"}},
		{Key{Proto: 2, DB: 1}.As("u", "p"), []string{"SELECT 1", "AUTH u p", "SELECT 1", "HELLO 2"}},
		{Key{Proto: 3, Username: "a", Password: "p", DB: 1}.As("b", "q").As("c", "r"), []string{"AUTH a p", "SELECT 1", "HELLO 3 AUTH c r", "SELECT 1", "HELLO 3"}},
		{Key{Proto: 2, Username: "a", Password: "p", DB: 1}.As("b", "q").As("a", "r"), []string{"AUTH a r", "SELECT 1", "HELLO 2"}},
		{Key{Proto: 2, DB: 1}.As("", "p"), []string{"AUTH p", "SELECT 1", "HELLO 2"}},
		{Key{Proto: 2, DB: 1}.As("u", "p").In(2), []string{"AUTH u p", "SELECT 2", "HELLO 2"}},
		{Key{Proto: 2}.As("u", "p").In(2), []string{"AUTH u p", "SELECT 2", "HELLO 2"}},
	} {
		s := scripted.Listen(t)
		r := newRig(t, nil)
		r.adopt(s.Addr())
		r.in(func() { r.set.Shared(c.key) })
		if got := s.Accept().Handshake(); !slices.Equal(got, c.want) {
			t.Errorf("%+v: %q, want %q", c.key, got, c.want)
		}
		r.settle()
	}
}

// TestHandshakeBars: commands are written only when the last step is answered.
func TestHandshakeBars(t *testing.T) {
	s := scripted.Listen(t)
	r := newRig(t, nil)
	r.adopt(s.Addr())
	a := r.client("a")
	w := &waits{}
	r.in(func() {
		l := r.set.Shared(Key{Proto: 2, Password: "p", DB: 1})
		a.send(l, "GET 1", Read)
		l.WhenReady(w)
	})
	p := s.Accept()
	p.Expect("AUTH p", "SELECT 1", "HELLO 2")
	p.Send("+OK\r\n+OK\r\n")
	p.ExpectNothing()
	p.Send("*0\r\n")
	p.Expect("GET 1")
	p.Send("$-1\r\n")
	a.want("$-1\r\n")
	r.in(func() {
		if fmt.Sprint(w.heard) != "[ready ]" {
			t.Errorf("the waiter heard %q", w.heard)
		}
		r.set.Shared(Key{Proto: 2, Password: "p", DB: 1}).WhenReady(w)
		if len(w.heard) != 2 {
			t.Error("a ready link does not say so at once")
		}
	})
}

// TestHandshakeRefused: what the server refuses for what the link asks is everybody's answer, and no hold.
func TestHandshakeRefused(t *testing.T) {
	for _, c := range []struct{ name, replies, want string }{
		{"password", "-WRONGPASS invalid\r\n-NOAUTH no\r\n-NOAUTH no\r\n", "-WRONGPASS invalid\r\n"},
		{"database", "+OK\r\n-ERR DB index is out of range\r\n*0\r\n", "-ERR DB index is out of range\r\n"},
		{"not allowed", "+OK\r\n-NOPERM no\r\n*0\r\n", "-NOPERM no\r\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := scripted.Listen(t)
			r := newRig(t, nil)
			r.adopt(s.Addr())
			key := Key{Proto: 2, Password: "p", DB: 100}
			a, w := r.client("a"), &waits{}
			r.in(func() {
				l := r.set.Shared(key)
				a.send(l, "GET 1", Read)
				a.send(l, "INCR 1", Write)
				l.WhenReady(w)
			})
			p := s.Accept()
			p.Expect("AUTH p", "SELECT 100", "HELLO 2")
			p.Send(c.replies)
			a.want(c.want, c.want)
			p.ExpectClosed()
			r.until("Restored", func() bool { return r.restored == 1 })
			r.in(func() {
				if len(r.lost) > 0 {
					t.Errorf("told as lost: %q", r.lost)
				}
				if len(w.heard) != 1 || w.heard[0] != "ready "+strings.TrimSpace(c.want) {
					t.Errorf("the waiter heard %q", w.heard)
				}
				if n := r.set.Counters.Pushed; n != 0 {
					t.Errorf("%d counted as sent", n)
				}
			})
		})
	}
}

// TestHandshakeSelected: a database that was selected before the login stays selected on Redis, though the user may not
// SELECT; on Dragonfly it does not, and whatever the user sends would be executed in another one.
func TestHandshakeSelected(t *testing.T) {
	const server, dragonfly = "*2\r\n$2\r\nid\r\n:7\r\n", "*2\r\n$17\r\ndragonfly_version\r\n$2\r\ndf\r\n"
	for _, c := range []struct{ name, replies, refused string }{
		{"allowed", "+OK\r\n+OK\r\n+OK\r\n" + server, ""},
		{"forbidden", "+OK\r\n+OK\r\n-NOPERM no\r\n" + server, ""},
		{"forbidden to the first, too", "-NOPERM never\r\n+OK\r\n-NOPERM no\r\n" + server, "-NOPERM no\r\n"},
		{"forbidden to the first only", "-NOPERM never\r\n+OK\r\n+OK\r\n" + server, ""},
		{"out of range", "-ERR DB\r\n+OK\r\n-ERR DB\r\n" + server, "-ERR DB\r\n"},
		{"dragonfly", "+OK\r\n+OK\r\n+OK\r\n" + dragonfly, ""},
		{"dragonfly forbidden", "+OK\r\n+OK\r\n-NOPERM no\r\n" + dragonfly, "-NOPERM no\r\n"},
		{"old", "+OK\r\n+OK\r\n+OK\r\n-ERR unknown command\r\n", ""},
		{"password", "+OK\r\n-WRONGPASS no\r\n+OK\r\n" + server, "-WRONGPASS no\r\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := scripted.Listen(t)
			r := newRig(t, nil)
			r.adopt(s.Addr())
			a := r.client("a")
			r.in(func() { a.send(r.set.Shared(Key{Proto: 2, DB: 1}.As("u", "p")), "GET 1", Read) })
			p := s.Accept()
			p.Expect("SELECT 1", "AUTH u p", "SELECT 1", "HELLO 2")
			p.Send(c.replies)
			if c.refused != "" {
				a.want(c.refused)
				p.ExpectClosed()
				return
			}
			p.Expect("GET 1")
			p.Send("$-1\r\n")
			a.want("$-1\r\n")
		})
	}
}

// TestHandshakeSelectedOnRedis: once it is known that the master is a Redis, SELECT is sent as the user only who may.
func TestHandshakeSelectedOnRedis(t *testing.T) {
	s := scripted.Listen(t)
	r := newRig(t, nil)
	r.adopt(s.Addr())
	r.in(func() { r.set.Shared(Key{Proto: 2, Password: "p"}) })
	p := s.Accept()
	p.Expect("AUTH p", "HELLO 2")
	p.Send("+OK\r\n*2\r\n$6\r\nserver\r\n$5\r\nredis\r\n")
	r.until("the handshake", func() bool { return r.set.redis })
	key := Key{Proto: 2, DB: 1}.As("u", "p")
	for _, replies := range []string{"+OK\r\n+OK\r\n*0\r\n", "-NOPERM no\r\n+OK\r\n*0\r\n"} {
		a := r.client("a")
		r.in(func() {
			if l := r.set.shared[key]; l != nil {
				l.drop()
			}
			a.send(r.set.Shared(key), "GET 1", Read)
		})
		p := s.Accept()
		p.Expect("SELECT 1", "AUTH u p", "HELLO 2")
		p.Send(replies)
		if replies[0] == '-' {
			a.want("-NOPERM no\r\n")
			continue
		}
		p.Expect("GET 1")
		p.Send("$-1\r\n")
		a.want("$-1\r\n")
	}
	r.adopt(s.Addr())
	r.in(func() {
		if r.set.redis {
			t.Error("the next master is taken for a Redis, too")
		}
	})
	r.settle()
}

// TestHandshakeUnauthenticated: a server that wants a password refuses PING. What waits is answered with that, and not
// sent: such a server closes connections that send it anything large. The link then carries commands, for HELLO.
func TestHandshakeUnauthenticated(t *testing.T) {
	s := scripted.Listen(t)
	r := newRig(t, nil)
	r.adopt(s.Addr())
	a := r.client("a")
	r.in(func() { a.send(r.set.Shared(plain), "GET 1", Read) })
	p := s.Accept()
	p.Expect("PING")
	p.Send("-NOAUTH Authentication required.\r\n")
	a.want("-NOAUTH Authentication required.\r\n")
	r.in(func() {
		if !r.set.WantsPassword() {
			t.Error("it is not known that the server wants a password")
		}
		a.send(r.set.Shared(plain), "HELLO 2", Read)
	})
	p.Expect("HELLO 2")
	p.Send("-NOAUTH HELLO must be called with the client already authenticated\r\n")
	a.want("-NOAUTH Authentication required.\r\n", "-NOAUTH HELLO must be called with the client already authenticated\r\n")
}

// TestHandshakeTemporary: a server that can't serve anybody now is a lost link: what waits is kept.
func TestHandshakeTemporary(t *testing.T) {
	for name, text := range map[string]string{
		"loading":    "-LOADING Redis is loading the dataset in memory\r\n",
		"masterdown": "-MASTERDOWN Link with MASTER is down\r\n",
		"full":       "-ERR max number of clients reached\r\n",
		"protected":  "-DENIED Redis is running in protected mode\r\n",
		"no RESP":    "HTTP/1.1 400 Bad Request\r\n",
		"two PONGs":  "+PONG\r\n+PONG\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			first, second := scripted.Listen(t), scripted.StartNode(t, scripted.NoFaults)
			r := newRig(t, nil)
			r.adopt(first.Addr())
			a, w := r.client("a"), &waits{}
			r.in(func() {
				r.holding = true // see TestTurnedAway
				l := r.set.Shared(plain)
				l.WhenReady(w)
				if name != "two PONGs" {
					a.send(l, "INCR 1", Write)
				}
			})
			p := first.Accept()
			if name == "full" { // said without being asked, before anything is read
				p.Send(text)
				p.Close()
			} else {
				p.Expect("PING")
				p.Send(text)
			}
			r.until("the loss", func() bool { return len(r.lost) == 1 })
			r.in(func() {
				if len(w.heard) != 1 || w.heard[0] != "failed" && name != "two PONGs" {
					t.Errorf("the waiter heard %q", w.heard)
				}
				if name == "two PONGs" {
					r.set.Adopt("", second.Addr())
					a.send(r.set.Shared(plain), "INCR 1", Write)
				} else {
					r.set.Adopt("", second.Addr())
				}
			})
			a.want(":1\r\n")
		})
	}
}

// TestHandshakeTimeout: a server that accepts and says nothing.
func TestHandshakeTimeout(t *testing.T) {
	s := scripted.Listen(t)
	r := newRig(t, func(o *Options) { o.DialTimeout = 20 * time.Millisecond })
	r.adopt(s.Addr())
	r.in(func() { r.set.Shared(plain) })
	s.Accept().Expect("PING")
	r.until("the loss", func() bool { return len(r.lost) == 1 && strings.Contains(r.lost[0], "no handshake") })
}

// TestDialRefused and one that fails at once: both are told as a loss, never from within the call.
func TestDialFails(t *testing.T) {
	ln, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	closed := ln.Addr().(*net.TCPAddr).AddrPort()
	ln.Close()
	r := newRig(t, nil)
	r.adopt(closed)
	a := r.client("a")
	r.in(func() {
		l := r.set.Shared(plain)
		if len(r.lost) > 0 {
			t.Error("lost from within Shared")
		}
		a.send(l, "GET 1", Read)
	})
	r.until("the loss", func() bool { return len(r.lost) == 1 })
	r.in(func() {
		if u := r.set.Usage(); u.Backlog != 1 || r.set.Counters.Lost != 0 {
			t.Errorf("%+v, lost %d: never written is not lost", u, r.set.Counters.Lost)
		}
		r.set.Refuse([]byte("-NOMASTER\r\n"))
	})
	a.want("-NOMASTER\r\n")
}
