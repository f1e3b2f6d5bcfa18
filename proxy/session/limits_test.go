package session

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"sentinelproxy/internal/servers"
	"sentinelproxy/proxy/gate"
	"sentinelproxy/proxy/internal/scripted"
	"sentinelproxy/proxy/upstream"
)

// one is the only session of the lane.
func (l *lane) one() *Session {
	for s := range l.g.sessions {
		return s
	}
	return nil
}

// TestOutputLimit: of a large reply no more is read than the client takes, and the others do not notice. Nobody is closed.
func TestOutputLimit(t *testing.T) {
	pool := servers.NewT(t)
	node := pool.Redis(servers.RedisOptions{})
	l := newLane(t, nil)
	l.in(func() { l.g.Limits.Output = 8 << 20 })
	l.serve(node.Addr())
	slow, other := l.client(), l.client()
	const size, n = 3 << 20, 20
	value := strings.Repeat("x", size)
	slow.do("SET a " + value)
	slow.expect("+OK\r\n")
	go func() { _, _ = slow.conn.Write([]byte(strings.Repeat(wire("GET a"), n))) }() // what does not arrive is missed below
	l.until("the link is not read on", func() bool {
		for s := range l.g.sessions {
			if len(s.out) > l.g.Limits.Output {
				t.Errorf("%d bytes of output", len(s.out))
			}
			if s.throttled != nil {
				return true
			}
		}
		return false
	})
	for range 10 {
		other.do("STRLEN a")
		other.expect(fmt.Sprintf(":%d\r\n", size))
	}
	for range n {
		slow.expect(fmt.Sprintf("$%d\r\n%s\r\n", size, value))
	}
	other.close()
	slow.close()
}

// TestOutputLimitBeforeOthers: a client that takes nothing of a large reply is closed if others wait behind it, and not
// before its output is full.
func TestOutputLimitBeforeOthers(t *testing.T) {
	defer func(d time.Duration) { slowPatience = d }(slowPatience)
	slowPatience = 50 * time.Millisecond
	s := scripted.Listen(t)
	l := newLane(t, nil)
	l.in(func() { l.g.Limits.Output = 8 << 20 })
	l.serve(s.Addr().String())
	slow, other := l.client(), l.client()
	slow.do("GET a")
	p := s.AcceptReady()
	p.Expect("GET a")
	other.do("GET b")
	p.Expect("GET b")
	const size = 32 << 20
	go p.Send(fmt.Sprintf("$%d\r\n%s\r\n$1\r\nb\r\n", size, strings.Repeat("x", size)))
	other.expect("$1\r\nb\r\n")
	l.in(func() {
		if n := l.g.Counters.Closed[CloseOutput]; n != 1 {
			t.Errorf("%d clients were closed for their output", n)
		}
	})
	other.close()
	slow.close()
}

// TestOutputLimitPubSub: subscribers have a limit of their own.
func TestOutputLimitPubSub(t *testing.T) {
	pool := servers.NewT(t)
	node := pool.Redis(servers.RedisOptions{})
	l := newLane(t, nil)
	l.in(func() { l.g.Limits.OutputPubSub = 3 << 20 })
	l.serve(node.Addr())
	slow := l.client()
	slow.do("SUBSCRIBE a")
	slow.expect("*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n")
	d := direct(t, node.Addr())
	for range 12 {
		d.do("PUBLISH a " + strings.Repeat("x", 1<<20))
	}
	l.until("the close", func() bool { return l.g.Counters.Closed[CloseOutput] == 1 && l.g.Counters.OutputPubSub == 1 })
	slow.close()
}

// TestSlowReader: a client that does not read gets no more replies made, and everything once it reads on.
func TestSlowReader(t *testing.T) {
	pool := servers.NewT(t)
	node := pool.Redis(servers.RedisOptions{})
	l := newLane(t, nil)
	l.serve(node.Addr())
	c := l.client()
	c.do("SET a " + strings.Repeat("x", 10<<10))
	c.expect("+OK\r\n")
	const n = 2000
	written := make(chan struct{})
	go func() {
		defer close(written)
		for range n {
			if _, err := io.WriteString(c.conn, wire("GETRANGE a 0 -1", "PING")); err != nil {
				return
			}
			time.Sleep(10 * time.Microsecond)
		}
	}()
	l.until("the stop", func() bool { return l.one().stop&stopOutput != 0 })
	reply := "$10240\r\n" + strings.Repeat("x", 10<<10) + "\r\n+PONG\r\n"
	for range n {
		c.expect(reply)
	}
	<-written
	c.close()
}

