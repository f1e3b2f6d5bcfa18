package e2e

import (
	"fmt"
	"strings"
	"testing"

	"sentinelproxy/e2e/liar"
	"sentinelproxy/internal/servers"
)

// TestAllSentinelsGone is scenario f: without Sentinels there is nobody to switch, and nothing to stop for. When
// they are back, a failover works as before.
func TestAllSentinelsGone(t *testing.T) {
	t.Parallel()
	pool := servers.NewT(t)
	cluster := threeAndThree(t, pool)
	p := before(t, pool, cluster)
	audited := p.audit()
	clients := gather(t, p, planned)
	old := cluster.Master()
	clients.works(10)
	for _, s := range cluster.Sentinels {
		if err := s.Kill(); err != nil {
			t.Fatal(err)
		}
	}
	p.sentinelsUp(0)
	clients.works(50)
	for _, s := range cluster.Sentinels {
		if err := s.Restart(); err != nil {
			t.Fatal(err)
		}
	}
	p.sentinelsUp(3)
	clients.works(20)
	p.serving(old)
	eventually(t, "SENTINEL FAILOVER is accepted", cluster.StartFailover)
	next := cluster.WaitMasterOtherThan(old)
	p.serving(next)
	clients.works(20)
	audited()
	clients.conclude(p, next)
	p.moved(t, old, next)
}

// TestLyingSentinel is scenario g: one of four Sentinels insists on a master of the past, at the epoch of the past,
// and publishes failovers that nobody else knows of.
func TestLyingSentinel(t *testing.T) {
	t.Parallel()
	pool := servers.NewT(t)
	cluster := threeAndThree(t, pool)
	past := cluster.Master()
	present := cluster.Failover()
	l := liar.Start(t, cluster.Name, past.Addr(), 0)
	p := start(t, pool, cluster.Name, append([]string{l.Addr()}, addrs(cluster.Sentinels)...))
	p.serving(present)
	p.sentinelsUp(4)
	audited := p.audit()
	clients := gather(t, p, planned)
	clients.works(10)

	old, now := spaced(past.Addr()), spaced(present.Addr())
	back := fmt.Sprintf("slave %s %s @ %s %s", past.Addr(), old, cluster.Name, now)
	for _, message := range [][2]string{
		{"+switch-master", fmt.Sprintf("%s %s %s", cluster.Name, now, old)},
		{"+try-failover", fmt.Sprintf("master %s %s", cluster.Name, now)},
		{"+failover-state-select-slave", fmt.Sprintf("master %s %s", cluster.Name, now)},
		{"+selected-slave", back},
		{"+failover-state-send-slaveof-noone", back},
		{"+promoted-slave", back},
		{"+switch-master", fmt.Sprintf("%s %s %s", cluster.Name, now, old)},
		{"+sdown", fmt.Sprintf("master %s %s", cluster.Name, now)},
		{"+odown", fmt.Sprintf("master %s %s #quorum 3/3", cluster.Name, now)},
	} {
		l.Publish(message[0], message[1])
		clients.works(2) // held for a while perhaps, but served
		p.serving(present)
	}
	// With all that said, a real failover is followed all the same.
	eventually(t, "SENTINEL FAILOVER is accepted", cluster.StartFailover)
	next := cluster.WaitMasterOtherThan(present)
	p.serving(next)
	clients.works(20)
	audited()
	clients.conclude(p, next)
	p.moved(t, present, next)
}

// sentinelsUp waits until so many Sentinels are up for the proxy.
func (p *proxy) sentinelsUp(n int) {
	p.t.Helper()
	eventually(p.t, fmt.Sprintf("%d Sentinels are up", n), func() error {
		s, err := p.status()
		if err != nil {
			return err
		}
		up := 0
		for _, v := range s.Groups[0].Sentinels {
			if v.Up {
				up++
			}
		}
		if up != n {
			return fmt.Errorf("%+v", s.Groups[0].Sentinels)
		}
		return nil
	})
}

// spaced is "host port", as Sentinel writes addresses.
func spaced(addr string) string { return strings.Replace(addr, ":", " ", 1) }
