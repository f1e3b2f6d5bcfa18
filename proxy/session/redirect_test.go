package session

import (
	"fmt"
	"strings"
	"testing"

	"sentinelproxy/internal/servers"
	"sentinelproxy/proxy/gate"
	"sentinelproxy/proxy/internal/scripted"
)

// id asks for CLIENT ID.
func (c *client) id() string {
	c.t.Helper()
	c.do("CLIENT ID")
	return strings.TrimSpace(c.reply()[1:])
}

const (
	subscribedToInvalidations = "*3\r\n$9\r\nsubscribe\r\n$20\r\n__redis__:invalidate\r\n:1\r\n"
	invalidated               = "*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n*1\r\n$1\r\nk\r\n"
	allInvalidated            = "*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n*-1\r\n"
)

// redirecting is a pair of clients: what the second has cached is invalidated at the first.
func redirecting(l *lane) (target, tracker *client) {
	target, tracker = l.client(), l.client()
	id := target.id()
	target.do("SUBSCRIBE __redis__:invalidate")
	target.expect(subscribedToInvalidations)
	tracker.do("CLIENT TRACKING ON REDIRECT "+id, "CLIENT GETREDIR", "CLIENT TRACKINGINFO", "GET k")
	tracker.expect("+OK\r\n:" + id + "\r\n")
	tracker.until("$8\r\nredirect\r\n:" + id + "\r\n$8\r\nprefixes\r\n*0\r\n$-1\r\n")
	return target, tracker
}

// TestRedirect: on one master, on the next, and when only the link of either client is lost, the one whose cache it is
// hears of every change; and that it has to forget everything where it could have missed one.
func TestRedirect(t *testing.T) {
	pool := servers.NewT(t)
	a, b := pool.Redis(servers.RedisOptions{}), pool.Redis(servers.RedisOptions{})
	l := newLane(t, nil)
	l.serve(a.Addr())
	target, tracker := redirecting(l)
	changes := func(node *servers.Node) {
		t.Helper()
		d := direct(t, node.Addr())
		d.do("INCR k")
		d.reply()
		d.close()
		target.expect(invalidated)
		tracker.do("GET k")
		tracker.reply()
	}
	// Both clients' links are new, or one is: it is told once or twice.
	again := func() {
		t.Helper()
		l.until("both are set up again", func() bool {
			for s := range l.g.sessions {
				if s.pin == nil || s.pin.link == nil || s.stop != 0 || len(s.out) > 0 {
					return false
				}
			}
			return true
		})
		target.do("PING")
		if got := target.upTo("*2\r\n$4\r\npong\r\n$0\r\n\r\n"); !strings.HasPrefix(got, allInvalidated) {
			t.Fatalf("got %q", got)
		}
		tracker.do("GET k")
		tracker.reply()
	}
	changes(a)
	l.serve(b.Addr())
	again()
	changes(b)
	for _, kind := range []string{"pubsub", "normal"} {
		d := direct(t, b.Addr())
		d.do("CLIENT KILL TYPE " + kind + " SKIPME yes")
		d.reply()
		d.close()
		lost := func() bool { return l.links.Counters.Broken > 0 }
		l.until("the link is lost", lost)
		l.in(func() { l.links.Counters.Broken = 0 })
		again()
		changes(b)
	}
	tracker.do("CLIENT TRACKING OFF", "CLIENT GETREDIR")
	tracker.expect("+OK\r\n:-1\r\n")
	target.close()
	tracker.close()
}

// TestRedirectToNobody: the server's error.
func TestRedirectToNobody(t *testing.T) {
	node := servers.NewT(t).Redis(servers.RedisOptions{})
	l := newLane(t, nil)
	l.serve(node.Addr())
	c := l.client()
	c.do("CLIENT TRACKING ON REDIRECT 12345", "PING", "CLIENT TRACKING ON REDIRECT x", "CLIENT TRACKING ON REDIRECT")
	c.expect("-ERR The client ID you want redirect to does not exist\r\n+PONG\r\n-ERR value is not an integer or out of range\r\n-ERR syntax error\r\n")
	c.close()
}

