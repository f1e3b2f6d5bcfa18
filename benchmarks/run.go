package main

import (
	"context"
	"fmt"
	"os"
	"slices"
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
	bench   string                    // path of redis-benchmark
	sizes   map[*servers.Node]int     // of the values that each server's keys have now
	stopped map[*servers.Process]bool // by us: another one that has ended is a failure
	rates   map[cell]float64          // commands per second seen last: how many commands fill a run
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
	r := &runner{options: o, env: env, bench: bin, rates: map[cell]float64{}, sizes: map[*servers.Node]int{}, stopped: map[*servers.Process]bool{}}
	if err := r.start(); err != nil {
		env.Close() // the reason why it could not start is what matters
		return nil, err
	}
	return r, nil
}

// start brings up the targets that were named, or all that suit the run.
func (r *runner) start() error {
	names := r.options.targets
	if !r.named && !r.quick {
		ok, err := r.env.Acknowledges()
		if err != nil {
			return err
		}
		if ok {
			names = append(names, target.Acknowledging()...)
		}
	}
	for _, name := range names {
		t, err := r.env.Start(name)
		if err != nil {
			return err
		}
		r.targets = append(r.targets, t)
	}
	return nil
}

// suits says whether a target is measured in a case.
func (r *runner) suits(t target.Target, c load.Case) bool {
	return t.Can(c) && (r.named || t.Usual(c))
}

// pair is a target and a case that are measured together.
type pair struct {
	t target.Target
	c load.Case
}

// pairs are all that is measured in one round, in the order of the first.
func (r *runner) pairs() (all []pair) {
	for _, c := range r.cases {
		for _, t := range r.targets {
			if r.suits(t, c) {
				all = append(all, pair{t, c})
			}
		}
	}
	return all
}

// What a run needs besides the time that its commands take, to start the generator, to fill the server and to read the figures, and what
// measureFacts takes: both as they were on two cores.
const (
	aroundRun   = 80 * time.Millisecond
	factsTake   = 6 * time.Second
	warmUpTakes = 150 * time.Millisecond
)

// expected is about how long it will take to measure everything.
func (r *runner) expected() time.Duration {
	var total time.Duration
	for _, p := range r.pairs() {
		total += warmUpTakes + aroundRun + time.Duration(r.rounds)*(r.length(p.c)+aroundRun)
	}
	if r.facts {
		total += factsTake
	}
	return total
}

// keysFor is the size of the keyspace for values of a size: less than asked for when they would not fit.
func (r *runner) keysFor(size int) int {
	const room = 256 << 20
	return max(1, min(r.keys, room/size))
}

// generator of a case.
func (r *runner) generator(c load.Case) load.Generator {
	rb := load.RedisBenchmark{Bin: r.bench, Threads: r.threads, Keys: r.keysFor(c.Size)}
	if r.load != "loop" && rb.Can(c) {
		return rb
	}
	return load.Loop{Keys: r.keysFor(c.Size)}
}

// run warms up, then measures round by round: a drift of the machine hits all targets alike, because in each round
// they come one right after the other, and their order is another one each round.
func (r *runner) run(ctx context.Context) (report.Samples, error) {
	r.say("%d targets, %d cases, %d rounds: about %v", len(r.targets), len(r.cases), r.rounds, r.expected().Round(time.Second))
	if err := r.warmUp(ctx); err != nil {
		return nil, err
	}
	var samples report.Samples
	for round := range r.rounds {
		for _, c := range r.cases {
			for _, t := range rotated(r.targets, round) {
				if !r.suits(t, c) {
					continue
				}
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
	for _, p := range r.pairs() {
		if err := r.fill(p.t, p.c); err != nil {
			return err
		}
		got, err := r.generator(p.c).Run(ctx, p.t.At, p.c, load.Count(p.c, guess(p.c), warmUpTakes))
		if err != nil {
			return failed(p.t, p.c, err)
		}
		r.rates[cell{p.t.Name, p.c}] = got.RPS
	}
	return nil
}

// guess is commands per second of a slow proxy.
func guess(c load.Case) float64 {
	const commands, bytes = 20_000, 200e6
	rate := float64(commands)
	if c.Depth > 1 {
		rate *= 4
	}
	return min(rate, bytes/float64(c.Payload()))
}

// fill gives the keys of the target's server values of the case's size, unless they have them.
func (r *runner) fill(t target.Target, c load.Case) error {
	if c.Command == "LPUSH" {
		if err := target.ClearPushed(t.Server); err != nil {
			return err
		}
	}
	if r.sizes[t.Server] == c.Size {
		return nil
	}
	r.sizes[t.Server] = c.Size
	return target.Preload(t.Server, r.keysFor(c.Size), c.Size)
}

// failed puts the target's own words beside the load generator's.
func failed(t target.Target, c load.Case, err error) error {
	log := ""
	if t.Proxy != nil {
		log = "\n" + t.Proxy.LastWords()
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
