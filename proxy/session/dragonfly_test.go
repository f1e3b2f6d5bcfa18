package session

import (
	"testing"

	"sentinelproxy/internal/servers"
	"sentinelproxy/proxy/upstream"
)

// newDragonfly starts one, or its double where there is none, and says which.
func newDragonfly(t *testing.T, pool *servers.T) *servers.Node {
	t.Helper()
	node := pool.Dragonfly(servers.DragonflyOptions{})
	t.Logf("Dragonfly: %s", node.Kind())
	if ok := administer(t, node).do(said("ACL SETUSER user on >pw ~* &* +@all"))[0]; ok != "+OK\r\n" {
		t.Fatalf("ACL SETUSER: %q", ok)
	}
	return node
}

// TestRandomSameAsDragonfly is TestRandomSameAsDirect with Dragonfly.
func TestRandomSameAsDragonfly(t *testing.T) {
	sameAsDirect(t, newDragonfly(t, servers.NewT(t)), rounds(t, 40), generator{dragonfly: true})
}

// TestSwitchToDragonfly is TestSwitchAtEveryStep with Dragonfly as the next master. What a conversation is compared with
// is Redis all the same.
func TestSwitchToDragonfly(t *testing.T) {
	pool := servers.NewT(t)
	p := newPair(t, pool.Redis(withUser), newDragonfly(t, pool))
	b := newBench(t, pool.Redis(withUser), unstable, replicated, dragonfly)
	switchAtEveryStep(b, p, rounds(t, 10), generator{dragonfly: true}, nil)
}

// TestCrashOfDragonfly is TestCrashAtEveryStep with Dragonfly.
func TestCrashOfDragonfly(t *testing.T) {
	pool := servers.NewT(t)
	crashAtEveryStep(t, newDragonfly(t, pool), newDragonfly(t, pool), rounds(t, 5), generator{dragonfly: true})
}

// TestRefusedByOne: what one engine refuses and the other does not leaves no link in a transaction.
func TestRefusedByOne(t *testing.T) {
	node := newDragonfly(t, servers.NewT(t))
	l := newLane(t, func(_ *lane, o *upstream.Options) { o.PoolSize = pooled })
	l.serve(node.Addr())
	for _, talk := range []conversation{said("MULTI", "EXEC x"), said("SUBSCRIBE §c", "MULTI", "UNSUBSCRIBE"), said("MULTI", "DISCARD x")} {
		if got, err := pipelined(l.client(), talk, nil, []int{len(talk)}, nil); err != nil {
			t.Errorf("%s: %q, %v", talk, got, err)
		}
		if wrong := leftOver(l); wrong != "" {
			t.Errorf("%s: %s", talk, wrong)
		}
	}
}
