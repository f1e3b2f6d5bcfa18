package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"sentinelproxy/internal/servers"
)

// The switch that the proxy exists for: Dragonfly, or its double where there is none, joins Redis as a replica and is
// promoted by the Sentinels.

// migration is a Redis with a replica under three Sentinels and a Dragonfly, the only one that they may promote.
func migration(t *testing.T) (*servers.T, *servers.ClusterT, *servers.Node) {
	t.Helper()
	return migrationWith(t, "")
}

func migrationWith(t *testing.T, password string) (*servers.T, *servers.ClusterT, *servers.Node) {
	t.Helper()
	pool := servers.NewT(t)
	// Priority 0 for all Redis nodes: none could follow Dragonfly afterwards.
	cluster := pool.Cluster(servers.ClusterOptions{
		Replicas: 1, Sentinels: 3, NodeConfig: []string{"replica-priority 0"},
		Password: password,
	})
	dragonfly := pool.Dragonfly(servers.DragonflyOptions{Password: password})
	t.Logf("the engine that takes over: %s", dragonfly.Kind())
	if err := dragonfly.ReplicaOf(cluster.Nodes[0].Addr()); err != nil {
		t.Fatal(err)
	}
	cluster.Join(dragonfly)
	replicated(t, cluster.Nodes[0], 2)
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
	if got := p.lastFence(); got != "confirmed" { // before it was promoted: afterwards it does not tell
		t.Errorf("the fence: %s", got)
	}
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

// migrants are sessions that only a switch to another engine, or to a server without scripts, can disturb.
var migrants = []pinned{
	{
		name: "SCAN", proto: 2,
		before: func(t *testing.T, w *wire, key string) {
			for i := range 500 {
				w.want(t, "1", "HSET", key, fmt.Sprint("field:", i), strings.Repeat("x", 100))
			}
			cursor, fields := scanned(t, w, key, "0")
			w.want(t, "OK", "SET", key+":cursor", cursor) // kept where after finds it
			w.want(t, fmt.Sprint(len(fields)), append([]string{"SADD", key + ":seen"}, fields...)...)
		},
		after: func(t *testing.T, w, other *wire, key string) {
			for cursor := fmt.Sprint(w.ask(t, "GET", key+":cursor")); cursor != "0"; {
				next, fields := scanned(t, w, key, cursor)
				if len(fields) > 0 {
					other.ask(t, append([]string{"SADD", key + ":seen"}, fields...)...)
				}
				cursor = next
			}
			other.want(t, "500", "SCARD", key+":seen")
		},
	},
	{
		name: "EVALSHA", proto: 2,
		before: func(t *testing.T, w *wire, key string) {
			w.want(t, "61636018f4e6b5817b89791bbed242f93fa089e3", "SCRIPT", "LOAD", "return redis.call('INCR', KEYS[1])")
			w.want(t, "1", "EVALSHA", "61636018f4e6b5817b89791bbed242f93fa089e3", "1", key)
		},
		after: func(t *testing.T, w, other *wire, key string) {
			w.want(t, "2", "EVALSHA", "61636018f4e6b5817b89791bbed242f93fa089e3", "1", key)
			other.want(t, "3", "EVALSHA", "61636018f4e6b5817b89791bbed242f93fa089e3", "1", key)
		},
	},
	{
		name: "CLIENT TRACKING", proto: 3,
		before: func(t *testing.T, w *wire, key string) {
			w.want(t, "OK", "CLIENT", "TRACKING", "ON")
			w.want(t, "<nil>", "GET", key)
		},
		after: func(t *testing.T, w, other *wire, key string) {
			w.next(t, "[invalidate <nil>]")
			w.want(t, "<nil>", "GET", key)
			other.want(t, "OK", "SET", key, "1")
			w.next(t, fmt.Sprintf("[invalidate [%s]]", key))
		},
	},
	{
		name: "SSUBSCRIBE and its messages", proto: 2,
		before: func(t *testing.T, w *wire, key string) {
			w.want(t, fmt.Sprintf("[ssubscribe %s 1]", key), "SSUBSCRIBE", key)
		},
		after: func(t *testing.T, w, other *wire, key string) {
			other.want(t, "1", "SPUBLISH", key, "hello")
			w.next(t, fmt.Sprintf("[smessage %s hello]", key))
		},
	},
	{
		name: "BLMOVE that times out", proto: 2,
		before: func(t *testing.T, w *wire, key string) {
			blocked(t, w, "BLMOVE", key, key+":to", "LEFT", "LEFT", "1.5")
		},
		after: func(t *testing.T, w, _ *wire, _ string) {
			w.next(t, "<nil>")
			w.want(t, "PONG", "PING")
		},
	},
}

// scanned is one step of HSCAN: the next cursor and the fields.
func scanned(t *testing.T, w *wire, key, cursor string) (next string, fields []string) {
	t.Helper()
	reply, _ := w.ask(t, "HSCAN", key, cursor, "COUNT", "50").([]any)
	if len(reply) != 2 {
		t.Fatalf("HSCAN %s %s: %v", key, cursor, reply)
	}
	list, _ := reply[1].([]any)
	for i := 0; i < len(list); i += 2 {
		fields = append(fields, fmt.Sprint(list[i]))
	}
	return fmt.Sprint(reply[0]), fields
}

// TestPinnedSessionsMigrate: each kind of session that has a link of its own goes on with Dragonfly.
func TestPinnedSessionsMigrate(t *testing.T) {
	t.Parallel()
	kinds := slices.Clone(migrants)
	for _, s := range sessions {
		if impossible[s.name] == "" {
			kinds = append(kinds, s)
		}
	}
	sessionsMigrate(t, "", kinds)
}

// TestAuthenticatedSessionsMigrate: with a password, on links that AUTH has put back to database 0.
func TestAuthenticatedSessionsMigrate(t *testing.T) {
	t.Parallel()
	var kinds []pinned
	for _, s := range slices.Concat(migrants, sessions) {
		if strings.Contains(s.name, "SELECT") || strings.Contains(s.name, "BLPOP") || strings.Contains(s.name, "EVALSHA") {
			kinds = append(kinds, s)
		}
	}
	sessionsMigrate(t, "secret", kinds)
}

func sessionsMigrate(t *testing.T, password string, kinds []pinned) {
	t.Helper()
	pool, cluster, dragonfly := migrationWith(t, password)
	var args []string
	if password != "" {
		args = []string{"--password", password}
	}
	p := before(t, pool, cluster, args...)
	// greet makes a connection as a client of that password would.
	greet := func(t *testing.T, proto int) *wire {
		w := dial(t, p, 2)
		if password != "" {
			w.want(t, "OK", "AUTH", password)
		}
		if proto == 3 {
			w.ask(t, "HELLO", "3")
		}
		return w
	}
	wires := make([]*wire, len(kinds))
	for i, s := range kinds {
		wires[i] = greet(t, s.proto)
		s.before(t, wires[i], key(i))
	}
	if next := cluster.Failover(); next != dragonfly {
		t.Fatalf("promoted: %s", next.Name())
	}
	p.serving(dragonfly)
	for i, s := range kinds {
		t.Run(s.name, func(t *testing.T) { s.after(t, wires[i], greet(t, 2), key(i)) })
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