// TestWindow: so many commands of one client are in flight, no more; the rest follows.
func TestWindow(t *testing.T) {
	for _, way := range []string{"shared", "pinned"} {
		t.Run(way, func(t *testing.T) {
			s := scripted.Listen(t)
			l := newLane(t, nil)
			l.serve(s.Addr().String())
			c := l.client()
			if way == "pinned" {
				c.do("WATCH a")
			}
			var p *scripted.Conn
			if way == "pinned" {
				p = s.AcceptReady()
				p.Expect("WATCH a")
				p.Send("+OK\r\n")
				c.expect("+OK\r\n")
			}
			const n = firstWindow + 1000
			c.send(strings.Repeat(wire("GET a"), n))
			if way == "shared" {
				p = s.AcceptReady()
			}
			first := firstWindow
			if way == "pinned" {
				first++ // WATCH has been answered
			}
			for range first {
				p.Expect("GET a")
			}
			p.ExpectNothing()
			l.in(func() {
				if u := l.links.Usage(); u.InFlight != first {
					t.Errorf("%d in flight", u.InFlight)
				}
			})
			p.Send(strings.Repeat("$-1\r\n", first))
			for range n - first {
				p.Expect("GET a")
				p.Send("$-1\r\n")
			}
			c.expect(strings.Repeat("$-1\r\n", n))
			c.close()
		})
	}
}

// TestWindowInBytes: a client that asks in one write for more than its output limit, and is slow to read, is made to
// wait and not closed.
func TestWindowInBytes(t *testing.T) {
	node := servers.NewT(t).Redis(servers.RedisOptions{})
	l := newLane(t, func(l *lane, _ *upstream.Options) { l.g.Limits.Output = 48 << 20 })
	l.serve(node.Addr())
	c := l.client()
	value := strings.Repeat("v", 256<<10)
	c.do("SET large " + value)
	c.expect("+OK\r\n")
	const n = 1000 // 250 MiB
	go func() { _, _ = c.conn.Write([]byte(strings.Repeat(wire("GET large"), n))) }()
	l.until("in flight", func() bool { return l.links.Usage().InFlight > 0 })
	time.Sleep(200 * time.Millisecond)
	one := fmt.Sprintf("$%d\r\n%s\r\n", len(value), value)
	for range n {
		c.expect(one)
	}
	c.close()
}

// TestStall: a link with too many bytes unanswered stops its clients, until it has room.
func TestStall(t *testing.T) {
	for _, end := range []string{"answered", "lost"} {
		t.Run(end, func(t *testing.T) {
			s := scripted.Listen(t)
			l := newLane(t, nil)
			l.serve(s.Addr().String())
			a, b := l.client(), l.client()
			const n = 12
			go func() { _, _ = a.conn.Write([]byte(strings.Repeat(wire("SET a "+strings.Repeat("x", 1000<<10)), n))) }() // what does not arrive is missed below
			p := s.AcceptReady()
			l.until("the stall", func() bool {
				for s := range l.g.sessions {
					if s.stop&stopLink != 0 {
						return true
					}
				}
				return false
			})
			b.do("GET b") // comes behind, and stalls too
			l.until("both stalled", func() bool {
				stalled := 0
				for s := range l.g.sessions {
					if s.stop&stopLink != 0 {
						stalled++
					}
				}
				return stalled == 2
			})
			if end == "lost" {
				p.Cut()
				l.held(2)
				l.adopt(s.Addr().String())
				p = s.AcceptReady()
			}
			sets, gets := 0, 0
			for sets+gets < n+1 {
				switch p.Next()[0] {
				case "SET":
					sets++
					p.Send("+OK\r\n")
				case "GET":
					gets++
					p.Send("$-1\r\n")
				}
			}
			b.expect("$-1\r\n")
			a.expect(strings.Repeat("+OK\r\n", n))
			if sets != n || gets != 1 {
				t.Errorf("%d SET, %d GET", sets, gets)
			}
			a.close()
			b.close()
		})
	}
}

