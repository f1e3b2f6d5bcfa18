package dragonflydouble

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sentinelproxy/internal/servers"
)

// eventually asks until ok returns nil.
func eventually(t *testing.T, what string, ok func() error) {
	t.Helper()
	for deadline := time.Now().Add(40 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		err := ok()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: %v", what, err)
		}
	}
}

// TestSentinelsPromoteIt: it joins as a replica, the Sentinels find it, and promote it, and it alone, because its
// priority says so. No client of its own is disturbed, nothing is lost.
func TestSentinelsPromoteIt(t *testing.T) {
	t.Parallel()
	for name, crash := range map[string]bool{"SENTINEL FAILOVER": false, "crash": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool := servers.NewT(t)
			cluster := pool.Cluster(servers.ClusterOptions{
				Replicas: 1, Sentinels: 3, NodeConfig: []string{"replica-priority 0"},
			})
			old := cluster.Master()
			do(t, old, "SET", "kept", "1")
			double := pool.DragonflyDouble(servers.DragonflyOptions{})
			client := dial(t, double)
			client.ask("$-1|", "GET", "kept")
			if err := double.ReplicaOf(old.Addr()); err != nil {
				t.Fatal(err)
			}
			cluster.Join(double)
			client.ask("$1|1|", "GET", "kept")
			client.ask("-READONLY You can't write against a read only replica.|", "SET", "kept", "2")

			began := time.Now()
			if crash {
				if err := old.Kill(); err != nil {
					t.Fatal(err)
				}
			} else if err := cluster.StartFailover(); err != nil {
				t.Fatal(err)
			}
			eventually(t, "promotion", func() error {
				if role, err := double.Role(); err != nil || role != "master" {
					return fmt.Errorf("role %q, %v", role, err)
				}
				return nil
			})
			t.Logf("master after %v", time.Since(began).Round(time.Millisecond))
			client.ask("+OK|", "SET", "kept", "2") // on the connection that it had as a replica
			if next := cluster.WaitMasterOtherThan(old); next != double {
				t.Errorf("the Sentinels name %s", next.Name())
			}
		})
	}
}

// TestPhases: what INFO and ROLE say from REPLICAOF to the end of a large full sync, and that commands are refused
// meanwhile.
func TestPhases(t *testing.T) {
	t.Parallel()
	pool := servers.NewT(t)
	master := pool.Redis(servers.RedisOptions{Config: []string{"repl-diskless-sync-delay 1"}, Args: []string{"--rdb-key-save-delay", "500"}})
	do(t, master, "EVAL", "for i=1,5000 do redis.call('SET', 'key:'..i, i) end return 1", "0")
	double := pool.DragonflyDouble(servers.DragonflyOptions{})
	do(t, double, "SET", "old", "1")
	client := dial(t, double)
	if err := double.ReplicaOf(master.Addr()); err != nil {
		t.Fatal(err)
	}
	fields := info(t, double)
	if fields["master_link_status"] != "up" || fields["master_sync_in_progress"] != "0" || fields["slave_repl_offset"] != "" {
		t.Errorf("right after REPLICAOF: %v", fields)
	}
	client.ask("$1|1|", "GET", "old")
	eventually(t, "full sync", func() error {
		if fields := info(t, double); fields["master_sync_in_progress"] != "1" {
			return fmt.Errorf("%v", fields)
		}
		return nil
	})
	if err := master.Pause(); err != nil { // so that it lasts as long as the test looks at it
		t.Fatal(err)
	}
	if fields := info(t, double); fields["master_link_status"] != "up" || fields["slave_repl_offset"] != "" {
		t.Errorf("during the full sync: %v", fields)
	}
	client.ask("-LOADING Dragonfly is loading the dataset in memory|", "GET", "old")
	client.send(string(command("ROLE")))
	if got := client.next(); !strings.HasSuffix(got, "|$9|full_sync|") {
		t.Errorf("ROLE: %s", got)
	}
	if err := master.Resume(); err != nil {
		t.Fatal(err)
	}
	if err := double.WaitSynced(t.Context()); err != nil {
		t.Fatal(err)
	}
	client.ask("$4|5000|", "GET", "key:5000")
	client.ask("$-1|", "GET", "old")

	// A link that breaks is followed by another full sync, and the offset is gone meanwhile.
	if err := master.Kill(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the loss is noticed", func() error {
		if fields := info(t, double); fields["master_link_status"] != "down" || fields["slave_repl_offset"] != "" {
			return fmt.Errorf("%v", fields)
		}
		return nil
	})
	client.ask("$4|5000|", "GET", "key:5000")
	client.send(string(command("ROLE")))
	if got := client.next(); !strings.HasSuffix(got, "|$10|connecting|") {
		t.Errorf("ROLE: %s", got)
	}
}

// TestNoPartialResync: where a Redis would go on, the double begins anew.
func TestNoPartialResync(t *testing.T) {
	t.Parallel()
	pool := servers.NewT(t)
	master := pool.Redis(servers.RedisOptions{})
	double := pool.DragonflyDouble(servers.DragonflyOptions{})
	for round := 1; round <= 2; round++ {
		if err := double.ReplicaOf(master.Addr()); err != nil { // the second time: the same
			t.Fatal(err)
		}
		eventually(t, "another full sync", func() error {
			fields, err := master.Info("stats")
			if err != nil || fields["sync_full"] != fmt.Sprint(round) || fields["sync_partial_ok"] != "0" {
				return fmt.Errorf("full %s, partial %s, %w", fields["sync_full"], fields["sync_partial_ok"], err)
			}
			return double.WaitSynced(t.Context())
		})
	}
	do(t, master, "CLIENT", "KILL", "TYPE", "replica")
	eventually(t, "a third full sync", func() error {
		if fields, err := master.Info("stats"); err != nil || fields["sync_full"] != "3" || fields["sync_partial_ok"] != "0" {
			return fmt.Errorf("full %s, partial %s, %w", fields["sync_full"], fields["sync_partial_ok"], err)
		}
		return nil
	})
}

