package main

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"time"

	"sentinelproxy/internal/servers"
)

// fullPriority is the default of Redis and of Dragonfly.
const fullPriority = "100"

// joinEngine makes the third server a replica that Sentinel will choose, and nobody else. In this order:
//
//  1. No Redis can be elected: it would follow Dragonfly in vain, keep stale data, and be promoted one day.
//     The first one is stopped and stays so, the master gets priority 0 for the case that it comes back.
//  2. REPLICAOF, with the address exactly as Sentinel gives it; with another name for the same host Sentinel
//     would point it anew, and Dragonfly would load everything again.
//  3. In sync, as it says itself, and with all that the master has; before that its priority is 0.
//  4. Priority 100, and wait until all Sentinels have read it: they ask every 10 s. SENTINEL RESET is not
//     needed, and would make them forget each other and the replicas for a while.
func (d *demo) joinEngine(ctx context.Context, master *servers.Node) error {
	name, node := d.engine.name, d.engine.node
	if _, err := master.Do(ctx, "CONFIG", "SET", "replica-priority", "0"); err != nil {
		return fmt.Errorf("%s: replica-priority 0: %w", master.Addr(), err)
	}
	addr, err := d.cluster.Sentinels[0].MasterAddr(ctx)
	if err != nil {
		return err
	}
	d.story.say("%s: REPLICAOF %s, as Sentinel gives it", node.Addr(), addr)
	d.story.more("(its priority is 0 until it is in sync: Sentinel would promote a half-loaded one)")
	if err := node.ReplicaOf(addr); err != nil {
		return err
	}
	begin := time.Now()
	if err := awaitCaughtUp(ctx, master, node); err != nil {
		return err
	}
	d.story.say("%s is in sync after %.2f s, the master's offset reached", name, time.Since(begin).Seconds())
	if _, err := node.Do(ctx, "CONFIG", "SET", "replica-priority", fullPriority); err != nil {
		return fmt.Errorf("%s: replica-priority: %w", node.Addr(), err)
	}
	d.story.say("its priority is %s now; the Sentinels learn of it within 20 s", fullPriority)
	for _, s := range d.cluster.Sentinels {
		if err := awaitElectable(ctx, s, node.Addr()); err != nil {
			return err
		}
	}
	d.story.say("all Sentinels know it as a replica that can be elected, the only one")
	d.story.more("behind the proxy: %s", d.proxied.describe())
	return nil
}

// awaitCaughtUp waits until replica has all that master had written when it was asked. Dragonfly says "link
// up" before it has begun, but has an offset only when it is in sync.
func awaitCaughtUp(ctx context.Context, master, replica *servers.Node) error {
	if err := replica.WaitSynced(ctx); err != nil {
		return err
	}
	fields, err := master.Info("replication")
	if err != nil {
		return err
	}
	goal, err := strconv.ParseInt(fields["master_repl_offset"], 10, 64)
	if err != nil {
		return fmt.Errorf("%s: master_repl_offset: %w", master.Addr(), err)
	}
	for {
		fields, err := replica.Info("replication")
		if err != nil {
			return err
		}
		offset, err := strconv.ParseInt(fields["slave_repl_offset"], 10, 64)
		if err == nil && offset >= goal && fields["master_link_status"] == "up" && fields["master_sync_in_progress"] == "0" {
			return nil
		}
		if err := sleep(ctx, 10*time.Millisecond); err != nil {
			return fmt.Errorf("%s does not catch up: offset %q of %d", replica.Addr(), fields["slave_repl_offset"], goal)
		}
	}
}

// awaitElectable waits until the Sentinel would elect the replica addr, and no other.
func awaitElectable(ctx context.Context, s *servers.Sentinel, addr string) error {
	client := s.Client()
	defer client.Close()
	for {
		replicas, err := client.Replicas(ctx, masterName).Result()
		if err == nil && onlyElectable(replicas, addr) {
			return nil
		}
		if err := sleep(ctx, 200*time.Millisecond); err != nil {
			return fmt.Errorf("%s does not know %s as the only electable replica", s.Name(), addr)
		}
	}
}

// onlyElectable reads SENTINEL REPLICAS as the election does: down, disconnected or of priority 0 is out.
func onlyElectable(replicas []map[string]string, addr string) bool {
	var electable []string
	for _, r := range replicas {
		if r["flags"] == "slave" && r["slave-priority"] != "0" {
			electable = append(electable, net.JoinHostPort(r["ip"], r["port"])+" "+r["slave-priority"]+" "+r["master-link-status"])
		}
	}
	return len(electable) == 1 && electable[0] == addr+" "+fullPriority+" ok"
}