// TestRedirectToOneWithoutLink: a client that is named, and has no link of its own any more, keeps nobody waiting after a
// switch.
func TestRedirectToOneWithoutLink(t *testing.T) {
	pool := servers.NewT(t)
	a, b := pool.Redis(servers.RedisOptions{}), pool.Redis(servers.RedisOptions{})
	l := newLane(t, nil)
	l.serve(a.Addr())
	target, tracker := redirecting(l)
	target.do("UNSUBSCRIBE")
	target.expect("*3\r\n$11\r\nunsubscribe\r\n$20\r\n__redis__:invalidate\r\n:0\r\n")
	l.serve(b.Addr())
	tracker.do("PING")
	tracker.expect("+PONG\r\n")
	target.close()
	tracker.close()
}

// acceptPinned accepts the link of one session, which the server calls id, up to its last question.
func acceptPinned(s *scripted.Server, id int) (p *scripted.Conn, first string) {
	p = s.Accept()
	for {
		words := strings.Join(p.Next(), " ")
		if first == "" {
			first = words
		}
		switch words {
		case "PING":
			return p, first
		case "CLIENT ID":
			p.Send(fmt.Sprintf(":%d\r\n", id))
		case "HELLO 3":
			p.Send("%1\r\n$5\r\nproto\r\n:3\r\n")
		default:
			p.Send("+OK\r\n")
		}
	}
}

// scriptedRedirect is a target, with RESP3, and a tracker, and their links.
func scriptedRedirect(t *testing.T, l *lane, s *scripted.Server) (target, tracker *client, targets, trackers *scripted.Conn) {
	t.Helper()
	l.serve(s.Addr().String())
	target, tracker = l.client(), l.client()
	id := target.id()
	target.do("HELLO 3")
	p := s.AcceptReady()
	p.Expect("HELLO 3")
	p.Send("%1\r\n$5\r\nproto\r\n:3\r\n")
	target.expect("%1\r\n$5\r\nproto\r\n:3\r\n")
	target.do("WATCH w")
	targets, _ = acceptPinned(s, 7)
	targets.Send("+PONG\r\n")
	targets.Expect("WATCH w")
	targets.Send("+OK\r\n")
	target.expect("+OK\r\n")
	tracker.do("CLIENT TRACKING ON REDIRECT " + id)
	trackers, _ = acceptPinned(s, 8)
	trackers.Send("+PONG\r\n")
	trackers.Expect("CLIENT TRACKING ON REDIRECT 7")
	trackers.Send("+OK\r\n")
	tracker.expect("+OK\r\n")
	return target, tracker, targets, trackers
}

// TestRedirectEndsMeanwhile: what is sent again ends the tracking before the other client's link is there.
func TestRedirectEndsMeanwhile(t *testing.T) {
	from, to := scripted.Listen(t), scripted.Listen(t)
	l := newLane(t, nil)
	target, tracker, _, trackers := scriptedRedirect(t, l, from)
	tracker.do("CLIENT TRACKING OFF")
	trackers.Expect("CLIENT TRACKING OFF")
	l.adopt(to.Addr().String())
	var slow *scripted.Conn
	for range 2 {
		p, first := acceptPinned(to, 9)
		if first == "HELLO 3" {
			slow = p
			continue
		}
		p.Send("+PONG\r\n")
		p.Expect("CLIENT TRACKING OFF")
		p.Send("+OK\r\n")
	}
	tracker.expect("+OK\r\n")
	l.until("it goes on", func() bool {
		for s := range l.g.sessions {
			if s.key.Proto == 2 && s.stop != 0 {
				return false
			}
		}
		return true
	})
	slow.Cut()
	target.close()
	tracker.close()
}

const forget = ">2\r\n$10\r\ninvalidate\r\n_\r\n"