// TestDirtyLinkIsNotPooled: what one session has set up on its link no other session ever has.
func TestDirtyLinkIsNotPooled(t *testing.T) {
	pool := servers.NewT(t)
	node := pool.Redis(servers.RedisOptions{Config: []string{"user user on >pw ~* &* +@all"}})
	for name, dirty := range map[string]string{
		"subscribe in multi":       wire("MULTI", "SUBSCRIBE a", "EXEC"),
		"select in multi":          wire("MULTI", "SELECT 5", "EXEC"),
		"auth in multi":            wire("MULTI", "AUTH user pw", "EXEC"),
		"hello in multi":           wire("MULTI", "HELLO 3", "EXEC"),
		"reply off in multi":       wire("MULTI", "CLIENT REPLY OFF", "EXEC"),
		"open multi":               wire("MULTI", "SET a 1"),
		"watch":                    wire("WATCH a"),
		"select while w":           wire("WATCH a", "SELECT 5", "UNWATCH"),
		"auth while w":             wire("WATCH a", "AUTH user pw", "UNWATCH"),
		"hello while w":            wire("WATCH a", "HELLO 3", "UNWATCH"),
		"auth behind unsubscribe":  wire("UNSUBSCRIBE", "AUTH user pw"),
		"hello behind unsubscribe": wire("UNSUBSCRIBE", "HELLO 3"),
		"subscribed":               wire("SUBSCRIBE a"),
		"monitor":                  wire("MONITOR"),
		"tracking":                 wire("HELLO 3", "CLIENT TRACKING ON"),
		"no-evict":                 wire("CLIENT NO-EVICT ON"),
		"reply off":                wire("CLIENT REPLY OFF", "GET a"),
		"reply skip":               wire("CLIENT REPLY SKIP"),
	} {
		t.Run(name, func(t *testing.T) {
			l := newLane(t, nil)
			l.serve(node.Addr())
			c := l.client()
			c.send(dirty)
			l.settled()
			for _, way := range []string{"stays", "gone"} {
				if way == "gone" {
					c.close()
				}
				next := l.client()
				next.do("WATCH a", "PING", "CLIENT LIST ID 0", "MULTI", "GET a", "PING", "ACL WHOAMI", "DBSIZE", "EXEC")
				d := direct(t, node.Addr())
				d.do("PUBLISH a x")
				d.expect(":")
				next.expect("+OK\r\n+PONG\r\n")
				next.until("+OK\r\n")
				next.expect(strings.Repeat("+QUEUED\r\n", 4) + "*4\r\n$-1\r\n+PONG\r\n$7\r\ndefault\r\n:0\r\n")
				next.silence()
				next.close()
			}
		})
	}
}

// TestIdle: clients that send nothing are closed, but not those that wait for something.
func TestIdle(t *testing.T) {
	pool := servers.NewT(t)
	node := pool.Redis(servers.RedisOptions{})
	l := newLane(t, nil)
	l.serve(node.Addr())
	idle, held, sub := l.client(), l.client(), l.client()
	sub.do("SUBSCRIBE a")
	sub.expect("*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n")
	l.in(func() { l.gate.Hold(gate.HoldAll) })
	held.do("GET a")
	l.held(1)
	l.in(func() {
		l.g.Limits.Idle = time.Nanosecond
		l.g.Sweep()
	})
	if got := idle.all(); got != "" {
		t.Errorf("%q", got)
	}
	l.in(func() {
		if n := l.g.Sessions(); n != 2 || l.g.Counters.Closed[CloseIdle] != 1 {
			t.Errorf("%d sessions, closed %v", n, l.g.Counters.Closed)
		}
	})
	held.close()
	sub.close()
	l.held(0)
}

// TestRequestLimits: the error of Redis, then the close, counted by which limit it was.
func TestRequestLimits(t *testing.T) {
	s := scripted.Listen(t)
	l := newLane(t, nil)
	l.in(func() {
		l.g.Limits.Request.Bulk, l.g.Limits.Request.Args, l.g.Limits.Request.Inline = 1000, 10, 100
	})
	l.serve(s.Addr().String())
	for i, c := range []struct{ input, want string }{
		{"*1\r\n$1001\r\n", "-ERR Protocol error: invalid bulk length\r\n"},
		{"*11\r\n", "-ERR Protocol error: invalid multibulk length\r\n"},
		{strings.Repeat("x", 200), "-ERR Protocol error: too big inline request\r\n"},
	} {
		cl := l.client()
		cl.send(c.input)
		if got := cl.all(); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
		l.in(func() {
			if l.g.Counters.TooLong[i] != 1 {
				t.Errorf("limit %d: %v", i, l.g.Counters.TooLong)
			}
		})
	}
}

