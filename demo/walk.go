package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"sentinelproxy/demo/load"
	"sentinelproxy/demo/report"
	"sentinelproxy/internal/servers"
)

// steady is how long nothing happens at the beginning and at the end.
const steady = 5 * time.Second

// demo is one run. Everything but stopping is owned by the goroutine that walks.
type demo struct {
	story        *story
	ports        ports
	withoutProxy bool
	binary       string // the proxy's
	pool         *servers.Pool

	cluster  *servers.Cluster
	engine   *engine
	proxy    *servers.Command
	proxied  *crowd
	direct   *crowd
	stopping atomic.Bool // a master is being stopped; read by the clients
}

// walk does it all. It returns whether the proxied clients noticed nothing; an error says that the
// walkthrough itself went wrong.
func (d *demo) walk(ctx context.Context) (passed bool, err error) {
	defer d.cleanUp()
	if err := d.setUp(ctx); err != nil {
		return false, err
	}
	first, second, last := d.cluster.Nodes[0], d.cluster.Nodes[1], d.engine.node

	d.story.heading("1. Steady: clients that know nothing of Sentinel")
	if err := d.startClients(); err != nil {
		return false, err
	}
	d.story.say("clients: redis-cli, go-redis (SET/GET, INCR, pipelines of 16; retries off), redis-benchmark")
	d.story.more("(go-redis: ReadTimeout %v; Sentinel alone takes longer than its default of 5 s)", load.ReadTimeout)
	if err := d.proxied.awaitService(ctx, time.Now(), 15*time.Second); err != nil {
		return false, d.withLog(err)
	}
	if err := sleep(ctx, steady); err != nil {
		return false, err
	}
	d.story.say("behind the proxy: %s", d.proxied.describe())
	d.story.more("direct clients:   %s", d.direct.describe())

	d.story.heading("2. The master stops; its replica takes over")
	if err := d.stopMaster(ctx, first, second); err != nil {
		return false, d.withLog(err)
	}

	d.story.heading("3. " + capital(d.engine.name) + " joins as a replica")
	if err := d.joinEngine(ctx, second); err != nil {
		return false, d.withLog(err)
	}

	d.story.heading("4. That master stops too; " + d.engine.name + " takes over")
	if err := d.stopMaster(ctx, second, last); err != nil {
		return false, d.withLog(err)
	}

	d.story.heading("5. Steady on " + d.engine.name)
	if err := sleep(ctx, steady); err != nil {
		return false, err
	}
	return d.finish(ctx)
}

// finish stops the clients and prints what they and the proxy saw.
func (d *demo) finish(ctx context.Context) (bool, error) {
	proxied, direct := d.proxied.stop(), d.direct.stop()
	d.story.say("the clients are stopped")
	out := d.story.out

	fmt.Fprintln(out)
	if !d.withoutProxy {
		if err := d.timelines(ctx); err != nil {
			return false, d.withLog(err)
		}
	}
	report.Table(out, proxied, direct)
	fmt.Fprintln(out)

	client := d.engine.node.Client()
	defer client.Close()
	data := d.proxied.check(ctx, client)
	report.Data(out, fmt.Sprintf("Writes of the clients %s, read on the final master %s:", proxied.Title, d.engine.node.Addr()), data)
	fmt.Fprintln(out)
	return report.Verdict(out, proxied, data), nil
}

func (d *demo) timelines(ctx context.Context) error {
	switches, err := d.switches(ctx)
	if err != nil {
		return fmt.Errorf("the proxy's reports of its switches: %w", err)
	}
	for i, s := range switches {
		report.Timeline(d.story.out, i+1, s)
		fmt.Fprintln(d.story.out)
	}
	return nil
}

// withLog adds the end of the proxy's log to an error that it may explain.
func (d *demo) withLog(err error) error {
	if d.proxy == nil {
		return err
	}
	return fmt.Errorf("%w\nthe end of the proxy's log:\n%s", err, tail(d.proxy.Log(), 15))
}

// cleanUp ends what the pool does not end.
func (d *demo) cleanUp() {
	d.proxied.stop()
	d.direct.stop()
	if d.engine != nil {
		d.engine.remove()
	}
}
