package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"sentinelproxy/benchmarks/load"
	"sentinelproxy/benchmarks/report"
	"sentinelproxy/benchmarks/target"
	"sentinelproxy/internal/servers"
)

// runner holds what is up and running while it measures.
type runner struct {
	options
	env     *target.Env
	targets []target.Target
	load    load.Generator
	size    int              // of the values that the server's keys have now
	rates   map[cell]float64 // commands per second seen last: how many commands fill a run
}

// cell is one target under one case.
type cell struct {
	target string
	load.Case
}

// prepare starts the server and all targets. Nothing is left running when it fails.
func prepare(o options) (*runner, error) {
	bin, err := servers.Find("redis-benchmark")
	if err != nil {
		return nil, err
	}
	env, err := target.NewEnv(o.a, o.b)
	if err != nil {
		return nil, err
	}
	r := &runner{
		options: o, env: env, rates: map[cell]float64{},
		load: load.RedisBenchmark{Bin: bin, Threads: o.threads, Keys: o.keys},
	}
	for _, name := range o.targets {
		t, err := env.Start(name)
		if err != nil {
			env.Close() // the reason why it could not start is what matters
			return nil, err
		}
		r.targets = append(r.targets, t)
	}
	return r, nil
}

// run warms up, then measures round by round: a drift of the machine hits all targets alike, because in each round
// they come one right after the other, and their order is another one each round.
func (r *runner) run(ctx context.Context) (report.Samples, error) {
	total := time.Duration(r.rounds*len(r.cases)*len(r.targets)) * r.each
	r.say("%d targets, %d cases, %d rounds: about %v", len(r.targets), len(r.cases), r.rounds, total.Round(time.Second))
	if err := r.warmUp(ctx); err != nil {
		return nil, err
	}
	var samples report.Samples
	for round := range r.rounds {
		for _, c := range r.cases {
			for _, t := range rotated(r.targets, round) {
				s, err := r.measure(ctx, t, c)
				if err != nil {
					return nil, err
				}
				s.Round = round + 1
				samples = append(samples, s)
				r.say("round %d/%d  %-38s %-18s %s", s.Round, r.rounds, c, t.Name, brief(s))
			}
		}
	}
	return samples, nil
}

// rotated is all with the first n of them moved to the end.
func rotated[T any](all []T, n int) []T {
	n %= len(all)
	return slices.Concat(all[n:], all[:n])
}

// warmUp runs every case against every target for a moment: memory is allocated, code is paged in, and the rates
// that the first round needs are known.
func (r *runner) warmUp(ctx context.Context) error {
	const moment = 300 * time.Millisecond
	const guess = 20_000 // commands per second at depth 1, of a slow proxy
	for _, c := range r.cases {
		for _, t := range r.targets {
			rate := float64(guess)
			if c.Depth > 1 {
				rate *= 4
			}
			if err := r.fill(c.Size); err != nil {
				return err
			}
			got, err := r.load.Run(ctx, t.At, c, load.Commands(c, rate, moment))
			if err != nil {
				return failed(t, c, err)
			}
			r.rates[cell{t.Name, c}] = got.RPS
		}
	}
	return nil
}

// fill gives the server's keys values of the size, unless they have them.
func (r *runner) fill(size int) error {
	if r.size == size {
		return nil
	}
	r.size = size
	return r.env.Preload(r.keys, size)
}

// failed puts the target's own words beside the load generator's.
func failed(t target.Target, c load.Case, err error) error {
	log := ""
	if t.Proxy != nil {
		lines := strings.Split(strings.TrimSpace(t.Proxy.Log()), "\n")
		log = "\n" + strings.Join(lines[max(0, len(lines)-5):], "\n")
	}
	return fmt.Errorf("%s, %s: %w%s", t.Name, c, err, log)
}

func brief(s report.Sample) string {
	line := fmt.Sprintf("%9.0f/s  p99 %7.3f ms", s.Client.RPS, s.Client.P99)
	if s.Proxy != nil {
		line += fmt.Sprintf("  proxy %6.2f µs/command", report.ProxyCPU.Of(s))
	}
	return line
}

// say tells of the progress, beside the tables that go to standard output.
func (r *runner) say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
}
