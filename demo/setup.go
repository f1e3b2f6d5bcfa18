package main

import (
	"context"
	"errors"
	"time"

	"sentinelproxy/internal/servers"
)

// The group of the walkthrough.
const (
	masterName      = "the_master"
	downAfter       = 5 * time.Second
	failoverTimeout = 60 * time.Second
)

// setUp starts everything but the clients. The search for a Dragonfly, which may pull an image, goes on
// beside the rest.
func (d *demo) setUp(ctx context.Context) error {
	type found struct {
		engine *engine
		err    error
	}
	type grown struct {
		cluster *servers.Cluster
		err     error
	}
	third, group := make(chan found, 1), make(chan grown, 1)
	go func() {
		var f found
		f.engine, f.err = d.startEngine(ctx)
		third <- f
	}()
	go func() {
		var g grown
		g.cluster, g.err = d.startCluster()
		group <- g
	}()

	f := <-third // always: there may be a container to remove
	d.engine = f.engine
	var g grown
	select {
	case g = <-group:
	case <-ctx.Done(): // its servers are killed by now, but it may go on asking them for a while
		return ctx.Err()
	}
	if err := errors.Join(g.err, f.err); err != nil {
		return err
	}
	d.cluster = g.cluster
	d.cluster.Nodes = append(d.cluster.Nodes, f.engine.node)
	d.story.say("%s", f.engine.describe())
	if d.withoutProxy {
		d.story.say("no proxy (--without-proxy): its clients are led straight to the first Redis, and will notice")
		return nil
	}
	if err := d.startProxy(); err != nil {
		return err
	}
	d.story.say("the proxy: %s, its status: http://%s/api/v1/status", address(d.ports.proxy), address(d.ports.admin))
	return nil
}

func (d *demo) startCluster() (*servers.Cluster, error) {
	p := d.ports
	d.story.say("starting Redis %d, its replica %d, Sentinels %d to %d", p.redis, p.replica, p.sentinels[0], p.sentinels[2])
	cluster, err := d.pool.Cluster(servers.ClusterOptions{
		Name: masterName, Replicas: 1, Sentinels: len(p.sentinels), Quorum: 2,
		DownAfter: downAfter, FailoverTimeout: failoverTimeout,
		NodePorts: []int{p.redis, p.replica}, SentinelPorts: p.sentinels[:],
	})
	if err != nil {
		return nil, err
	}
	d.story.say("%s is up: the replica is in sync, the Sentinels know all", masterName)
	d.story.more("(quorum 2, down-after %v, failover-timeout %v)", downAfter, failoverTimeout)
	return cluster, nil
}
