package session

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"sentinelproxy/internal/servers"
	"sentinelproxy/proxy/gate"
	"sentinelproxy/proxy/internal/scripted"
	"sentinelproxy/proxy/reactor"
)

// TestLargeReplyOverSwitch: a reply that has begun comes to its end although there is another master. What other sessions
// have behind it goes there at once, what its own session has behind it goes there afterwards.
func TestLargeReplyOverSwitch(t *testing.T) {
	for _, way := range []string{"shared", "pinned"} {
		t.Run(way, func(t *testing.T) {
			from, to := scripted.Listen(t), scripted.Listen(t)
			l := newLane(t, nil)
			l.serve(from.Addr().String())
			c, other := l.client(), l.client()
			value := large(3)
			var old *scripted.Conn
			if way == "pinned" {
				c.do("WATCH w")
				old = from.AcceptReady()
				old.Expect("WATCH w")
				old.Send("+OK\r\n")
				c.expect("+OK\r\n")
			}
			c.do("GET a", "GET b", "INCR n")
			if way == "shared" {
				old = from.AcceptReady()
			}
			old.Expect("GET a", "GET b", "INCR n")
			if way == "shared" {
				other.do("GET c")
				old.Expect("GET c")
			}
			reply := bulkString(value)
			go old.Send(reply[:2<<20])
			c.expect(reply[:2<<20])
			l.in(func() { l.gate.Hold(gate.HoldAll) })
			c.do("GET d")
			l.adopt(to.Addr().String())
			if way == "shared" {
				next := to.AcceptReady()
				next.Expect("GET c")
				next.Send("$1\r\nc\r\n")
				other.expect("$1\r\nc\r\n")
				l.until("release", func() bool { return l.gate.Mode() == gate.Pass })
				old.Send(reply[2<<20:])
				// INCR was on the wire of the former master, which has not answered it: it may have been applied.
				next.Expect("GET b")
				next.Send("$1\r\nb\r\n")
				c.expect(reply[2<<20:] + "$1\r\nb\r\n")
				c.unknown()
				next = to.AcceptReady() // for the next large reply
				next.Expect("GET d")
				next.Send("$1\r\nd\r\n")
			} else {
				l.until("release", func() bool { return l.gate.Mode() == gate.Pass })
				old.Send(reply[2<<20:])
				c.expect(reply[2<<20:])
				next := to.AcceptReady()
				next.Expect("GET b")
				next.Send("$1\r\nb\r\n")
				c.expect("$1\r\nb\r\n")
				c.unknown()
				next.Expect("GET d")
				next.Send("$1\r\nd\r\n")
			}
			c.expect("$1\r\nd\r\n")
			old.ExpectClosed()
			c.close()
			other.close()
		})
	}
}

func (c *client) unknown() {
	c.t.Helper()
	if got := c.reply(); !strings.HasPrefix(got, "-UNKNOWNOUTCOME") {
		c.t.Fatalf("got %.100q", got)
	}
}

// TestLargeReplyEndsInHold: it comes to its end when there is another master, but what is held is not released yet. What its
// session has behind it is sent at the release.
func TestLargeReplyEndsInHold(t *testing.T) {
	for _, way := range []string{"shared", "pinned"} {
		t.Run(way, func(t *testing.T) {
			from, to := scripted.Listen(t), scripted.Listen(t)
			l := newLane(t, nil)
			l.serve(from.Addr().String())
			c := l.client()
			var old *scripted.Conn
			if way == "pinned" {
				c.do("WATCH w")
				old = from.AcceptReady()
				old.Expect("WATCH w")
				old.Send("+OK\r\n")
				c.expect("+OK\r\n")
			}
			c.do("GET a", "GET b")
			if way == "shared" {
				old = from.AcceptReady()
			}
			old.Expect("GET a", "GET b")
			reply := bulkString(large(3))
			go old.Send(reply[:2<<20])
			c.expect(reply[:2<<20])
			l.in(func() { l.hold = true })
			l.adopt(to.Addr().String())
			var next *scripted.Conn
			if way == "shared" {
				next = to.AcceptReady()
			}
			old.Send(reply[2<<20:])
			c.expect(reply[2<<20:])
			old.ExpectClosed()
			if way == "shared" {
				next.ExpectNothing()
			}
			c.do("GET d")
			l.in(l.release)
			if way == "pinned" {
				next = to.AcceptReady()
			}
			next.Expect("GET b")
			next.Send("$1\r\nb\r\n")
			c.expect("$1\r\nb\r\n")
			if way == "shared" {
				next = to.AcceptReady() // for the next large reply
			}
			next.Expect("GET d")
			next.Send("$1\r\nd\r\n")
			c.expect("$1\r\nd\r\n")
			c.close()
		})
	}
}

