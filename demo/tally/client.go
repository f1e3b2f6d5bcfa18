package tally

import (
	"slices"
	"sync"
	"time"
)

// Client counts for one client, which waits for one thing at a time: a command or a pipeline. The
// methods may be called from any goroutine.
type Client struct {
	mu struct {
		sync.Mutex
		figures Figures
		sent    time.Time // of what it waits for now; zero when it waits for nothing
		served  time.Time // the last good reply, at first the start
	}
}

// NewClient begins to count at start.
func NewClient(start time.Time) *Client {
	c := &Client{}
	c.mu.served = start
	return c
}

// Sent notes that the client waits from now on.
func (c *Client) Sent(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mu.sent = now
}

// Done ends the waiting for n commands. The outcomes of those that did not go well are told by Failed,
// Unknown or Wrong besides.
func (c *Client) Done(now time.Time, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f := &c.mu.figures
	f.Commands += uint64(n)
	f.LongestWait = max(f.LongestWait, now.Sub(c.mu.sent))
	c.mu.sent = time.Time{}
}

// Served notes a good reply: the client has service.
func (c *Client) Served(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f := &c.mu.figures
	f.LongestGap = max(f.LongestGap, now.Sub(c.mu.served))
	c.mu.served = now
}

// Failed counts a command that ended with an error.
func (c *Client) Failed(trouble string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mu.figures.Errors++
	c.mu.figures.trouble(trouble)
}

// Unknown counts an UNKNOWNOUTCOME that the contract allows.
func (c *Client) Unknown() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mu.figures.Unknown++
}

// Wrong counts a reply that can't be true.
func (c *Client) Wrong(trouble string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mu.figures.Wrong++
	c.mu.figures.trouble(trouble)
}

// Closed counts a connection that was lost.
func (c *Client) Closed() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mu.figures.Closed++
}

// ServedSince says whether the client has had a good reply after t.
func (c *Client) ServedSince(t time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mu.served.After(t)
}

// Figures as of now: what the client still waits for, and how long it has been without a good reply,
// are in the times.
func (c *Client) Figures(now time.Time) Figures {
	c.mu.Lock()
	defer c.mu.Unlock()
	f := c.mu.figures
	f.Troubles = slices.Clone(f.Troubles)
	f.LongestGap = max(f.LongestGap, now.Sub(c.mu.served))
	if !c.mu.sent.IsZero() {
		f.LongestWait = max(f.LongestWait, now.Sub(c.mu.sent))
	}
	return f
}
