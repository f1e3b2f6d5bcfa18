// Package load runs ordinary clients that know nothing of Sentinel, and checks every reply they get:
// go-redis, redis-cli and redis-benchmark.
package load

import (
	"context"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"sentinelproxy/demo/tally"
)

// Kind is all clients of one kind against one address.
type Kind interface {
	Name() string
	// Figures as of now.
	Figures(now time.Time) tally.Figures
	// ServedSince says whether each of the clients has had a good reply after t.
	ServedSince(t time.Time) bool
	// Stop ends the clients. What still waits for a reply then gets stopGrace, and is an error after it.
	Stop()
	// Check compares what the clients were told with what the master holds. After Stop.
	Check(ctx context.Context, master *redis.Client) Data
}

// Data is the comparison of what clients were told with what the master holds.
type Data struct {
	Acknowledged, Unsure, Final uint64   // INCRs: answered with a number, of unknown outcome, values on the master
	Keys                        int      // set to a last known value, and compared
	Lost                        []string // keys that do not hold what was acknowledged
}

// Add sums two comparisons.
func (d *Data) Add(other Data) {
	d.Acknowledged += other.Acknowledged
	d.Unsure += other.Unsure
	d.Final += other.Final
	d.Keys += other.Keys
	d.Lost = append(d.Lost, other.Lost...)
}

// Options of the clients of one address.
type Options struct {
	Addr   string
	Prefix string    // of their keys
	Start  time.Time // zero of the time in messages
	// Stopping is true while a master is being stopped: the only time at which UNKNOWNOUTCOME is allowed.
	Stopping *atomic.Bool
}

// stopGrace is what a command that is under way at the end may take.
const stopGrace = 2 * time.Second

// ReadTimeout of go-redis clients. This is the one setting a client behind the proxy should think of: its
// own default of 5 s is less than Sentinel takes to notice that a master is gone (down-after, 5 s here, and
// the election), so the library itself would give up the connection while the proxy still holds the command.
const ReadTimeout = 60 * time.Second

// isUnknown: the proxy's own error for a write that was on the wire when the master went away.
func isUnknown(text string) bool { return strings.HasPrefix(text, "UNKNOWNOUTCOME") }
