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

// Numbers of connections that the requirements speak of.
const (
	idleConns   = 10_000
	servedConns = 20_000
)

// spare are descriptors that a process needs besides its connections. The proxy keeps somewhat more than 100 from its clients.
const spare = 200

// greeted has each connection ask once, so that everybody on the way has taken it in and given it what it needs.
func greeted(int) [][]string { return [][]string{{"PING"}} }

// measureFacts takes what does not depend on the neighbours, on a sentinelproxy that has served nobody before.
func (r *runner) measureFacts(ctx context.Context) (report.Facts, error) {
	facts := report.NoFacts()
	if !r.facts {
		return facts, nil
	}
	room, err := usage.Descriptors()
	if err != nil {
		return facts, err
	}
	room -= spare
	r.say("idle connections, and very many")
	facts.IdleConns = min(idleConns, room)
	if facts.IdleBytes, err = r.idleBytes(ctx, facts.IdleConns); err != nil {
		return facts, err
	}
	facts.Room = room
	facts.Served, err = r.serve(ctx, min(servedConns, room))
	return facts, err
}

// fresh starts a sentinelproxy for n connections. It has to be stopped.
func (r *runner) fresh(n int, flags ...string) (target.Target, error) {
	return r.env.Fresh(append(flags, "--max-clients", fmt.Sprint(n+spare))...)
}

func (r *runner) stop(t target.Target) error {
	r.stopped[t.Proxy] = true
	return t.Proxy.Stop()
}

// idleBytes is resident memory for each of n idle connections.
func (r *runner) idleBytes(ctx context.Context, n int) (float64, error) {
	t, err := r.fresh(n)
	if err != nil {
		return 0, err
	}
	before, err := settled(ctx, t)
	if err != nil {
		return 0, err
	}
	crowd, err := load.Dial(t.At, n, greeted)
	if err != nil {
		return 0, failed(t, load.Case{Command: "PING", Conns: n}, err)
	}
	defer crowd.Close()
	after, err := settled(ctx, t)
	if err != nil {
		return 0, err
	}
	return float64(after-before) / float64(n), r.stop(t)
}

// settled is the resident memory of a target that has nothing to do any more.
func settled(ctx context.Context, t target.Target) (int64, error) {
	select {
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	case <-time.After(time.Second):
	}
	s, err := usage.Read(t.Proxy.Pid())
	return s.RSS, err
}

// serve has n connections ask at the same time, some times over, and returns how many got all their replies: n, or there
// is an error.
func (r *runner) serve(ctx context.Context, n int) (int, error) {
	t, err := r.fresh(n)
	if err != nil {
		return 0, err
	}
	c := load.Case{Command: "GET", Size: 64, Conns: n, Depth: 1}
	if err := r.fill(t, c); err != nil {
		return 0, err
	}
	const turns = 5
	seen, err := (load.Loop{Keys: r.keysFor(c.Size)}).Run(ctx, t.At, c, turns*n)
	if err == nil && seen.Errors > 0 {
		err = fmt.Errorf("%d errors, the first: %s", seen.Errors, seen.FirstError)
	}
	if err != nil {
		return 0, failed(t, c, err)
	}
	return n, r.stop(t)
}
