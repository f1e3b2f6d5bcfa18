package session

import (
	"strings"
	"testing"
	"time"

	"sentinelproxy/internal/servers"
)

// blockedOn waits until so many sessions have a command that blocks at the master.
func (l *lane) blockedOn(n int) {
	l.t.Helper()
	l.until("blocked", func() bool {
		k := 0
		for s := range l.g.sessions {
			if s.pin != nil && s.pin.link != nil && s.pin.link.Ready() && s.blocked() {
				k++
			}
		}
		return k == n
	})
}

// TestWorkerOverManySwitches: a worker that waits for ever does so over any number of switches, also if each old master tells it that it is one no more.
func TestWorkerOverManySwitches(t *testing.T) {
	for name, demoted := range map[string]bool{"old masters live on": false, "old masters are demoted": true} {
		t.Run(name, func(t *testing.T) {
			pool := servers.NewT(t)
			nodes := []*servers.Node{pool.Redis(servers.RedisOptions{}), pool.Redis(servers.RedisOptions{})}
			l := newLane(t, nil)
			l.serve(nodes[0].Addr())
			c := l.client()
			c.do("BLPOP q 0")
			l.blockedOn(1)
			for i := range 6 {
				time.Sleep(20 * time.Millisecond)
				old, next := nodes[i%2], nodes[(i+1)%2]
				if demoted {
					host, port, _ := strings.Cut(next.Addr(), ":")
					for node, order := range map[*servers.Node]string{next: "REPLICAOF NO ONE", old: "REPLICAOF " + host + " " + port} {
						d := direct(t, node.Addr())
						d.do(order)
						d.expect("+OK\r\n")
					}
				}
				l.serve(next.Addr())
				time.Sleep(20 * time.Millisecond)
				c.silence()
			}
			d := direct(t, nodes[0].Addr())
			d.do("RPUSH q x")
			d.expect(":1\r\n")
			c.expect("*2\r\n$1\r\nq\r\n$1\r\nx\r\n")
			c.close()
		})
	}
}

// TestBlockingPipelined: the second of two begins to wait when the first is answered.
func TestBlockingPipelined(t *testing.T) {
	pool := servers.NewT(t)
	a, b := pool.Redis(servers.RedisOptions{}), pool.Redis(servers.RedisOptions{})
	l := newLane(t, nil)
	l.serve(a.Addr())
	c := l.client()
	c.do("BLPOP q1 1", "BLPOP q2 1.5")
	c.expect("*-1\r\n")
	began := time.Now()
	time.Sleep(100 * time.Millisecond)
	l.serve(b.Addr())
	c.expect("*-1\r\n")
	if d := time.Since(began); d < 1300*time.Millisecond {
		t.Errorf("waited %v of 1.5 s", d)
	}
	c.close()
}

// TestBlockingBehind: one that was sent behind another command has waited since that was answered.
func TestBlockingBehind(t *testing.T) {
	pool := servers.NewT(t)
	a, b := pool.Redis(servers.RedisOptions{}), pool.Redis(servers.RedisOptions{})
	l := newLane(t, nil)
	l.serve(a.Addr())
	c := l.client()
	c.do("CLIENT NO-EVICT ON")
	c.expect("+OK\r\n")
	c.do("PING", "BLPOP q2 1")
	c.expect("+PONG\r\n")
	began := time.Now()
	time.Sleep(800 * time.Millisecond)
	l.serve(b.Addr())
	c.expect("*-1\r\n")
	if d := time.Since(began); d > 1300*time.Millisecond {
		t.Errorf("waited %v of 1 s", d)
	}
	c.close()
}
