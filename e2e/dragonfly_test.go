package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	"sentinelproxy/internal/servers"
)

// The switch that the proxy exists for: Dragonfly, or its double where there is none, joins Redis as a replica and is
// promoted by the Sentinels.

// migration is a Redis with a replica under three Sentinels and a Dragonfly, the only one that they may promote.
func migration(t *testing.T) (*servers.T, *servers.ClusterT, *servers.Node) {
	t.Helper()
	pool := servers.NewT(t)
	// Priority 0 for all Redis nodes: none could follow Dragonfly afterwards.
	cluster := pool.Cluster(servers.ClusterOptions{
		Replicas: 1, Sentinels: 3, DownAfter: time.Second, NodeConfig: []string{"replica-priority 0"},
	})
	dragonfly := pool.Dragonfly(servers.DragonflyOptions{})
	t.Logf("the engine that takes over: %s", dragonfly.Kind())
	if err := dragonfly.ReplicaOf(cluster.Nodes[0].Addr()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := dragonfly.WaitSynced(ctx); err != nil {
		t.Fatal(err)
	}
	replicated(t, cluster.Nodes[0], 2)
	cluster.Nodes = append(cluster.Nodes, dragonfly)
	if err := cluster.WaitKnown(ctx); err != nil { // they look for new replicas every 10 s
		t.Fatal(err)
	}
	return pool, cluster, dragonfly
}

// TestMigrationByFailoverCommand: nobody notices anything, nothing is lost.
func TestMigrationByFailoverCommand(t *testing.T) {
	t.Parallel()
	pool, cluster, dragonfly := migration(t)
	p := before(t, pool, cluster)
	audited := p.audit()
	clients := gather(t, p, planned)
	old := cluster.Master()
	clients.works(20)
	if next := cluster.Failover(); next != dragonfly {
		t.Fatalf("promoted: %s", next.Name())
	}
	p.serving(dragonfly)
	clients.works(50)
	audited()
	clients.conclude(p, dragonfly)
	p.moved(t, old, dragonfly)
}

// TestMigrationByStop: the master is stopped in the friendly way, as in the walkthrough.
func TestMigrationByStop(t *testing.T) {
	t.Parallel()
	migrationByDeath(t, rules{excused: unknownWrites}, (*servers.Node).Stop)
}

// TestMigrationByCrash: SIGKILL.
func TestMigrationByCrash(t *testing.T) {
	t.Parallel()
	migrationByDeath(t, rules{lossy: true, excused: unknownWrites}, func(n *servers.Node) error { return n.Kill() })
}

func migrationByDeath(t *testing.T, r rules, die func(*servers.Node) error) {
	t.Helper()
	pool, cluster, dragonfly := migration(t)
	p := before(t, pool, cluster)
	audited := p.audit()
	clients := gather(t, p, r)
	old := cluster.Master()
	clients.works(20)
	if err := die(old); err != nil {
		t.Fatal(err)
	}
	if next := cluster.WaitMasterOtherThan(old); next != dragonfly {
		t.Fatalf("promoted: %s", next.Name())
	}
	p.serving(dragonfly)
	clients.works(30)
	audited()
	clients.conclude(p, dragonfly)
	p.moved(t, old, dragonfly)
}

// TestMixedMigration: transactions, scripts, databases, lists, and clients that come and go.
func TestMixedMigration(t *testing.T) {
	t.Parallel()
	pool, cluster, dragonfly := migration(t)
	p := before(t, pool, cluster)
	audited := p.audit()
	clients := gatherMixed(t, p, planned)
	old := cluster.Master()
	clients.works(20)
	if next := cluster.Failover(); next != dragonfly {
		t.Fatalf("promoted: %s", next.Name())
	}
	p.serving(dragonfly)
	clients.works(30)
	audited()
	clients.concludeMixed(p, dragonfly)
	p.moved(t, old, dragonfly)
}

// impossible with Dragonfly are sessions with something that it does not have.
var impossible = map[string]string{
	"CLIENT TRACKING": "no BCAST",
}

// TestPinnedSessionsMigrate: each kind of session that has a link of its own goes on with Dragonfly.
func TestPinnedSessionsMigrate(t *testing.T) {
	t.Parallel()
	pool, cluster, dragonfly := migration(t)
	p := before(t, pool, cluster)
	wires := make([]*wire, len(sessions))
	for i, s := range sessions {
		if impossible[s.name] != "" {
			continue
		}
		wires[i] = dial(t, p, 2)
		if s.proto == 3 {
			wires[i].ask(t, "HELLO", "3")
		}
		s.before(t, wires[i], key(i))
	}
	if next := cluster.Failover(); next != dragonfly {
		t.Fatalf("promoted: %s", next.Name())
	}
	p.serving(dragonfly)
	for i, s := range sessions {
		if wires[i] != nil {
			t.Run(s.name, func(t *testing.T) { s.after(t, wires[i], dial(t, p, 2), key(i)) })
		}
	}
	if sum := p.settled(); sum.closed() != sum.Closed["peer"] {
		t.Errorf("closed: %v", sum.Closed)
	}
}

// TestRefusedByDragonfly: what Dragonfly does not have is told in its words, and the connection goes on.
func TestRefusedByDragonfly(t *testing.T) {
	t.Parallel()
	pool, cluster, dragonfly := migration(t)
	p := before(t, pool, cluster)
	w := dial(t, p, 2)
	w.want(t, "OK", "SET", "refused", "1")
	if next := cluster.Failover(); next != dragonfly {
		t.Fatalf("promoted: %s", next.Name())
	}
	p.serving(dragonfly)
	for _, command := range []string{"LCS refused refused", "OBJECT ENCODING refused", "SWAPDB 0 1"} {
		args := strings.Fields(command)
		w.want(t, "ERR unknown command `"+args[0]+"`", args...)
	}
	w.want(t, "1", "GET", "refused")
}
