package load

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/redis/go-redis/v9"

	"sentinelproxy/demo/tally"
	"sentinelproxy/internal/servers"
)

// benchmarkRequests of one test; it begins the next one then, on new connections, for ever.
const benchmarkRequests = 10_000

// Benchmark is one redis-benchmark, SET and GET in turn without end, as fast as it gets replies. It ends
// by itself when a connection is closed or an error is answered, which is how both are noticed.
type Benchmark struct {
	start   time.Time
	process *servers.Command
	stopped bool
	early   bool // it ended before Stop
}

// StartBenchmark starts one redis-benchmark.
func StartBenchmark(pool *servers.Pool, o Options) (*Benchmark, error) {
	host, port, err := net.SplitHostPort(o.Addr)
	if err != nil {
		return nil, err
	}
	command, err := pool.Command(servers.CommandOptions{
		Path: "redis-benchmark",
		Args: []string{
			"-h", host, "-p", port, "-t", "set,get", "-l", "-n", fmt.Sprint(benchmarkRequests),
			"-c", "4", "-d", "64", "-r", "1000",
		},
	})
	if err != nil {
		return nil, err
	}
	return &Benchmark{start: o.Start, process: command}, nil
}

// Name of the kind.
func (b *Benchmark) Name() string { return "redis-benchmark" }

// Figures from what it has printed: the test that runs now is not in them.
func (b *Benchmark) Figures(time.Time) tally.Figures {
	f := parseBenchmark(b.process.Log())
	for i, t := range f.Troubles {
		f.Troubles[i] = "redis-benchmark: " + t
	}
	if f.Errors == 0 && b.endedEarly() {
		f.Errors, f.Troubles = 1, []string{"redis-benchmark: ended by itself"}
	}
	return f
}

func (b *Benchmark) endedEarly() bool {
	if !b.stopped {
		b.early = !b.process.Running()
	}
	return b.early
}

// ServedSince can't be told from outside; that it does not end is all there is to see.
func (b *Benchmark) ServedSince(time.Time) bool { return true }

// Stop ends the process.
func (b *Benchmark) Stop() {
	b.early, b.stopped = b.endedEarly(), true
	_ = b.process.Kill() // the pool's Close tries again and reports
}

// Check has nothing to compare: it does not tell what it wrote.
func (b *Benchmark) Check(context.Context, *redis.Client) Data { return Data{} }
