package servers

import (
	"context"
	"fmt"
	"runtime"
	"strings"
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

// TestHostsOfTheirOwn: nodes and Sentinels connect from the addresses that they listen on.
func TestHostsOfTheirOwn(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has all of 127.0.0.0/8")
	}
	c := NewT(t).Cluster(ClusterOptions{
		Replicas: 1, Sentinels: 2, NodeHosts: []string{"127.0.7.1", "127.0.7.2"}, SentinelHosts: []string{"127.0.7.3", "127.0.7.4"},
	})
	clients, err := c.Nodes[0].Do(t.Context(), "CLIENT", "LIST")
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"127.0.7.2", "127.0.7.3", "127.0.7.4"} {
		if !strings.Contains(fmt.Sprint(clients), " addr="+host+":") {
			t.Errorf("nobody comes from %s:\n%v", host, clients)
		}
	}
}
