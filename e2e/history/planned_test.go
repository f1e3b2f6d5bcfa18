package history

import (
	"fmt"
	"testing"

	"sentinelproxy/internal/history"
	"sentinelproxy/internal/servers"
)

// before runs a test before one, two and four proxies, with clients that have several calls on the way.
func before(t *testing.T, test func(*world), args ...string) {
	for _, proxies := range []int{1, 2, 4} {
		t.Run(fmt.Sprint(proxies, " proxies"), func(t *testing.T) {
			t.Parallel()
			w := worldOf(t, proxies, args...)
			w.clients(history.Options{Pipeline: 3})
			test(w)
		})
	}
}

// TestSwitch: over planned switches one order explains what all clients see, and nobody is told anything of them.
func TestSwitch(t *testing.T) {
	before(t, func(w *world) {
		for range rounds(w.t, 1) {
			old := w.cluster.Master()
			w.works(20)
			w.switchover()
			w.promoted(old)
			w.replicated(2)
			w.works(20)
		}
		w.nothing()
	})
}

// TestFailover: nor of a plain SENTINEL FAILOVER, and of the next one that follows at once.
func TestFailover(t *testing.T) {
	before(t, func(w *world) {
		var next *servers.Node
		for i := range rounds(w.t, 2) {
			if next != nil {
				// The former master follows after ten seconds only; the third node can be promoted before.
				w.replicated(int64(2 - i%2))
				w.knownToLeader(next)
			}
			old := w.cluster.Master()
			w.works(20)
			w.failover()
			next = w.promoted(old)
			w.works(20)
		}
		w.nothing()
	})
}
