package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sentinelproxy/internal/servers"
)

// TestAcknowledgedSurvivesKill: with replicas=1 a SIGKILL of the master loses nothing that was acknowledged, twice in a row. The
// Sentinels promote the replica that is further, so one of two is enough.
func TestAcknowledgedSurvivesKill(t *testing.T) {
	long(t)
	t.Parallel()
	pool := servers.NewT(t)
	cluster := threeAndThree(t, pool)
	p := before(t, pool, cluster, "--acknowledge", "replicas=1,timeout=30s,on-timeout=error")
	audited := p.audit()
	clients := gather(t, p, rules{excused: unknownWrites})
	old := cluster.Master()
	path := []*servers.Node{old}
	for range 2 {
		clients.works(20)
		if err := old.Kill(); err != nil {
			t.Fatal(err)
		}
		next := cluster.WaitMasterOtherThan(old)
		p.serving(next)
		if err := old.Restart(); err != nil { // else there is no replica to acknowledge after the second
			t.Fatal(err)
		}
		clients.works(20)
		replicated(t, next, 2)
		old = next
		path = append(path, next)
	}
	audited()
	clients.conclude(p, old)
	p.moved(t, path...)
}

// TestAcknowledgedSwitch: a planned switch costs nobody an error or a wrong reply, with all kinds of session.
func TestAcknowledgedSwitch(t *testing.T) {
	t.Parallel()
	pool := servers.NewT(t)
	cluster := threeAndThree(t, pool)
	p := before(t, pool, cluster, "--acknowledge", "replicas=1,timeout=30s,on-timeout=error,reads=replicated")
	audited := p.audit()
	clients := gatherMixed(t, p, planned)
	old := cluster.Master()
	clients.works(10)
	eventually(t, "SENTINEL FAILOVER is accepted", cluster.StartFailover)
	next := cluster.WaitMasterOtherThan(old)
	p.serving(next)
	clients.works(10)
	audited()
	clients.concludeMixed(p, next)
	p.moved(t, old, next)
}

// TestReplicasHang: the replicas are connected and acknowledge nothing. Writes wait for as long as they are told to; what others read does not.
func TestReplicasHang(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, flag string
		want       string // of the write, a beginning
		waits      bool   // a read does, too
	}{
		{"answer", "replicas=2,timeout=700ms", "2", false},
		{"error", "replicas=2,timeout=700ms,on-timeout=error", "NOTREPLICATED the master has applied it, but fewer than 2 replicas have acknowledged it in time (timeout=700ms)", false},
		{"reads wait", "replicas=2,timeout=700ms,reads=replicated", "2", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			pool := servers.NewT(t)
			cluster := pool.Cluster(servers.ClusterOptions{Replicas: 2, Sentinels: 1, DownAfter: 2 * patience})
			p := before(t, pool, cluster, "--acknowledge", c.flag, "--lanes", "1")
			replicated(t, cluster.Nodes[0], 2) // after a full resync it may stream nothing for a second
			audited := p.audit()
			writer, reader := dial(t, p, 2), dial(t, p, 2)
			began := time.Now()
			writer.want(t, "OK", "SET", "k", "1")
			if took := time.Since(began); took > 600*time.Millisecond {
				t.Logf("a write that is acknowledged took %v", took)
			}
			if err := cluster.Nodes[2].Pause(); err != nil { // one of two is not enough
				t.Fatal(err)
			}
			began = time.Now()
			if err := writer.send([]string{"INCR", "k"}, []string{"GET", "k"}); err != nil {
				t.Fatal(err)
			}
			reads := 0
			for time.Since(began) < 500*time.Millisecond {
				reader.want(t, "2", "GET", "k")
				reads++
			}
			if few := reads < 20; few != c.waits {
				t.Errorf("%d reads while a write waits", reads)
			}
			got, err := writer.receive()
			if e, is := got.(replyError); is {
				got = string(e)
			}
			text, is := got.(string)
			if n, number := got.(int64); number && n == 2 {
				text, is = "2", true
			}
			if err != nil || !is || !strings.HasPrefix(text, c.want) {
				t.Errorf("the write: %v %v", got, err)
			}
			if took := time.Since(began); took < 690*time.Millisecond {
				t.Errorf("the write is answered after %v", took)
			}
			if v, err := writer.receive(); err != nil || v != "2" {
				t.Errorf("the read behind it: %v %v", v, err)
			}
			if err := cluster.Nodes[2].Resume(); err != nil {
				t.Fatal(err)
			}
			eventually(t, "writes are acknowledged again", func() error {
				before := p.metrics()["sentinelproxy_commands_acknowledged_total"]
				writer.ask(t, "SET", "k", "3")
				if after := p.metrics()["sentinelproxy_commands_acknowledged_total"]; after != before+1 {
					return fmt.Errorf("%v of them", after-before)
				}
				return nil
			})
			audited()
		})
	}
}

// TestAcknowledgeRights: what docs/acknowledgement.md says the proxy's own user needs is enough.
func TestAcknowledgeRights(t *testing.T) {
	t.Parallel()
	pool := servers.NewT(t)
	cluster := pool.Cluster(servers.ClusterOptions{
		Replicas: 1, Sentinels: 1, DownAfter: 2 * patience,
		NodeConfig: []string{"user own on >pw -@all +role +wait +publish &__sentinelproxy__:acknowledge"},
	})
	p := before(t, pool, cluster, "--acknowledge", "replicas=1,timeout=30s,on-timeout=error", "--username", "own", "--password", "pw")
	dial(t, p, 2).want(t, "OK", "SET", "k", "1")
	if n := p.metrics()["sentinelproxy_commands_acknowledged_total"]; n != 1 {
		t.Errorf("%v writes were acknowledged", n)
	}
}
