package load

import (
	"context"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Loop is a generator of our own, for what redis-benchmark can't do: fixed rates, mixtures, transactions, all
// percentiles. It is one thread on epoll, and needs about as much CPU as redis-benchmark.
//
// At a fixed rate, command number i is due at start + i/rate on connection i mod conns, whatever has become of those
// before it, and its latency counts from then: when the server stands still, all commands that were due meanwhile are late, not
// only those that had been sent. A closed loop would ask nothing meanwhile, and see one slow command ("coordinated omission").
type Loop struct {
	Keys int // size of the keyspace
}

// Run implements Generator.
func (l Loop) Run(ctx context.Context, at Endpoint, c Case, n int) (Result, error) {
	w, err := Dial(at, c.Conns, Greeting(c))
	if err != nil {
		return Result{}, err
	}
	defer w.Close()
	return w.Run(ctx, c, n, l.Keys)
}

// Greeting is what each connection of a case says first; nil when that is nothing.
func Greeting(c Case) func(int) [][]string {
	if c.Protocol != 3 {
		return nil
	}
	return func(int) [][]string { return [][]string{{"HELLO", "3"}} }
}

// NewLatencies is an empty histogram of nanoseconds: from 1 µs to 5 minutes, three digits exact.
func NewLatencies() *hdrhistogram.Histogram {
	return hdrhistogram.New(int64(time.Microsecond), int64(5*time.Minute), 3)
}