// TestAcknowledgements: small writes are acknowledged at the interval only, large ones at once; a write is visible at
// once all the same.
func TestAcknowledgements(t *testing.T) {
	t.Parallel()
	pool := servers.NewT(t)
	master := pool.Redis(servers.RedisOptions{})
	double := pool.DragonflyDouble(servers.DragonflyOptions{Args: []string{"--replication_acks_interval=700"}})
	if err := double.ReplicaOf(master.Addr()); err != nil {
		t.Fatal(err)
	}
	if err := double.WaitSynced(t.Context()); err != nil {
		t.Fatal(err)
	}
	client := dial(t, master)
	written := func(value string) time.Duration {
		client.ask("+OK|", "SET", "a", value)
		began := time.Now()
		client.ask(":1|", "WAIT", "1", "20000")
		return time.Since(began)
	}
	written("to be in step with its acknowledgements")
	if took := written("small"); took < 400*time.Millisecond {
		t.Errorf("a small write was acknowledged after %v, before the interval was over", took)
	}
	quickest := time.Hour
	for range 5 {
		quickest = min(quickest, written(strings.Repeat("x", 2048)))
	}
	if quickest > 300*time.Millisecond {
		t.Errorf("a large write was acknowledged after %v at best", quickest)
	}
	t.Logf("a large write: %v at best", quickest)
}

// TestNobodyFollowsIt: a Redis that is told to can't.
func TestNobodyFollowsIt(t *testing.T) {
	t.Parallel()
	pool := servers.NewT(t)
	double, redis := pool.DragonflyDouble(servers.DragonflyOptions{}), pool.Redis(servers.RedisOptions{})
	do(t, redis, "SET", "stale", "1")
	if err := redis.ReplicaOf(double.Addr()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it has tried", func() error {
		if !strings.Contains(redis.Log(), "unknown command `SYNC`") && !strings.Contains(redis.Log(), "unknown command `PSYNC`") {
			return fmt.Errorf("nothing in its log")
		}
		return nil
	})
	if fields := info(t, redis); fields["master_link_status"] != "down" {
		t.Errorf("%v", fields)
	}
	if fields := info(t, double); fields["connected_slaves"] != "0" {
		t.Errorf("%v", fields)
	}
}

func info(t *testing.T, n *servers.Node) map[string]string {
	t.Helper()
	fields, err := n.Info("replication")
	if err != nil {
		t.Fatal(err)
	}
	return fields
}

// TestDemotion: a change of role closes no connection, not even one that is blocked.
func TestDemotion(t *testing.T) {
	t.Parallel()
	pool := servers.NewT(t)
	double, redis := pool.DragonflyDouble(servers.DragonflyOptions{}), pool.Redis(servers.RedisOptions{})
	waits, idle := dial(t, double), dial(t, double)
	waits.send(string(command("BLPOP", "b", "0")))
	idle.ask("+OK|", "SET", "a", "1")
	time.Sleep(50 * time.Millisecond) // for BLPOP to have begun; else it is refused at once
	if err := double.ReplicaOf(redis.Addr()); err != nil {
		t.Fatal(err)
	}
	if got := waits.next(); !strings.HasPrefix(got, "-UNBLOCKED ") && !strings.HasPrefix(got, "-READONLY ") {
		t.Errorf("got %s", got)
	}
	if err := double.WaitSynced(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, p := range []*peer{waits, idle} {
		p.ask("$-1|", "GET", "a") // flushed
	}
	if err := double.ReplicaOf(""); err != nil {
		t.Fatal(err)
	}
	for _, p := range []*peer{waits, idle} {
		p.ask("+OK|", "SET", "a", "2")
	}
}

// TestDoubleFollowsDouble: with a password, through a demotion, and what the master tells of its replica.
func TestDoubleFollowsDouble(t *testing.T) {
	t.Parallel()
	pool := servers.NewT(t)
	o := servers.DragonflyOptions{Password: "secret"}
	nodes := [2]*servers.Node{pool.DragonflyDouble(o), pool.DragonflyDouble(o)}
	do(t, nodes[0], "SET", "a", "0")
	for i, turn := range []string{"first", "the other way round"} {
		master, replica := nodes[i], nodes[1-i]
		if err := replica.ReplicaOf(master.Addr()); err != nil {
			t.Fatal(err)
		}
		if err := replica.WaitSynced(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := do(t, replica, "GET", "a"); got != fmt.Sprint(i) {
			t.Errorf("%s: after the full sync %v", turn, got)
		}
		do(t, master, "SET", "a", i+1)
		eventually(t, turn+": it has what is written later, and the master knows", func() error {
			want := fmt.Sprintf("ip=127.0.0.1,port=%d,state=online,lag=0", replica.Port)
			if fields := info(t, master); fields["connected_slaves"] != "1" || fields["slave0"] != want {
				return fmt.Errorf("%v", fields)
			}
			if got := do(t, replica, "GET", "a"); got != fmt.Sprint(i+1) {
				return fmt.Errorf("%v", got)
			}
			return nil
		})
		if got := fmt.Sprint(do(t, master, "ROLE")); got != fmt.Sprintf("[master [[127.0.0.1 %d online]]]", replica.Port) {
			t.Errorf("%s: ROLE is %s", turn, got)
		}
		if i == 0 {
			if err := replica.ReplicaOf(""); err != nil {
				t.Fatal(err)
			}
		}
	}
}
