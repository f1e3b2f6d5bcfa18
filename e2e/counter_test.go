package e2e

import "fmt"

// counter is what a client knows of a key that it alone increments, from 0 on. Each reply says how many
// increments have been applied in all, so one that was lost or applied twice shows at the next reply.
type counter struct {
	acked   int64 // answered with a number
	unknown int64 // answered with UNKNOWNOUTCOME

	last  int64 // the last number
	open  int64 // unknown since then
	drops int   // times that acknowledged increments were gone
	twice int   // increments that were applied twice, where that is expected
}

// acknowledged checks a reply: one more than the last, and at most one more again for each unknown between.
// Only where the rules say that it is lossy, because replication is asynchronous and the master was killed, it may be less, once.
func (c *counter) acknowledged(value int64, r *rules) error {
	low, high := c.last+1, c.last+1+c.open
	c.acked++
	c.last, c.open = value, 0
	return c.within(value, low, high, r)
}

func (c *counter) lost() {
	c.unknown++
	c.open++
}

// final checks the key's value in the end.
func (c *counter) final(value int64, r *rules) error {
	return c.within(value, c.last, c.last+c.open, r)
}

func (c *counter) within(value, low, high int64, r *rules) error {
	switch {
	case value > high && r.repeated:
		c.twice += int(value - high)
		return nil
	case value > high:
		return fmt.Errorf("applied twice: the counter is %d, at most %d can be: %+v", value, high, *c)
	case value >= low:
		return nil
	case r.lossy && c.drops == 0:
		c.drops++
		return nil
	}
	return fmt.Errorf("acknowledged increments are lost: the counter is %d, not %d to %d: %+v", value, low, high, *c)
}
