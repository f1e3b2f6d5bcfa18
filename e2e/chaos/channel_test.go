package chaos

import (
	"fmt"
	"strconv"
	"sync"
	"time"

	"sentinelproxy/e2e/plainresp"
	"sentinelproxy/internal/servers"
)

// channel is one client that publishes numbers and one that has subscribed.
type channel struct {
	publisher, subscriber *client
	sequence              *sequence
	name                  string
	wg                    sync.WaitGroup
	heard                 chan struct{} // closed when the subscriber has heard the last message
}

func newChannel(l *load, addr, name string, number int) session {
	c := &channel{
		publisher: l.client(addr, number), subscriber: l.client(addr, number+1), sequence: newSequence(l.tally, name), name: name,
		heard: make(chan struct{}),
	}
	c.subscriber.greet = append(c.subscriber.greet, []string{"SUBSCRIBE", name})
	c.subscriber.connected()
	c.wg.Go(c.hears)
	return c
}

func (c *channel) round() {
	n := c.sequence.next()
	v := c.publisher.one("PUBLISH", c.name, strconv.FormatInt(n, 10))
	if yes, _ := applied(v); !yes {
		return
	}
	switch {
	case v == int64(1):
		c.sequence.proven(n)
	case v == int64(0) && !c.sequence.isBlind():
		c.publisher.undelivered(fmt.Sprintf("%s: nobody has heard %d", c.name, n))
	case v != int64(0):
		c.publisher.foreign(fmt.Sprintf("PUBLISH %s was answered with %v", c.name, v))
	}
}

func (c *channel) hears() {
	defer close(c.heard)
	for c.subscriber.connected() {
		_ = c.subscriber.conn.SetReadDeadline(time.Now().Add(2 * patience))
		v, err := plainresp.Read(c.subscriber.in)
		if err != nil {
			c.sequence.blinded()
			c.subscriber.drop(err)
			continue
		}
		message, _ := v.([]any)
		if p, is := v.(plainresp.Push); is {
			message = p
		}
		if len(message) != 3 || message[0] != "message" || message[1] != c.name {
			c.subscriber.foreign(fmt.Sprintf("the subscriber of %s was sent %v", c.name, v))
			continue
		}
		if message[2] == last {
			return
		}
		n, err := strconv.ParseInt(fmt.Sprint(message[2]), 10, 64)
		if err != nil {
			c.subscriber.foreign(fmt.Sprintf("the subscriber of %s was sent %v", c.name, v))
			continue
		}
		c.sequence.got(n)
	}
}

// end publishes the last message until it is heard.
func (c *channel) end() {
	for over := false; !over; {
		c.publisher.one("PUBLISH", c.name, last)
		select {
		case <-c.heard:
			over = true
		case <-time.After(100 * time.Millisecond):
		}
	}
	c.wg.Wait()
	c.publisher.hangUp()
	c.subscriber.hangUp()
}

func (c *channel) final(*servers.Node) {}
