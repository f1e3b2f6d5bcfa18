package session

import (
	"testing"
	"time"

	"sentinelproxy/internal/servers"
	"sentinelproxy/proxy/gate"
	"sentinelproxy/proxy/internal/scripted"
)

// TestHeldBehindSubscriptions: a PUBLISH that was held waits until the next master has confirmed what is subscribed to again. That it
// was sent later, on another link, does not have it executed later.
func TestHeldBehindSubscriptions(t *testing.T) {
	first, second := scripted.Listen(t), scripted.Listen(t)
	l := newLane(t, nil)
	l.serve(first.Addr().String())
	subscriber, publisher := l.client(), l.client()
	subscriber.do("SUBSCRIBE a", "PSUBSCRIBE p*")
	one, two := "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n", "*3\r\n$10\r\npsubscribe\r\n$2\r\np*\r\n:2\r\n"
	p := first.AcceptReady()
	p.Expect("SUBSCRIBE a", "PSUBSCRIBE p*")
	p.Send(one + two)
	subscriber.expect(one + two)
	l.in(func() { l.gate.Hold(gate.HoldAll) })
	publisher.do("PUBLISH a 1")
	l.held(1)
	l.adopt(second.Addr().String())
	p = second.AcceptReady()
	p.Expect("SUBSCRIBE a", "PSUBSCRIBE p*")
	p.Send(one)
	time.Sleep(5 * time.Millisecond)
	l.held(1)
	p.Send(two)
	q := second.AcceptReady()
	q.Expect("PUBLISH a 1")
	q.Send(":1\r\n")
	publisher.expect(":1\r\n")
	subscriber.close()
	publisher.close()
}

// TestHeldBehindSubscriptionLost: nor does it wait for a link that is gone meanwhile, or for a client.
func TestHeldBehindSubscriptionLost(t *testing.T) {
	for name, end := range map[string]func(*client, *scripted.Conn){
		"the link":   func(_ *client, p *scripted.Conn) { p.Cut() },
		"the client": func(c *client, _ *scripted.Conn) { c.close() },
	} {
		t.Run(name, func(t *testing.T) {
			s := scripted.Listen(t)
			l := newLane(t, nil)
			l.serve(s.Addr().String())
			subscriber, publisher := l.client(), l.client()
			subscriber.do("SUBSCRIBE a")
			p := s.AcceptReady()
			p.Expect("SUBSCRIBE a")
			p.Send("*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n")
			subscriber.until(":1\r\n")
			l.in(func() { l.gate.Hold(gate.HoldAll) })
			publisher.do("PUBLISH a 1")
			l.held(1)
			l.adopt(s.Addr().String())
			p = s.AcceptReady()
			p.Expect("SUBSCRIBE a")
			end(subscriber, p)
			for q := s.AcceptReady(); ; q = s.AcceptReady() { // in the one case the subscriber comes, too, sooner or later
				if q.Next()[0] == "PUBLISH" {
					q.Send(":1\r\n")
					break
				}
			}
			publisher.expect(":1\r\n")
			subscriber.close()
			publisher.close()
		})
	}
}

// TestSubscriptionRefused: one that is refused while those before it are made again counts no more.
func TestSubscriptionRefused(t *testing.T) {
	pool := servers.NewT(t)
	a := pool.Redis(servers.RedisOptions{})
	s := scripted.Listen(t)
	l := newLane(t, nil)
	l.serve(a.Addr())
	c := l.client()
	c.do("SUBSCRIBE a")
	c.expect("*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n")
	d := direct(t, a.Addr())
	d.do("CLIENT PAUSE 500 ALL")
	d.expect("+OK\r\n")
	c.do("UNSUBSCRIBE a")
	l.until("in flight", func() bool { return l.links.Usage().InFlight == 1 })
	time.Sleep(10 * time.Millisecond)
	l.adopt(s.Addr().String()) // never answers
	time.Sleep(50 * time.Millisecond)
	l.in(func() { l.links.Drop(); l.gate.Refuse(); l.links.Refuse(l.g.Refusal) })
	c.expect("-NOMASTER none\r\n")
	a2 := pool.Redis(servers.RedisOptions{})
	l.serve(a2.Addr())
	c.do("UNSUBSCRIBE a")
	c.expect("*3\r\n$11\r\nunsubscribe\r\n$1\r\na\r\n:0\r\n")
	l.settled()
	c.do("SELECT 1")
	c.expect("+OK\r\n")
	l.serve(a.Addr())
	c.do("SET k v")
	c.expect("+OK\r\n")
	d.do("GET k")
	d.expect("$-1\r\n") // it is in database 1
	c.close()
}
