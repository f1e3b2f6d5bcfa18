package servers

import (
	"context"
	"testing"
	"time"
)

func TestClusterFailsOver(t *testing.T) {
	begin := time.Now()
	c := NewT(t).Cluster(ClusterOptions{Replicas: 2, Sentinels: 3, Password: "data", SentinelPassword: "guard"})
	t.Logf("up after %v", time.Since(begin).Round(time.Millisecond))

	old := c.Master()
	if old != c.Nodes[0] {
		t.Fatalf("the master is %s", old.Name())
	}
	begin = time.Now()
	second := c.Failover()
	t.Logf("planned failover after %v", time.Since(begin).Round(time.Millisecond))

	begin = time.Now()
	if err := second.Kill(); err != nil {
		t.Fatal(err)
	}
	third := c.WaitMasterOtherThan(second)
	t.Logf("crash failover after %v", time.Since(begin).Round(time.Millisecond))

	if err := second.Restart(); err != nil {
		t.Fatal(err)
	}
	if c.Master() != third {
		t.Errorf("the master is %s, want %s", c.Master().Name(), third.Name())
	}
}

func TestSentinelRemembersOverRestart(t *testing.T) {
	c := NewT(t).Cluster(ClusterOptions{Replicas: 1, Sentinels: 3})
	s := c.Sentinels[2]
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := s.Restart(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := s.WaitKnows(ctx, 1, 2); err != nil {
		t.Fatal(err)
	}
}
