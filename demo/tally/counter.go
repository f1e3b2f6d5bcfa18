package tally

import "fmt"

// Counter is what one client knows of a key that it alone increments, from 0 on. An acknowledged INCR
// tells how many were applied in all, so that one lost or applied twice shows at the very next reply.
//
// Not for several goroutines at a time.
type Counter struct {
	Acknowledged uint64 // INCRs that were answered with a number
	Unsure       uint64 // INCRs that may or may not have been applied

	last int64 // the last number
	open int64 // Unsure since then
}

// Acked checks the answer to an INCR: one more than the last, and at most one more again for each
// unsure one between.
func (c *Counter) Acked(value int64) error {
	low, high := c.last+1, c.last+1+c.open
	c.Acknowledged++
	c.last, c.open = value, 0
	return within("INCR answered", value, low, high)
}

// Lost notes an INCR whose outcome is not known.
func (c *Counter) Lost() {
	c.Unsure++
	c.open++
}

// Final checks the value in the end, 0 for none: between what was acknowledged and that plus the unsure ones.
func (c *Counter) Final(value int64) error {
	return within("the counter is", value, c.last, c.last+c.open)
}

func within(what string, value, low, high int64) error {
	switch {
	case value >= low && value <= high:
		return nil
	case low == high:
		return fmt.Errorf("%s %d, not %d", what, value, low)
	default:
		return fmt.Errorf("%s %d, not %d to %d", what, value, low, high)
	}
}
