package e2e

import (
	"context"
	"strings"
	"testing"

	"sentinelproxy/internal/servers"
)

// Masters that can't be fenced: a switchover refuses them before it holds anything, unless it is told to do without a fence.

// refused: this can't be done, for that reason.
func (s *switchable) refused(want string, args ...string) {
	s.t.Helper()
	out, err := s.command(args...).CombinedOutput()
	if err == nil || !strings.Contains(string(out), want) {
		s.t.Errorf("%v: want %q, got %v\n%s", args, want, err, out)
	}
}

// heldNothing: no proxy has held anything by order.
func (s *switchable) heldNothing() {
	s.t.Helper()
	for _, p := range s.proxies {
		for _, r := range p.switches() {
			if r.Reason == "ordered" {
				s.t.Errorf("held: %+v", r)
			}
		}
	}
}

// TestSwitchWithoutMaxLag: min-replicas-max-lag 0 turns min-replicas-to-write off.
func TestSwitchWithoutMaxLag(t *testing.T) {
	long(t)
	t.Parallel()
	s := switchableBy(t, 1)
	p := s.proxies[0]
	old := s.cluster.Master()
	c := old.Client()
	defer c.Close()
	if err := c.ConfigSet(context.Background(), "min-replicas-max-lag", "0").Err(); err != nil {
		t.Fatal(err)
	}
	audited := p.audit()
	clients := gather(t, p, planned)
	clients.works(10)
	for _, what := range [][]string{{"--dry-run"}, {"--rehearse", "100ms"}, nil} {
		s.refused("min-replicas-max-lag is 0", what...)
	}
	s.heldNothing()
	s.withoutFence(old, clients)
	next := s.cluster.Master()
	if next == old {
		t.Fatal("the master is the same")
	}
	audited()
	clients.conclude(p, next)
	s.asBefore()
}

// withoutFence switches, and says what could not be made sure of.
func (s *switchable) withoutFence(old *servers.Node, clients *crowd, args ...string) {
	s.t.Helper()
	out := s.run(append(args, "--without-fence")...)
	if want := "not sure: " + old.Addr() + " is not fenced"; !strings.Contains(out, want) {
		s.t.Errorf("it does not say %q", want)
	}
	clients.works(30)
}

// TestSwitchFromDragonfly to another one. Redis can't follow Dragonfly, so that there is no way back to it.
func TestSwitchFromDragonfly(t *testing.T) {
	long(t)
	t.Parallel()
	pool, cluster, first := migration(t)
	s := tokened(t, cluster)
	redis := cluster.Master()
	if next := cluster.Failover(); next != first {
		t.Fatalf("promoted: %s", next.Name())
	}
	second := pool.Dragonfly(servers.DragonflyOptions{})
	if err := second.ReplicaOf(first.Addr()); err != nil {
		t.Fatal(err)
	}
	if err := second.WaitSynced(t.Context()); err != nil {
		t.Fatal(err)
	}
	p := before(t, pool, cluster, "--admin-token-file", s.token)
	s.proxies = []*proxy{p}
	audited := p.audit()
	clients := gather(t, p, planned)
	clients.works(10)
	eventually(t, "the Sentinels know both", func() error {
		out, err := s.command("--dry-run", "--without-fence", "--to", second.Addr()).CombinedOutput()
		if err != nil {
			t.Logf("%s", out)
		}
		return err
	})
	s.refused("it is a Dragonfly", "--dry-run", "--to", second.Addr())
	s.refused("it is a Dragonfly", "--to", second.Addr())
	s.refused("Redis can't follow Dragonfly", "--dry-run", "--without-fence", "--to", redis.Addr())
	s.heldNothing()
	s.withoutFence(first, clients, "--to", second.Addr())
	audited()
	clients.conclude(p, second)
}
