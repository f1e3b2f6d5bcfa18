package clients

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sentinelproxy/internal/servers"
)

// report is the last line of an application.
type report struct {
	Operations int            `json:"operations"`
	Errors     map[string]int `json:"errors"`
	Closed     int            `json:"closed"`
	Unknown    int            `json:"unknown"`
}

// application is a running one.
type application struct {
	*library
	*servers.Command
}

// crowd is all applications that can run here, on one proxy.
type crowd struct {
	t        *testing.T
	stopFile string
	members  []*application
}

// TestSteadily: in quiet times no library sees an error, and none has to connect anew.
func TestSteadily(t *testing.T) {
	_, p, crowd := gather(t)
	crowd.work()
	crowd.conclude(p, nothing, 0)
}

// TestPlannedSwitch: neither does any when the Sentinels are asked for another master.
func TestPlannedSwitch(t *testing.T) {
	cluster, p, crowd := gather(t)
	crowd.work()
	next := cluster.Failover()
	p.servesFrom(t, next)
	crowd.work()
	crowd.conclude(p, nothing, 0)
}

// TestMigration: nor when the next master is Dragonfly, or its double where there is none.
func TestMigration(t *testing.T) {
	pool := servers.NewT(t)
	// Priority 0 for all Redis nodes: none could follow Dragonfly afterwards.
	cluster := pool.Cluster(servers.ClusterOptions{Sentinels: 3, DownAfter: 2 * time.Second, NodeConfig: []string{"replica-priority 0"}})
	// BullMQ's scripts use keys that they are not given.
	dragonfly := pool.Dragonfly(servers.DragonflyOptions{Args: []string{"--default_lua_flags=allow-undeclared-keys"}})
	t.Logf("the engine that takes over: %s", dragonfly.Kind())
	if err := dragonfly.ReplicaOf(cluster.Nodes[0].Addr()); err != nil {
		t.Fatal(err)
	}
	cluster.Join(dragonfly)
	p, crowd := gatherAt(t, pool, cluster)
	crowd.work()
	if next := cluster.Failover(); next != dragonfly {
		t.Fatalf("promoted: %s", next.Name())
	}
	p.servesFrom(t, dragonfly)
	crowd.work()
	crowd.conclude(p, nothing, 0)
}

// TestCrash: when the master is killed, what it had acknowledged and not replicated is gone, which no proxy can mend.
// But nothing is applied twice, no connection is closed, and the only error is UNKNOWNOUTCOME.
func TestCrash(t *testing.T) {
	cluster, p, crowd := gather(t)
	crowd.work()
	old := cluster.Master()
	if err := old.Kill(); err != nil {
		t.Fatal(err)
	}
	next := cluster.WaitMasterOtherThan(old)
	p.servesFrom(t, next)
	crowd.work()
	crowd.conclude(p, lostOrRedone, -1)
}

func nothing(string) bool { return false }

func lostOrRedone(text string) bool {
	kind, _, _ := strings.Cut(text, ":")
	return slices.Contains([]string{"lost", "stale", "missing", "redone"}, kind)
}

// gather starts a cluster, the proxy before it, and the applications.
func gather(t *testing.T) (*servers.ClusterT, *proxy, *crowd) {
	t.Helper()
	pool := servers.NewT(t)
	cluster := pool.Cluster(servers.ClusterOptions{Replicas: 1, Sentinels: 3, DownAfter: 2 * time.Second})
	p, c := gatherAt(t, pool, cluster)
	return cluster, p, c
}

// gatherAt starts the proxy before a cluster, and the applications.
func gatherAt(t *testing.T, pool *servers.T, cluster *servers.ClusterT) (*proxy, *crowd) {
	t.Helper()
	replicated(t, cluster.Nodes[0])
	p := start(t, pool, cluster, 0)
	c := &crowd{t: t, stopFile: filepath.Join(t.TempDir(), "stop")}
	for i := range libraries {
		l := &libraries[i]
		t.Run(l.name+" starts", func(t *testing.T) {
			args := append(l.command(t), "127.0.0.1", fmt.Sprint(p.port), c.stopFile)
			cmd := pool.Command(servers.CommandOptions{Name: l.name, Path: args[0], Args: args[1:]})
			c.members = append(c.members, &application{l, cmd})
		})
	}
	return p, c
}

// replicated waits until a write gets to the replica. A replica in sync may get none for up to a second more: after a
// diskless transfer Redis 7.0 sends nothing before the replica's next acknowledgement.
func replicated(t *testing.T, master *servers.Node) {
	t.Helper()
	c := master.Client()
	defer c.Close()
	eventually(t, "a write gets to the replica", func() error {
		if err := c.Set(context.Background(), "clients:replicated", 1, 0).Err(); err != nil {
			return err
		}
		n, err := c.Wait(context.Background(), 1, time.Second).Result()
		if err == nil && n != 1 {
			err = fmt.Errorf("%d replicas", n)
		}
		return err
	})
}

func (p *proxy) servesFrom(t *testing.T, node *servers.Node) {
	t.Helper()
	eventually(t, "the proxy serves from "+node.Addr(), func() error {
		return p.serves(context.Background(), node.Addr())
	})
}

// work waits until every application has done its rounds from now on.
func (c *crowd) work() {
	c.t.Helper()
	done := make([]int, len(c.members))
	for i, m := range c.members {
		done[i] = m.done()
	}
	for i, m := range c.members {
		eventually(c.t, m.name+" works", func() error {
			if n := m.done() - done[i]; n < m.rounds && m.Running() {
				return fmt.Errorf("%d rounds of %d", n, m.rounds)
			}
			return nil
		})
	}
}

// done is how many rounds the application has finished.
func (m *application) done() int { return strings.Count(m.Log(), "round ") }

// conclude lets the applications end and checks what they report. unknown is how many outcomes may be so; -1: any number.
func (c *crowd) conclude(p *proxy, excused func(text string) bool, unknown int) {
	c.t.Helper()
	if err := os.WriteFile(c.stopFile, nil, 0o600); err != nil {
		c.t.Fatal(err)
	}
	for _, m := range c.members {
		c.t.Run(m.name, func(t *testing.T) { m.conclude(t, excused, unknown) })
	}
	p.concluded(c.t)
}

func (m *application) conclude(t *testing.T, excused func(text string) bool, unknown int) {
	select {
	case <-m.Exited():
	case <-time.After(patience):
		t.Fatalf("does not end:\n%s", m.Log())
	}
	lines := strings.Split(strings.TrimSpace(m.Log()), "\n")
	var r report
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &r); err != nil || m.ExitCode() != 0 {
		t.Fatalf("ended with code %d and no report: %v\n%s", m.ExitCode(), err, m.Log())
	}
	t.Logf("%d rounds, %+v", m.done(), r)
	for text, n := range r.Errors {
		if !excused(text) {
			t.Errorf("%d times: %s", n, text)
		}
	}
	if r.Operations == 0 {
		t.Error("has done nothing")
	}
	if r.Closed > 0 {
		t.Errorf("%d connections were made anew", r.Closed)
	}
	if unknown >= 0 && r.Unknown > unknown {
		t.Errorf("%d unknown outcomes", r.Unknown)
	}
}