// TestLargeReplyCut: the former master breaks off in the middle, or says nothing any more while nobody is the master.
func TestLargeReplyCut(t *testing.T) {
	for _, end := range []string{"cut", "refused"} {
		t.Run(end, func(t *testing.T) {
			from, to := scripted.Listen(t), scripted.Listen(t)
			l := newLane(t, nil)
			l.serve(from.Addr().String())
			c := l.client()
			c.do("GET a", "GET b")
			old := from.AcceptReady()
			old.Expect("GET a", "GET b")
			reply := bulkString(large(4))
			go old.Send(reply[:2<<20])
			c.expect(reply[:2<<20])
			l.adopt(to.Addr().String())
			to.AcceptReady()
			l.until("release", func() bool { return l.gate.Mode() == gate.Pass })
			if end == "cut" {
				old.Cut()
			} else {
				l.in(func() {
					l.gate.Hold(gate.HoldAll)
					l.gate.Refuse()
					l.links.Drop()
					l.links.Refuse(l.g.Refusal)
				})
			}
			if got := c.all(); got != "" {
				t.Errorf("after the cut: %q", got)
			}
		})
	}
}

// TestLargeReplyAgain: also a large reply to a command that was sent again, over another link than its session has chosen,
// waits for a client that does not take it.
func TestLargeReplyAgain(t *testing.T) {
	from, to := scripted.Listen(t), scripted.Listen(t)
	l := newLane(t, nil)
	l.serve(from.Addr().String())
	c := l.client()
	c.do("GET a")
	old := from.AcceptReady()
	old.Expect("GET a")
	old.Cut()
	l.until("the hold", func() bool { return l.gate.Mode() != gate.Pass })
	l.adopt(to.Addr().String())
	next := to.AcceptReady()
	next.Expect("GET a")
	reply := bulkString(strings.Repeat(large(1), 16))
	sent := make(chan struct{})
	go func() { defer close(sent); next.Send(reply) }()
	l.until("the link is not read on", func() bool {
		for s := range l.g.sessions {
			if n := len(s.out) - s.written; n > slowReader+4*reactor.ReadBufferSize {
				t.Errorf("%d bytes of output", n)
				return true
			}
			if s.throttled != nil {
				return true
			}
		}
		return false
	})
	select {
	case <-sent:
		t.Error("all of it was read")
	case <-time.After(15 * time.Millisecond):
	}
	c.expect(reply)
	<-sent
	c.close()
}

// TestLargeRepliesHaveLinks: while one client takes a large reply another's commands go over another link, and that is
// not one more each time.
func TestLargeRepliesHaveLinks(t *testing.T) {
	node := servers.NewT(t).Redis(servers.RedisOptions{})
	l := newLane(t, nil)
	l.serve(node.Addr())
	a, b := l.client(), l.client()
	value := large(5)
	a.do("SET a " + value)
	a.expect("+OK\r\n")
	for range 30 {
		a.do("GET a")
		a.expect(bulkString(value)[:1<<20])
		b.do("STRLEN a")
		b.expect(fmt.Sprintf(":%d\r\n", largeSize))
		a.expect(bulkString(value)[1<<20:])
	}
	l.in(func() {
		if u := l.links.Usage(); u.Shared > 2 || l.links.Counters.Dials > 4 {
			t.Errorf("%d shared links, %d dials", u.Shared, l.links.Counters.Dials)
		}
	})
	a.close()
	b.close()
}

// TestLargeReplyOnFullLink: a session that waits for room on a link does not wait for the client who gets a large reply there.
func TestLargeReplyOnFullLink(t *testing.T) {
	s := scripted.Listen(t)
	l := newLane(t, nil)
	l.serve(s.Addr().String())
	slow, other := l.client(), l.client()
	slow.do("GET a")
	link := s.AcceptReady()
	link.Expect("GET a")
	stalled := func(want int) {
		t.Helper()
		l.until("stalled sessions", func() bool {
			n := want
			for s := range l.g.sessions {
				if s.stop&stopLink != 0 {
					n--
				}
			}
			return n == 0
		})
	}
	var sets []string
	for i := range 100 {
		sets = append(sets, fmt.Sprintf("SET k%d %s", i, large(1)[:100<<10]))
	}
	var wg sync.WaitGroup
	wg.Go(func() { _, _ = slow.conn.Write([]byte(wire(sets...))) }) // what does not arrive is of no consequence
	stalled(1)
	other.do("GET b")
	stalled(2)
	wg.Go(func() { link.Send(bulkString(large(2) + large(3))[:4<<20]) })
	l.until("the slow one's reply waits for it", func() bool {
		for s := range l.g.sessions {
			if s.throttled != nil {
				return true
			}
		}
		return false
	})
	own := s.AcceptReady()
	own.Expect("GET b")
	own.Send("$1\r\nb\r\n")
	other.expect("$1\r\nb\r\n")
	l.in(func() { l.g.CloseAll(CloseServer) })
	link.Cut()
	wg.Wait()
}
