package session

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"sentinelproxy/internal/servers"
	"sentinelproxy/proxy/command"
	"sentinelproxy/proxy/gate"
	"sentinelproxy/proxy/internal/scripted"
	"sentinelproxy/proxy/reactor"
)

const largeSize = 3 << 20

// large is a value that is different for each seed.
func large(seed byte) string {
	b := make([]byte, largeSize)
	for i := range b {
		b[i] = 'a' + byte((i/7+int(seed))%26)
	}
	return string(b)
}

func bulkString(value string) string { return fmt.Sprintf("$%d\r\n%s\r\n", len(value), value) }

// TestLargeRequest: it has a link of its own until it is answered, in which nothing is copied; another client's commands
// go on over the shared one.
func TestLargeRequest(t *testing.T) {
	s := scripted.Listen(t)
	l := newLane(t, nil)
	l.serve(s.Addr().String())
	c, other := l.client(), l.client()
	value := large(0)
	c.do("SET a " + value)
	own := s.AcceptReady()
	own.Expect("SET a " + value)
	l.in(func() {
		if n := l.g.Pinned()[command.PinLarge.String()]; n != 1 {
			t.Errorf("pinned: %v", l.g.Pinned())
		}
		if n := l.large.Memory.Used(); n < largeSize || n > largeSize+1000 {
			t.Errorf("%d bytes in memory", n)
		}
	})
	other.do("GET b")
	shared := s.AcceptReady()
	shared.Expect("GET b")
	shared.Send("$1\r\nb\r\n")
	other.expect("$1\r\nb\r\n")
	own.Send("+OK\r\n")
	c.expect("+OK\r\n")
	for range bulkyFor { // there may be more large ones
		c.do("GET a")
		own.Expect("GET a")
		own.Send("$1\r\na\r\n")
		c.expect("$1\r\na\r\n")
	}
	c.do("GET a")
	shared.Expect("GET a")
	shared.Send("$1\r\na\r\n")
	c.expect("$1\r\na\r\n")
	c.close()
	other.close()
}

// TestLargeRequestLost: what is not written to its end, or may be repeated, is taken along to the next master; the
// outcome of anything else is unknown. Nothing stays in memory.
func TestLargeRequestLost(t *testing.T) {
	for _, tc := range []struct{ name, command, want string }{
		{"unread", "APPEND a ", ""},
		{"idempotent", "SET a ", ""},
		{"unknown", "APPEND a ", "-UNKNOWNOUTCOME"},
		{"client gone", "SET a ", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := scripted.Listen(t)
			l := newLane(t, nil)
			l.serve(s.Addr().String())
			c := l.client()
			value := large(1)
			if tc.name == "unread" {
				value = strings.Repeat(value, 8) // more than the kernel takes
			}
			go func() { _, _ = c.conn.Write([]byte(wire(tc.command + value))) }() // what does not arrive is missed below
			p := s.Accept()
			if tc.name == "unread" {
				p.SmallBuffers() // so that it can't be written to its end
			}
			p.Handshake()
			if tc.name != "unread" {
				p.Expect(tc.command + value)
			}
			l.in(func() { l.gate.Hold(gate.HoldAll) })
			p.Cut()
			if tc.want != "" {
				c.until(tc.want)
			}
			if tc.name == "client gone" {
				c.close()
				l.until("gone", func() bool { return l.g.Sessions() == 0 })
			}
			l.adopt(s.Addr().String())
			if tc.want == "" && tc.name != "client gone" {
				p = s.AcceptReady()
				p.Expect(tc.command + value)
				p.Send("+OK\r\n")
				c.expect("+OK\r\n")
			}
			c.close()
		})
	}
}

// TestLargeRequestHeld: one that comes during a hold is read, and goes to the next master.
func TestLargeRequestHeld(t *testing.T) {
	a, b := two(t)
	l := newLane(t, nil)
	l.serve(a.Addr())
	l.in(func() { l.gate.Hold(gate.HoldAll) })
	c := l.client()
	value := large(2)
	c.do("SET a "+value, "STRLEN a")
	l.held(1)
	l.serve(b.Addr())
	c.expect(fmt.Sprintf("+OK\r\n:%d\r\n", largeSize))
	d := direct(t, b.Addr())
	d.do("GET a")
	d.expect(bulkString(value))
	c.close()
}