// TestCloseIdleForShutdown: a graceful shutdown answers what is under way first.
func TestCloseIdleForShutdown(t *testing.T) {
	s := scripted.Listen(t)
	l := newLane(t, nil)
	l.serve(s.Addr().String())
	busy, idle := l.client(), l.client()
	busy.do("GET a")
	p := s.AcceptReady()
	p.Expect("GET a")
	var left int
	l.in(func() { left = l.g.CloseIdle() })
	if left != 1 || idle.all() != "" {
		t.Errorf("%d left", left)
	}
	p.Send("$-1\r\n")
	busy.expect("$-1\r\n")
	l.until("the last", func() bool { return l.g.CloseIdle() == 0 })
	if got := busy.all(); got != "" {
		t.Errorf("%q", got)
	}
}

// TestOutputLimitWhenRestored: a client is closed for its output at the moment when its session is made again on another link.
func TestOutputLimitWhenRestored(t *testing.T) {
	s := scripted.Listen(t)
	l := newLane(t, func(l *lane, _ *upstream.Options) { l.g.Limits.Output = 2 << 20 })
	l.serve(s.Addr().String())
	c := l.client()
	c.do("HELLO 3")
	p := s.AcceptReady()
	p.Expect("HELLO 3")
	p.Send("%1\r\n$5\r\nproto\r\n:3\r\n")
	c.expect("%1\r\n$5\r\nproto\r\n:3\r\n")
	c.do("CLIENT TRACKING ON", "BLPOP q 0")
	p, _ = acceptPinned(s, 7)
	p.Send("+PONG\r\n")
	p.Expect("CLIENT TRACKING ON")
	p.Send("+OK\r\n")
	p.Expect("BLPOP q 0")
	for range 3 { // the kernel takes a part of it
		l.in(func() {
			for s := range l.g.sessions {
				s.answer(make([]byte, l.g.Limits.Output-(len(s.out)-s.written)))
			}
		})
	}
	p.Cut()
	l.until("closed", func() bool { return l.g.Counters.Closed[CloseOutput] == 1 })
}

// TestOutputLimitMutedSubscriber: a client that wants no replies, and reads none, gets the confirmations of its subscriptions
// all the same, and is closed at one of them.
func TestOutputLimitMutedSubscriber(t *testing.T) {
	node := servers.NewT(t).Redis(servers.RedisOptions{})
	l := newLane(t, func(l *lane, _ *upstream.Options) { l.g.Limits.OutputPubSub = 2 << 20 })
	l.serve(node.Addr())
	c := l.client()
	c.do("CLIENT REPLY OFF")
	name := strings.Repeat("x", 64<<10)
	go func() {
		for i := range 200 {
			if _, err := c.conn.Write([]byte(wire(fmt.Sprint("SUBSCRIBE ", i, name)))); err != nil {
				return
			}
		}
	}()
	l.until("closed", func() bool { return l.g.Counters.Closed[CloseOutput] == 1 })
}

// TestClosedByItsOwnReply: of a client that is closed for what it is answered here nothing more is looked at.
func TestClosedByItsOwnReply(t *testing.T) {
	s := scripted.Listen(t)
	l := newLane(t, nil)
	l.serve(s.Addr().String())
	c := l.client()
	c.do("CLIENT ID")
	c.expect(":1\r\n")
	l.in(func() { l.one().g.Limits.Output, l.one().slow.allowed = slowReader, 2*slowReader })
	for range 3 { // the kernel takes a part of it
		l.in(func() { s := l.one(); s.answer(make([]byte, slowReader-(len(s.out)-s.written))) })
	}
	c.do("CLIENT ID", "SET a 1")
	l.until("closed", func() bool { return l.g.Counters.Closed[CloseOutput] == 1 })
	l.in(func() {
		if u := l.links.Usage(); u.InFlight > 0 || u.Users > 0 {
			t.Errorf("after the end: %+v", u)
		}
	})
}
