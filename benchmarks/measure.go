package main

import (
	"context"
	"fmt"
	"time"

	"sentinelproxy/benchmarks/load"
	"sentinelproxy/benchmarks/report"
	"sentinelproxy/benchmarks/target"
	"sentinelproxy/benchmarks/usage"
)

// reading is what everything had used at one moment.
type reading struct {
	at        time.Time
	host      usage.Host
	processes map[int]usage.Snapshot // by pid
	executed  int64
}

// read takes the machine's and the server's figures outermost, so that what they say includes all of the run.
func (r *runner) read(t target.Target, c load.Case) (reading, error) {
	n := reading{at: time.Now(), processes: map[int]usage.Snapshot{}}
	var err error
	if n.host, err = usage.ReadHost(); err != nil {
		return n, err
	}
	if n.executed, err = target.Executed(t.Server, c.Counted()); err != nil {
		return n, err
	}
	for _, p := range r.env.Processes() {
		if r.stopped[p] {
			continue
		}
		if !p.Running() {
			return n, fmt.Errorf("%s has ended: %s", p.Name(), p.LastWords())
		}
		if n.processes[p.Pid()], err = usage.Read(p.Pid()); err != nil {
			return n, err
		}
	}
	return n, nil
}

// measure runs one case against one target once.
func (r *runner) measure(ctx context.Context, t target.Target, c load.Case) (report.Sample, error) {
	if err := r.fill(t, c); err != nil {
		return report.Sample{}, err
	}
	key := cell{t.Name, c}
	n := load.Count(c, r.rates[key], r.length(c))
	before, err := r.read(t, c)
	if err != nil {
		return report.Sample{}, err
	}
	seen, err := r.generator(c).Run(ctx, t.At, c, n)
	if err != nil {
		return report.Sample{}, failed(t, c, err)
	}
	after, err := r.read(t, c)
	if err != nil {
		return report.Sample{}, err
	}
	r.rates[key] = seen.RPS
	s := r.account(t, before, after)
	s.Case, s.Client = c, seen
	s.Foreign = max(0, s.Foreign-seen.ClientCPU)
	return s, believable(s)
}

// length is how long a run of a case should take. A fixed rate is about rare commands, the slowest of a hundred or a thousand, so it takes longer
// until there are enough of them.
func (r *runner) length(c load.Case) time.Duration {
	if c.Rate > 0 {
		return 3 * r.each
	}
	return r.each
}

// account divides what was used among the proxy, the server, the benchmark's other processes, and everybody else.
func (r *runner) account(t target.Target, before, after reading) report.Sample {
	host := after.host.Since(before.host)
	s := report.Sample{
		Target: t.Name, Wall: after.at.Sub(before.at), Commands: after.executed - before.executed,
		Foreign: host.Busy, Steal: host.Steal,
	}
	for pid, now := range after.processes {
		d := now.Since(before.processes[pid])
		s.Foreign -= d.CPU
		switch {
		case pid == t.Server.Pid():
			s.Server = d
		case t.Proxy != nil && pid == t.Proxy.Pid():
			s.Proxy = &d
		default:
			s.Bystanders += d.CPU
		}
	}
	return s
}

// believable refuses a run whose commands did not all reach the server, or of which the server saw more: somebody answered
// by himself, sent twice, or used the server meanwhile. A figure per command would be wrong.
func believable(s report.Sample) error {
	if s.Client.Errors > 0 {
		return fmt.Errorf("%s, %s: %d errors, the first: %s", s.Target, s.Case, s.Client.Errors, s.Client.FirstError)
	}
	const tolerance = 0.001
	off := float64(s.Commands)/float64(s.Client.Asked) - 1
	if off < -tolerance || off > tolerance {
		return fmt.Errorf("%s, %s: asked for %d commands, the server executed %d", s.Target, s.Case, s.Client.Asked, s.Commands)
	}
	return nil
}
