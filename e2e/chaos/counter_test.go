package chaos

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/redis/go-redis/v9"

	"sentinelproxy/internal/servers"
)

// counter is a key that one client alone increments. Each reply says how many increments there were, so one that was lost or applied
// twice shows at the next reply. It begins at a value of its own, so that another counter's reply shows as such.
type counter struct {
	*tally
	key  string
	last int64
	open int64 // increments of unknown outcome since last
}

// apart is the distance between the first values of two counters.
const apart = 1_000_000_000

func (c *counter) first(client int) []string {
	c.last = int64(client+1) * apart
	return []string{"SET", c.key, strconv.FormatInt(c.last, 10)}
}

// incremented takes the reply to one increment.
func (c *counter) incremented(v any) {
	yes, unknown := applied(v)
	if unknown {
		c.open++
	}
	if !yes {
		return
	}
	n, is := v.(int64)
	if !is {
		c.foreign(fmt.Sprintf("an increment of %s was answered with %v", c.key, v))
		return
	}
	c.is(n, 1)
}

// read takes the value of the key, asked for when nothing was on the way.
func (c *counter) read(v any) {
	if yes, _ := applied(v); !yes {
		return
	}
	n, err := strconv.ParseInt(fmt.Sprint(v), 10, 64)
	if err != nil && v != nil {
		c.foreign(fmt.Sprintf("%s is %v", c.key, v))
		return
	}
	c.is(n, 0)
}

// is checks a value that this many increments more have led to, besides those of unknown outcome.
func (c *counter) is(n, more int64) {
	low := c.last + more
	high := low + c.open
	note := fmt.Sprintf("%s is %d, not %d to %d", c.key, n, low, high)
	switch {
	case n/apart != low/apart && n != more: // nothing is left of a key that was lost as a whole
		c.foreign(note)
	case n > high:
		c.twice(n-high, note)
	case n < low:
		c.lost(low-n, note)
	}
	c.last, c.open = n, 0
}

// final compares with what the master has.
func (c *counter) final(master *servers.Node) { c.read(stored(master, c.key)) }

// stored is the value of a string, nil if there is none, asked of the node itself.
func stored(n *servers.Node, key string) any {
	v, err := n.Do(context.Background(), "GET", key)
	if errors.Is(err, redis.Nil) {
		return nil
	}
	if err != nil {
		return err
	}
	return v
}
