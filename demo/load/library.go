package load

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"sentinelproxy/demo/tally"
)

// Library is a kind of go-redis clients: several workers, each with a client and a connection of its own.
type Library struct {
	name    string
	workers []*worker
}

// workersPerKind times three kinds: enough that some command is always on the wire when a master stops.
const workersPerKind = 4

// StartLibrary starts the three kinds of go-redis clients: SET and GET, INCR, and pipelines of 16.
func StartLibrary(o Options) []Kind {
	quiet()
	return []Kind{
		startLibrary(o, "go-redis SET/GET", func(_ int, prefix string) task { return newSetGet(prefix) }),
		startLibrary(o, "go-redis INCR", func(_ int, prefix string) task { return &counting{key: prefix + "counter"} }),
		startLibrary(o, "go-redis pipelines of 16", func(i int, prefix string) task {
			if i%2 == 0 {
				return &pipedCounting{counting{key: prefix + "counter"}}
			}
			return &pipedSetGet{newSetGet(prefix)}
		}),
	}
}

func startLibrary(o Options, name string, newTask func(i int, prefix string) task) *Library {
	l := &Library{name: name}
	for i := range workersPerKind {
		prefix := fmt.Sprintf("%s:%s:%d:", o.Prefix, name, i)
		l.workers = append(l.workers, startWorker(o, fmt.Sprintf("%s #%d", name, i), newTask(i, prefix)))
	}
	return l
}

// Name of the kind.
func (l *Library) Name() string { return l.name }

// Figures of all workers together.
func (l *Library) Figures(now time.Time) tally.Figures {
	var all []tally.Figures
	for _, w := range l.workers {
		all = append(all, w.seen.Figures(now))
	}
	return tally.Sum(all...)
}

// ServedSince is true when every worker has been served after t.
func (l *Library) ServedSince(t time.Time) bool {
	for _, w := range l.workers {
		if !w.seen.ServedSince(t) {
			return false
		}
	}
	return true
}

// Stop ends the workers.
func (l *Library) Stop() {
	for _, w := range l.workers {
		close(w.stop)
	}
	limit := time.Now().Add(stopGrace)
	for _, w := range l.workers {
		w.end(limit)
	}
}

// Check reads every key that the workers wrote.
func (l *Library) Check(ctx context.Context, master *redis.Client) Data {
	var data Data
	for _, w := range l.workers {
		data.Add(w.task.check(ctx, master))
	}
	return data
}

// silent drops go-redis's own log lines: what they say is counted here, and they would tear the demo's
// output apart.
type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

func quiet() { redis.SetLogger(silent{}) }
