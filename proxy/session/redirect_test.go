package session

import (
	"fmt"
	"strings"
	"testing"

	"sentinelproxy/internal/servers"
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
