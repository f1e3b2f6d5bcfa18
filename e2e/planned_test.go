package e2e

import (
	"testing"

	"sentinelproxy/internal/servers"
	"sentinelproxy/proxy/admin"
)

// TestFailoverCommand is scenario a: SENTINEL FAILOVER.
func TestFailoverCommand(t *testing.T) {
	t.Parallel()
	pool := servers.NewT(t)
	cluster := threeAndThree(t, pool)
	p := before(t, pool, cluster)
	audited := p.audit()
	clients := gather(t, p, planned)
	old := cluster.Master()
	clients.works(20)
	next := cluster.Failover()
	p.serving(next)
	clients.works(50)
	audited()
	clients.conclude(p, next)
	p.moved(t, old, next)
}

// TestTwoFailoversInARow is scenario e.
func TestTwoFailoversInARow(t *testing.T) {
	t.Parallel()
	pool := servers.NewT(t)
	cluster := threeAndThree(t, pool)
	p := before(t, pool, cluster)
	audited := p.audit()
	clients := gather(t, p, planned)
	path := []*servers.Node{cluster.Master()}
	clients.works(10)
	for range 2 {
		// Refused while the former is not quite over: Sentinel takes the next one as soon as it can.
		old := path[len(path)-1]
		eventually(t, "SENTINEL FAILOVER is accepted", cluster.StartFailover)
		next := cluster.WaitMasterOtherThan(old)
		p.serving(next)
		path = append(path, next)
		clients.works(5)
		if len(path) == 2 {
			replicated(t, next, 1) // the third node follows the new master by now
		}
	}
	clients.works(20)
	audited()
	clients.conclude(p, path[2])
	p.moved(t, path...)
}

// moved: the reports tell of exactly these masters, one after the other.
func (p *proxy) moved(t *testing.T, path ...*servers.Node) {
	t.Helper()
	moves := p.moves()
	if len(moves) != len(path) {
		t.Errorf("%d changes of master in the reports, want %d", len(moves), len(path))
		return
	}
	for i := range moves {
		s := &moves[i]
		from := ""
		if i > 0 {
			from = path[i-1].Addr()
		}
		if s.From != from || s.To != path[i].Addr() || s.Outcome != admin.OutcomeReleased {
			t.Errorf("report %d: %s from %q to %q, want released from %q to %q", i, s.Outcome, s.From, s.To, from, path[i].Addr())
		}
		t.Logf("%s -> %s: %s, %.0f ms, %+v", s.From, s.To, s.Reason, s.DurationMS, s.Counts)
	}
}