// TestLargeRequestsTakeTurns: far more than fits is sent at the same time, in turns that leave each of them unfinished,
// and one of the clients never ends. The others all get through, and no more than one at a time goes beyond the limit.
func TestLargeRequestsTakeTurns(t *testing.T) {
	node := servers.NewT(t).Redis(servers.RedisOptions{})
	l := newLane(t, nil)
	l.large.Max = 4 << 20
	l.serve(node.Addr())
	stalls := l.client()
	stalls.send(wire("SET stalls " + large(6))[:2<<20])
	l.until("the one that stalls", func() bool { return l.large.Memory.Used() > 1<<20 })
	const clients = 6
	more := large(9) + large(9)
	var wg sync.WaitGroup
	for i := range clients {
		c := l.client()
		wg.Go(func() {
			request := wire(fmt.Sprintf("SET k%d %s%s", i, large(byte(i)), more))
			for at := 0; at < len(request); at += 256 << 10 {
				_, _ = c.conn.Write([]byte(request[at:min(len(request), at+256<<10)])) // what does not arrive is missed below
				time.Sleep(time.Millisecond)
			}
			c.expect("+OK\r\n")
			c.close()
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	for peak := int64(0); ; peak = max(peak, l.large.Memory.Used()) {
		select {
		case <-done:
			// One is large, and waits, only when it has come so far.
			const each = reactor.LargeFrame + 4*reactor.ReadBufferSize
			if limit := l.large.Max + 3*largeSize + clients*each; peak > limit {
				t.Errorf("%d bytes in memory, at most %d are expected", peak, limit)
			}
			if n := l.large.Waited.Load(); n == 0 {
				t.Error("nobody has waited")
			}
			d := direct(t, node.Addr())
			for i := range clients {
				d.do(fmt.Sprintf("GET k%d", i))
				d.expect(bulkString(large(byte(i)) + more))
			}
			stalls.close()
			return
		default:
			time.Sleep(100 * time.Microsecond)
		}
	}
}

// TestLargeRequestsOfSlowServer: of those that a server does not answer no more than one is read beyond the limit.
func TestLargeRequestsOfSlowServer(t *testing.T) {
	node := servers.NewT(t).Redis(servers.RedisOptions{})
	l := newLane(t, nil)
	l.large.Max = 4 << 20
	l.serve(node.Addr())
	d := direct(t, node.Addr())
	d.do("CLIENT PAUSE 500 WRITE")
	d.expect("+OK\r\n")
	const clients = 10
	value := large(1) + large(2)
	var wg sync.WaitGroup
	for range clients {
		c := l.client()
		wg.Go(func() {
			c.do("SET k " + value)
			c.expect("+OK\r\n")
			c.close()
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	peak := int64(0)
	for {
		select {
		case <-done:
			const each = reactor.LargeFrame + 4*reactor.ReadBufferSize
			if limit := l.large.Max + 2*2*largeSize + clients*each; peak > limit {
				t.Errorf("%d bytes in memory, at most %d are expected", peak, limit)
			}
			return
		default:
			peak = max(peak, l.large.Memory.Used())
			time.Sleep(100 * time.Microsecond)
		}
	}
}

// TestLargeInTransaction: queued, over a switch, and executed there.
func TestLargeInTransaction(t *testing.T) {
	a, b := two(t)
	l := newLane(t, nil)
	l.serve(a.Addr())
	c := l.client()
	value := large(7)
	c.do("MULTI", "SET a "+value, "STRLEN a")
	c.expect("+OK\r\n+QUEUED\r\n+QUEUED\r\n")
	l.serve(b.Addr())
	c.do("APPEND a "+strings.Repeat("x", largeSize), "EXEC", "PING")
	c.expect(fmt.Sprintf("+QUEUED\r\n*3\r\n+OK\r\n:%d\r\n:%d\r\n+PONG\r\n", largeSize, 2*largeSize))
	c.close()
}

// TestLargeAbandoned: a session goes while its own link holds a large request to be sent again: one that was rejected, with
// another command still unanswered behind it, or one behind a large reply of a former master. It is freed and accounted.
func TestLargeAbandoned(t *testing.T) {
	for _, way := range []string{"rejected", "leaving"} {
		t.Run(way, func(t *testing.T) {
			from, to := scripted.Listen(t), scripted.Listen(t)
			l := newLane(t, nil)
			l.serve(from.Addr().String())
			c := l.client()
			value := large(8)
			c.do("WATCH w")
			own := from.AcceptReady()
			own.Expect("WATCH w")
			own.Send("+OK\r\n")
			c.expect("+OK\r\n")
			if way == "rejected" {
				c.do("SET a "+value, "GET b")
				own.Expect("SET a "+value, "GET b")
				own.Send("-READONLY You can't write against a read only replica.\r\n")
				l.until("the hold", func() bool { return l.gate.Mode() != gate.Pass })
			} else {
				c.do("GET a", "SET a "+value, "GET b")
				own.Expect("GET a", "SET a "+value, "GET b")
				reply := bulkString(value)
				go own.Send(reply[:2<<20])
				c.expect(reply[:2<<20])
				l.serve(to.Addr().String())
			}
			l.in(func() { l.g.CloseAll(CloseServer) })
			l.in(func() {
				if n := l.large.Memory.Used(); n != 0 {
					t.Errorf("%d bytes are left", n)
				}
			})
			own.ExpectClosed()
		})
	}
}
