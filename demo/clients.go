package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"sentinelproxy/demo/load"
	"sentinelproxy/demo/report"
	"sentinelproxy/demo/tally"
)

// crowd is all clients at one address.
type crowd struct {
	title string
	kinds []load.Kind // running
	ended []load.Kind // stopped
}

// startClients starts the legacy clients at the proxy, and the same go-redis ones straight at the first Redis.
func (d *demo) startClients() error {
	redisAddr, addr := address(d.ports.redis), address(d.ports.proxy)
	d.proxied = &crowd{title: "through the proxy, " + addr}
	if d.withoutProxy {
		addr = redisAddr
		d.proxied.title = "without the proxy, straight at " + addr
	}
	d.direct = &crowd{title: "direct clients, straight at " + redisAddr}

	o := load.Options{Addr: addr, Prefix: "proxied", Start: d.story.start, Stopping: &d.stopping}
	cli, err := load.StartCLI(o)
	if err != nil {
		return err
	}
	d.proxied.kinds = append(d.proxied.kinds, cli)
	d.proxied.kinds = append(d.proxied.kinds, load.StartLibrary(o)...)
	benchmark, err := load.StartBenchmark(d.pool, o)
	if err != nil {
		return err
	}
	d.proxied.kinds = append(d.proxied.kinds, benchmark)

	// Nobody answers UNKNOWNOUTCOME here: a lost connection is an error at any time.
	d.direct.kinds = load.StartLibrary(load.Options{Addr: redisAddr, Prefix: "direct", Start: d.story.start, Stopping: new(atomic.Bool)})
	return nil
}

func (c *crowd) figures() tally.Figures {
	now := time.Now()
	var all []tally.Figures
	for _, k := range c.kinds {
		all = append(all, k.Figures(now))
	}
	return tally.Sum(all...)
}

// describe is one line about what the clients have seen so far.
func (c *crowd) describe() string {
	f := c.figures()
	text := fmt.Sprintf("%s commands, %s errors, %s closed connections", report.Count(f.Commands), report.Count(f.Errors), report.Count(f.Closed))
	if f.Unknown > 0 {
		text += fmt.Sprintf(", %s unknown outcomes", report.Count(f.Unknown))
	}
	return text
}

func (c *crowd) servedSince(t time.Time) bool {
	for _, k := range c.kinds {
		if !k.ServedSince(t) {
			return false
		}
	}
	return true
}

// awaitService waits until every client has had a good reply after t, at most limit.
func (c *crowd) awaitService(ctx context.Context, t time.Time, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for !c.servedSince(t) {
		if err := sleep(ctx, 10*time.Millisecond); err != nil {
			return fmt.Errorf("not all clients are served: %s", c.describe())
		}
	}
	return nil
}

// stop ends all clients and returns what they saw. May be called on a nil crowd.
func (c *crowd) stop() report.Section {
	if c == nil {
		return report.Section{}
	}
	s := report.Section{Title: c.title}
	for _, k := range c.kinds {
		k.Stop()
	}
	now := time.Now()
	for _, k := range c.kinds {
		s.Rows = append(s.Rows, report.Row{Name: k.Name(), Figures: k.Figures(now)})
	}
	c.kinds, c.ended = nil, c.kinds
	return s
}

// check compares what the clients were told with what the master holds. After stop.
func (c *crowd) check(ctx context.Context, master *redis.Client) load.Data {
	var d load.Data
	for _, k := range c.ended {
		d.Add(k.Check(ctx, master))
	}
	return d
}

// sleep returns early, with an error, when ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
