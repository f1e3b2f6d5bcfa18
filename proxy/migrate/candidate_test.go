package migrate

import (
	"context"
	"errors"
	"testing"
	"time"

	"sentinelproxy/internal/servers"
)

// TestUntilToldToEnd: who is told to end does not say that time has run out.
func TestUntilToldToEnd(t *testing.T) {
	s := newSwitchover(Options{Limits: DefaultLimits()})
	defer s.close()
	ctx, cancel := context.WithCancel(t.Context())
	never := func(context.Context) error { return errors.New("not so far") }
	fails(t, "in time", s.until(ctx, time.Millisecond, "it is", never), "after 1ms: not yet: it is: not so far")
	cancel()
	if err := s.until(ctx, time.Minute, "it is", never); !errors.Is(err, context.Canceled) {
		t.Errorf("told to end: %v", err)
	}
}

// TestPreferOverMarks: what a switchover to another replica has left that was killed does not keep the Sentinels from the one that is
// wanted now, and is gone afterwards.
func TestPreferOverMarks(t *testing.T) {
	pool := servers.NewT(t)
	ctx := context.Background()
	wanted := pool.Redis(servers.RedisOptions{})
	s := newSwitchover(Options{To: wanted.Addr(), Limits: DefaultLimits()})
	defer s.close()
	var nodes []*node
	for _, n := range []*servers.Node{wanted, pool.Redis(servers.RedisOptions{}), pool.Redis(servers.RedisOptions{})} {
		nodes = append(nodes, s.node(n.Addr()))
	}
	s.replicas = nodes
	are := func(when string, want ...int) {
		t.Helper()
		for i, n := range nodes {
			if _, value, _, err := n.number(ctx, priorityNames...); err != nil || value != want[i] {
				t.Errorf("%s: node %d has %d, want %d: %v", when, i, value, want[i], err)
			}
		}
	}
	for i, left := range []int{marker + 100, neverMarker, marker + 200} {
		if err := nodes[i].set(ctx, priorityNames[0], left); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.prefer(ctx); err != nil {
		t.Fatal(err)
	}
	are("preferred", 100, 0, marker+200)
	if err := s.putBack(ctx); err != nil {
		t.Fatal(err)
	}
	are("put back", 100, 0, 200)
}
