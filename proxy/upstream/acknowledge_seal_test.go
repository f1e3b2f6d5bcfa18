package upstream

import (
	"testing"
	"time"

	"sentinelproxy/proxy/internal/scripted"
)

// TestAcknowledgeSealed: what waits for replicas when another node may be taking writes is not passed on because the time for it
// has passed: the next master may not have it.
func TestAcknowledgeSealed(t *testing.T) {
	const timeout = 20 * time.Millisecond
	past := 2 * (timeout + askSlack)
	for _, asked := range []bool{true, false} {
		a := newAsking(t, func(o *Options) { o.Acknowledge.Timeout = timeout })
		one := a.client("one")
		a.send(one, ":1\r\n", "INCR a")
		a.asked()
		if !asked { // the question was lost, and is about to be put again
			a.ack.Cut()
			a.until("the loss", func() bool { return a.set.ack.link == nil })
		}
		a.in(func() { a.holding = true; a.set.Seal() })
		time.Sleep(past)
		one.has()
		second := scripted.Listen(t)
		a.adopt(second.Addr())
		one.want(UnknownOutcome)

		// Nobody was promoted: it is asked about on.
		b := newAsking(t, func(o *Options) { o.Acknowledge.Timeout = timeout })
		two := b.client("two")
		b.send(two, ":2\r\n", "INCR a")
		b.asked()
		b.in(func() { b.holding = true; b.set.Seal() })
		b.ack.Send(":0\r\n:2\r\n")
		time.Sleep(past)
		two.has()
		b.in(func() { b.holding = false; b.set.Unseal() })
		two.want(":2\r\n")
	}
}