// TestRedirectWithLargeReply: a link of a former master on which a large reply comes to its end is not what a tracker names
// on the next one, nor does it get a TRACKING for that.
func TestRedirectWithLargeReply(t *testing.T) {
	for _, whose := range []string{"target", "tracker"} {
		t.Run(whose, func(t *testing.T) {
			from, to := scripted.Listen(t), scripted.Listen(t)
			l := newLane(t, nil)
			target, tracker, targets, trackers := scriptedRedirect(t, l, from)
			gets, old, first := target, targets, "CLIENT ID" // of the handshake of the other one's link
			if whose == "tracker" {
				gets, old, first = tracker, trackers, "HELLO 3"
			}
			gets.do("GET a")
			old.Expect("GET a")
			reply := bulkString(large(1))
			go old.Send(reply[:2<<20])
			gets.expect(reply[:2<<20])
			l.adopt(to.Addr().String())
			accept := func(want string) *scripted.Conn {
				t.Helper()
				p, got := acceptPinned(to, 9)
				if got != want {
					t.Fatalf("got %q, want %q", got, want)
				}
				p.Send("+PONG\r\n")
				return p
			}
			next := accept(first)
			l.until("release", func() bool { return l.gate.Mode() == gate.Pass })
			if whose == "target" {
				next.ExpectNothing()
			} else {
				old.ExpectNothing()
			}
			old.Send(reply[2<<20:])
			gets.expect(reply[2<<20:])
			old.ExpectClosed()
			if whose == "target" {
				accept("HELLO 3")
			} else {
				next = accept("CLIENT ID")
			}
			next.Expect("CLIENT TRACKING ON REDIRECT 9")
			next.Send("+OK\r\n")
			target.expect(forget)
			target.close()
			tracker.close()
		})
	}
}

// TestForgetBehindLargeReply: nothing comes in the middle of a reply.
func TestForgetBehindLargeReply(t *testing.T) {
	s := scripted.Listen(t)
	l := newLane(t, nil)
	target, tracker, targets, trackers := scriptedRedirect(t, l, s)
	target.do("GET a", "GET b")
	targets.Expect("GET a", "GET b")
	reply := bulkString(large(1))
	go targets.Send(reply[:2<<20])
	target.expect(reply[:2<<20])
	trackers.Cut()
	trackers, _ = acceptPinned(s, 9)
	trackers.Send("+PONG\r\n")
	trackers.Expect("CLIENT TRACKING ON REDIRECT 7")
	trackers.Send("+OK\r\n")
	targets.Send(reply[2<<20:] + "$1\r\nb\r\n")
	target.expect(reply[2<<20:] + forget + "$1\r\nb\r\n")
	target.close()
	tracker.close()
}

// TestTrackingRefused: a client whose cache nobody would invalidate any more is closed, not left with it.
func TestTrackingRefused(t *testing.T) {
	a := servers.NewT(t).Redis(servers.RedisOptions{})
	s := scripted.Listen(t)
	l := newLane(t, nil)
	l.serve(a.Addr())
	c := l.client()
	c.do("HELLO 3")
	c.hello()
	c.do("CLIENT TRACKING ON BCAST", "GET k")
	c.expect("+OK\r\n_\r\n")
	l.adopt(s.Addr().String())
	p := s.Accept()
	for got := ""; got != "CLIENT TRACKING ON BCAST"; {
		got = strings.Join(p.Next(), " ")
		switch got {
		case "PING":
			p.Send("+PONG\r\n")
		case "CLIENT ID":
			p.Send(":7\r\n")
		case "HELLO 3":
			p.Send("%1\r\n$5\r\nproto\r\n:3\r\n")
		case "CLIENT TRACKING ON BCAST":
			p.Send("-ERR syntax error\r\n")
		default:
			t.Fatal(got)
		}
	}
	if got, want := c.all(), ">2\r\n$10\r\ninvalidate\r\n_\r\n"; got != want {
		t.Errorf("got %q", got)
	}
	l.in(func() {
		if n := l.g.Counters.Closed[CloseServer]; n != 1 {
			t.Error(fmt.Sprint(l.g.Counters.Closed))
		}
	})
}
