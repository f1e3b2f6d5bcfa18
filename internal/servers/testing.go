package servers

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"
)

// tailLines is how much of each server's log a failed test shows.
const tailLines = 60

// T is a Pool for a test: what goes wrong fails the test, which must be called from its own goroutine.
type T struct {
	*Pool
	t testing.TB
}

// NewT makes a Pool that is closed when the test ends, and shows the logs when it has failed.
func NewT(t testing.TB) *T {
	t.Helper()
	pool, err := New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			for _, p := range pool.Processes() {
				t.Logf("---- %s (running: %v)\n%s", p.Name(), p.Running(), p.tail(tailLines))
			}
		}
		if err := pool.Close(); err != nil {
			t.Error(err)
		}
	})
	return &T{Pool: pool, t: t}
}

// must fails the test. When a program is missing the test is skipped, but not in CI, where a skipped test
// would pass unseen for ever.
func must[V any](t *T, value V, err error) V {
	t.t.Helper()
	var missing *MissingError
	if errors.As(err, &missing) && os.Getenv("CI") != "true" {
		t.t.Skip(err)
	}
	if err != nil {
		t.t.Fatal(err)
	}
	return value
}

// Redis is Pool.Redis.
func (t *T) Redis(o RedisOptions) *Node {
	t.t.Helper()
	n, err := t.Pool.Redis(o)
	return must(t, n, err)
}

// Dragonfly is Pool.Dragonfly.
func (t *T) Dragonfly(o DragonflyOptions) *Node {
	t.t.Helper()
	n, err := t.Pool.Dragonfly(o)
	return must(t, n, err)
}

// Sentinel is Pool.Sentinel.
func (t *T) Sentinel(o SentinelOptions) *Sentinel {
	t.t.Helper()
	s, err := t.Pool.Sentinel(o)
	return must(t, s, err)
}

// HAProxy is Pool.HAProxy.
func (t *T) HAProxy(o HAProxyOptions) *Relay {
	t.t.Helper()
	r, err := t.Pool.HAProxy(o)
	return must(t, r, err)
}

// Nutcracker is Pool.Nutcracker.
func (t *T) Nutcracker(o NutcrackerOptions) *Relay {
	t.t.Helper()
	r, err := t.Pool.Nutcracker(o)
	return must(t, r, err)
}

// Command is Pool.Command.
func (t *T) Command(o CommandOptions) *Command {
	t.t.Helper()
	c, err := t.Pool.Command(o)
	return must(t, c, err)
}

// Port reserves a free port.
func (t *T) Port() int {
	t.t.Helper()
	port, err := FreePort()
	return must(t, port, err)
}

// Cluster is Pool.Cluster.
func (t *T) Cluster(o ClusterOptions) *ClusterT {
	t.t.Helper()
	c, err := t.Pool.Cluster(o)
	return &ClusterT{Cluster: must(t, c, err), t: t}
}

// ClusterT is a Cluster for a test.
type ClusterT struct {
	*Cluster
	t *T
}

// Master is Cluster.Master.
func (c *ClusterT) Master() *Node {
	c.t.t.Helper()
	n, err := c.Cluster.Master()
	return must(c.t, n, err)
}

// Failover is Cluster.Failover, within 30 s.
func (c *ClusterT) Failover() *Node {
	c.t.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	n, err := c.Cluster.Failover(ctx)
	return must(c.t, n, err)
}

// WaitMasterOtherThan is Cluster.WaitMasterOtherThan, within 30 s.
func (c *ClusterT) WaitMasterOtherThan(old *Node) *Node {
	c.t.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	n, err := c.Cluster.WaitMasterOtherThan(ctx, old)
	return must(c.t, n, err)
}

// Join is Cluster.Join, within 60 s.
func (c *ClusterT) Join(n *Node) {
	c.t.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	must(c.t, n, c.Cluster.Join(ctx, n))
}

// AddNode is Cluster.AddNode.
func (c *ClusterT) AddNode() *Node {
	c.t.t.Helper()
	n, err := c.Cluster.AddNode()
	return must(c.t, n, err)
}

// AddSentinel is Cluster.AddSentinel.
func (c *ClusterT) AddSentinel() *Sentinel {
	c.t.t.Helper()
	s, err := c.Cluster.AddSentinel()
	return must(c.t, s, err)
}
