package switching

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"sentinelproxy/benchmarks/load"
	"sentinelproxy/internal/servers"
)

// workers is the size of the clients' pool: more than are ever busy but in a switch.
const workers = 50

// Options of a run.
type Options struct {
	Program       string // sentinelproxy
	Rate          int    // commands per second, half of them writes
	Before, After time.Duration
	Progress      io.Writer
}

// Seen is what the clients of one way saw.
type Seen struct {
	Way   string
	Label string // Way in a few letters
	Calls []load.Call
	Began time.Duration // of the switch, on the calls' clock
	Took  time.Duration // until the Sentinels agreed on the new master, and it did
	// Of the writes, how many were acknowledged, and how many of those the new master does not have, at the end, when the old
	// one has been made a replica.
	Acknowledged, Lost int
}

// Errors of the calls, and the first.
func (s Seen) Errors() (n int, first error) {
	for _, c := range s.Calls {
		if c.Err != nil {
			n++
			if first == nil {
				first = c.Err
			}
		}
	}
	return n, first
}

// Run makes a switch in each way, on servers of its own.
func Run(ctx context.Context, o Options) (all []Seen, err error) {
	for _, w := range ways {
		fmt.Fprintf(o.Progress, "%s: %v\n", w.name, o.Before+o.After)
		seen, err := o.one(ctx, w)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", w.name, err)
		}
		all = append(all, seen)
	}
	return all, nil
}

func (o Options) one(ctx context.Context, w way) (seen Seen, err error) {
	pool, err := servers.New()
	if err != nil {
		return seen, err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	s, err := stage(pool, o.Program)
	if err != nil {
		return seen, err
	}
	client := w.client(s)
	defer client.Close()
	if err := client.Ping(ctx).Err(); err != nil {
		return seen, err
	}
	seen.Way, seen.Label = w.name, w.label

	type outcome struct {
		master *servers.Node
		err    error
	}
	over := make(chan outcome, 1)
	start := time.Now()
	time.AfterFunc(o.Before, func() {
		seen.Began = time.Since(start)
		err := w.begin(ctx, s)
		var master *servers.Node
		if err == nil {
			master, err = s.moved(ctx)
		}
		seen.Took = time.Since(start) - seen.Began
		over <- outcome{master, err}
	})
	seen.Calls = load.Pace(ctx, o.Rate, o.Before+o.After, workers, func(ctx context.Context, i int) error {
		if i%2 == 0 {
			return client.Set(ctx, writeKey(i), i, 0).Err()
		}
		return client.Get(ctx, writeKey(0)).Err()
	})
	end := <-over
	if end.err != nil {
		return seen, end.err
	}
	return seen, seen.count(ctx, end.master)
}

func writeKey(i int) string { return fmt.Sprintf("write:%d", i) }

// count compares what was acknowledged with what the new master has. Each write has a key of its own.
func (s *Seen) count(ctx context.Context, master *servers.Node) error {
	var keys []string
	for i, c := range s.Calls {
		if i%2 == 0 && c.Err == nil {
			keys = append(keys, writeKey(i))
		}
	}
	n, err := kept(ctx, master, keys)
	s.Acknowledged, s.Lost = len(keys), len(keys)-n
	return err
}
