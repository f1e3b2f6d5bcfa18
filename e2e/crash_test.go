package e2e

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"sentinelproxy/e2e/liar"
	"sentinelproxy/internal/servers"
)

// TestKilledMaster is scenario b: SIGKILL. What the master had acknowledged and not replicated is gone, which no
// proxy can mend; but nothing is applied twice, and nobody is told anything but UNKNOWNOUTCOME for an INCR.
func TestKilledMaster(t *testing.T) {
	t.Parallel()
	pool := servers.NewT(t)
	cluster := threeAndThree(t, pool)
	p := before(t, pool, cluster)
	audited := p.audit()
	clients := gather(t, p, rules{lossy: true, excused: unknownWrites})
	old := cluster.Master()
	clients.works(20)
	if err := old.Kill(); err != nil {
		t.Fatal(err)
	}
	next := cluster.WaitMasterOtherThan(old)
	p.serving(next)
	clients.works(30)
	audited()
	clients.conclude(p, next)
	p.moved(t, old, next)
}

// TestStoppedMaster is scenario c: SIGTERM. Redis lets its replicas catch up before it ends, so nothing that was
// acknowledged is lost.
func TestStoppedMaster(t *testing.T) {
	t.Parallel()
	pool := servers.NewT(t)
	cluster := threeAndThree(t, pool)
	p := before(t, pool, cluster)
	audited := p.audit()
	clients := gather(t, p, rules{excused: unknownWrites})
	old := cluster.Master()
	clients.works(20)
	if err := old.Stop(); err != nil {
		t.Fatal(err)
	}
	next := cluster.WaitMasterOtherThan(old)
	p.serving(next)
	clients.works(30)
	audited()
	clients.conclude(p, next)
	p.moved(t, old, next)
}

// TestOldMasterComesBack is scenario d: it calls itself master for about ten seconds, until the Sentinels make it
// a replica. Nobody's command goes there.
func TestOldMasterComesBack(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes more than ten seconds")
	}
	pool := servers.NewT(t)
	cluster := threeAndThree(t, pool)
	p := before(t, pool, cluster)
	old := cluster.Master()
	if err := old.Kill(); err != nil {
		t.Fatal(err)
	}
	next := cluster.WaitMasterOtherThan(old)
	p.serving(next)
	audited := p.audit()
	clients := gather(t, p, planned)
	clients.works(5)
	failoverEnded(t, cluster, next)
	if err := old.Restart(); err != nil {
		t.Fatal(err)
	}
	// Empty, and a master as long as nobody has told it otherwise.
	if role, err := old.Role(); err != nil || role != "master" {
		t.Fatalf("the old master says %q, %v", role, err)
	}
	staysEmpty(t, old)
	clients.works(20)
	p.serving(next)
	audited()
	clients.conclude(p, next)
	p.moved(t, old, next)
}

// failoverEnded waits until no Sentinel is at work on it any more, and all name the new master. One that still is when the old master answers again
// takes the new one for down, and begins another failover: right for a proxy to follow, but not what is tried here.
func failoverEnded(t *testing.T, cluster *servers.ClusterT, next *servers.Node) {
	t.Helper()
	eventually(t, "all Sentinels have ended the failover", func() error {
		for _, s := range cluster.Sentinels {
			state, err := s.State(context.Background())
			if err != nil {
				return err
			}
			if state["port"] != strconv.Itoa(next.Port) || state["flags"] != "master" {
				return fmt.Errorf("one has port %s, flags %s", state["port"], state["flags"])
			}
		}
		return nil
	})
}

// staysEmpty waits until a master that has come back empty is made a replica; nothing may be written to it before.
func staysEmpty(t *testing.T, old *servers.Node) {
	t.Helper()
	eventually(t, "Sentinel makes the old master a replica", func() error {
		// Asked in this order, what is there was written while it was a master.
		keys, err := old.Do(context.Background(), "DBSIZE")
		role, err2 := old.Role()
		if err := errors.Join(err, err2); err != nil {
			return err
		}
		if role == "master" && keys != int64(0) {
			t.Fatalf("the old master has %v keys, written after it came back", keys)
		}
		if role == "master" {
			time.Sleep(50 * time.Millisecond)
			return fmt.Errorf("it is %s", role)
		}
		return nil
	})
}

// TestProxyStartsWhileOldMasterIsBack: it knows nothing of the past. The first Sentinel it is told of has not heard of the switch, and the
// old master agrees with that one; the others know better.
func TestProxyStartsWhileOldMasterIsBack(t *testing.T) {
	long(t)
	t.Parallel()
	if testing.Short() {
		t.Skip("takes more than ten seconds")
	}
	pool := servers.NewT(t)
	cluster := threeAndThree(t, pool)
	old := cluster.Master()
	if err := old.Kill(); err != nil {
		t.Fatal(err)
	}
	next := cluster.WaitMasterOtherThan(old)
	behind := liar.Start(t, cluster.Name, old.Addr(), 0)
	if err := old.Restart(); err != nil {
		t.Fatal(err)
	}
	p := start(t, pool, cluster.Name, append([]string{behind.Addr()}, addrs(cluster.Sentinels)...))
	audited := p.audit()
	clients := gather(t, p, planned)
	p.serving(next)
	if role, err := old.Role(); err != nil || role != "master" {
		t.Logf("the old master says %q, %v: this has shown little", role, err)
	}
	staysEmpty(t, old)
	clients.works(20)
	audited()
	clients.conclude(p, next)
	p.moved(t, next)
}
