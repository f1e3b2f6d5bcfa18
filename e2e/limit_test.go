package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"sentinelproxy/internal/servers"
	"sentinelproxy/proxy/admin"
)

// Scenario h: no switch within the hold limit. There is one master and nobody to be promoted, so it ends when that
// one is back.

// refusals excuses what a client may be told when no master comes in time: that there is none, or, for a write that
// was on the wire, that nobody knows.
func refusals(command []string, err replyError) bool {
	switch text := string(err); {
	case strings.HasPrefix(text, "NOMASTER "):
		return true
	case strings.HasPrefix(text, "UNKNOWNOUTCOME "):
		return command[0] == "INCR" || command[0] == "SET"
	}
	return false
}

func alone(t *testing.T) (*servers.T, *servers.ClusterT, *proxy) {
	pool := servers.NewT(t)
	// Saved, so that a master that was killed comes back with what it had acknowledged.
	cluster := pool.Cluster(servers.ClusterOptions{
		Sentinels: 3, NodeConfig: []string{"appendonly yes", "appendfsync always"},
	})
	return pool, cluster, before(t, pool, cluster, "--hold-timeout", "2s")
}

// TestHoldLimitKilled: the master is killed and comes back with its data.
func TestHoldLimitKilled(t *testing.T) {
	t.Parallel()
	_, cluster, p := alone(t)
	master := cluster.Nodes[0]
	audited := p.audit()
	clients := gather(t, p, rules{excused: refusals})
	clients.works(10)
	if err := master.Kill(); err != nil {
		t.Fatal(err)
	}
	p.refusesAtOnce(t, clients)
	if err := master.Restart(); err != nil {
		t.Fatal(err)
	}
	p.serving(master)
	clients.worksAgain()
	audited()
	clients.concludeRefused(p, master)
}

// TestHoldLimitPaused: the master hangs, with its connections open, and goes on later with what it had read.
func TestHoldLimitPaused(t *testing.T) {
	t.Parallel()
	_, cluster, p := alone(t)
	master := cluster.Nodes[0]
	audited := p.audit()
	clients := gather(t, p, rules{excused: refusals})
	clients.works(10)
	if err := master.Pause(); err != nil {
		t.Fatal(err)
	}
	p.refusesAtOnce(t, clients)
	if err := master.Resume(); err != nil {
		t.Fatal(err)
	}
	p.serving(master)
	clients.worksAgain()
	audited()
	clients.concludeRefused(p, master)
}

// refusesAtOnce: everybody is answered, one round after another, though there is no master.
func (p *proxy) refusesAtOnce(t *testing.T, clients *crowd) {
	t.Helper()
	p.inState("refusing")
	clients.works(20)
	for _, proto := range []int{2, 3} {
		w, err := connect("tcp", p.addr, 2)
		if err != nil {
			t.Fatal(err)
		}
		defer w.close()
		if proto == 3 {
			// A client that comes now is told too; HELLO needs a master.
			if e, is := w.ask(t, "HELLO", "3").(replyError); !is || !strings.HasPrefix(string(e), "NOMASTER ") {
				t.Errorf("HELLO 3 without a master: %v", e)
			}
		}
		for _, command := range [][]string{{"PING"}, {"GET", "x"}, {"INCR", "x"}, {"MULTI"}, {"BLPOP", "x", "0"}, {"SUBSCRIBE", "x"}} {
			v := w.ask(t, command...)
			if e, is := v.(replyError); !is || !strings.HasPrefix(string(e), "NOMASTER ") {
				t.Errorf("%q without a master: %v", command, v)
			}
		}
		w.want(t, "OK", "CLIENT", "SETNAME", "somebody") // needs none
	}
	body, err := p.get(context.Background(), "/livez")
	if err != nil {
		t.Errorf("/livez while refusing: %v %s", err, body)
	}
}

// worksAgain waits until the workers have rounds without any error.
func (c *crowd) worksAgain() {
	c.t.Helper()
	c.works(5) // what was sent before the release
	c.strict.Store(true)
	c.works(20)
}

// concludeRefused is conclude where clients were refused.
func (c *crowd) concludeRefused(p *proxy, master *servers.Node) {
	c.t.Helper()
	c.rest()
	errs := c.seen()
	c.final(master)
	if errs["NOMASTER"] < len(c.workers) {
		c.t.Errorf("%v errors, with %d clients and no master", errs, len(c.workers))
	}
	var sum lane
	eventually(c.t, "the clients of the test itself have gone", func() error {
		sum = p.settled()
		if sum.Clients != int64(len(c.workers)) {
			return fmt.Errorf("%d clients", sum.Clients)
		}
		return nil
	})
	for reason, n := range sum.Closed {
		if reason != "peer" || n != 2 {
			c.t.Errorf("%d clients were closed: %s", n, reason)
		}
	}
	if sum.Refused == 0 {
		c.t.Error("nothing was refused at once")
	}
	reports := p.reports()
	if last := reports[len(reports)-1]; len(reports) < 2 || last.From != last.To || last.Outcome != admin.OutcomeReleased {
		c.t.Errorf("the last of %d reports: %s", len(reports), told(&last))
	}
}
