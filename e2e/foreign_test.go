package e2e

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"sentinelproxy/e2e/liar"
	"sentinelproxy/internal/servers"
)

// TestForeignFailover: somebody's plain SENTINEL FAILOVER. Clients notice nothing; a client that writes to the old master past the
// proxies loses nothing that was acknowledged; the fence is taken off in the end, by whichever proxy.
func TestForeignFailover(t *testing.T) {
	for _, proxies := range []int{1, 2} {
		t.Run(fmt.Sprint(proxies, " proxies"), func(t *testing.T) {
			t.Parallel()
			s := switchableBy(t, proxies)
			old := s.cluster.Master()
			audits, crowds := s.gatherAll(planned)
			direct := writeTo(old, "bypass")
			for _, c := range crowds {
				c.works(10)
			}
			next := s.cluster.Failover()
			for i, p := range s.proxies {
				p.serving(next)
				crowds[i].works(20)
			}
			demoted(t, old)
			s.eventuallyAsBefore()
			direct.stop()
			<-direct.done
			for i, p := range s.proxies {
				if got := p.lastFence(); got != "confirmed" {
					t.Errorf("the fence: %s", got)
				}
				audits[i]()
				crowds[i].conclude(p, next)
			}
			c := next.Client()
			defer c.Close()
			if n, err := c.Get(context.Background(), "bypass").Int64(); err != nil || n < direct.acknowledged.Load() || n == 0 {
				t.Errorf("%d writes past the proxies are there, %d were acknowledged; %v", n, direct.acknowledged.Load(), err)
			}
		})
	}
}

// gatherAll has a crowd work through each of the proxies.
func (s *switchable) gatherAll(r rules) (audits []func(), crowds []*crowd) {
	s.t.Helper()
	for _, p := range s.proxies {
		audits = append(audits, p.audit())
		crowds = append(crowds, gather(s.t, p, r))
	}
	return audits, crowds
}

// lastFence is what became of the fence of the last switch, which may take a moment to be known.
func (p *proxy) lastFence() (text string) {
	p.t.Helper()
	eventually(p.t, "what became of the fence is known", func() error {
		moves := p.moves()
		if text = moves[len(moves)-1].Fence; text == "" {
			return errors.New("not yet")
		}
		return nil
	})
	return text
}

func demoted(t testing.TB, old *servers.Node) {
	t.Helper()
	eventually(t, "the old master is a replica", func() error {
		if role, err := old.Role(); err != nil || role == "master" {
			return fmt.Errorf("it is %s, %w", role, err)
		}
		return nil
	})
}

// fenceOf is min-replicas-to-write.
func fenceOf(n *servers.Node) (string, error) {
	c := n.Client()
	defer c.Close()
	got, err := c.ConfigGet(context.Background(), "min-replicas-to-write").Result()
	return got["min-replicas-to-write"], err
}

func (s *switchable) eventuallyAsBefore() {
	s.t.Helper()
	for _, n := range s.cluster.Nodes {
		fenceIsOff(s.t, n)
	}
	s.asBefore()
}

// fenceIsOff waits for that.
func fenceIsOff(t testing.TB, n *servers.Node) {
	t.Helper()
	eventually(t, "the fence is off "+n.Addr(), func() error {
		if got, err := fenceOf(n); err != nil || got != "0" {
			return fmt.Errorf("min-replicas-to-write is %s, %w", got, err)
		}
		return nil
	})
}

// TestForeignFailoverDenied: a proxy whose user may not CONFIG does what it did, and says so.
func TestForeignFailoverDenied(t *testing.T) {
	long(t)
	t.Parallel()
	pool := servers.NewT(t)
	cluster := pool.Cluster(servers.ClusterOptions{
		Replicas: 1, Sentinels: 3,
		NodeConfig: []string{"user probe on >pw +role +ping"},
	})
	replicated(t, cluster.Nodes[0], 1)
	p := before(t, pool, cluster, "--username", "probe", "--password", "pw")
	audited := p.audit()
	clients := gather(t, p, planned)
	clients.works(10)
	next := cluster.Failover()
	p.serving(next)
	clients.works(10)
	audited()
	clients.conclude(p, next)
	if got := p.lastFence(); !strings.HasPrefix(got, "not fenced: ") || !strings.Contains(got, "NOPERM") {
		t.Errorf("the fence: %s", got)
	}
}

// TestForeignFailoverAborted: announced, gone through with nearly to its end, and withdrawn, by a Sentinel that lies. The master is
// fenced, and the fence off before anything is let go to it. A slow write that is answered meanwhile is not acknowledged
// before that is known; nor is it of unknown outcome then.
func TestForeignFailoverAborted(t *testing.T) {
	t.Parallel()
	pool := servers.NewT(t)
	cluster := threeAndThree(t, pool)
	master := cluster.Master()
	l := liar.Start(t, cluster.Name, master.Addr(), 0)
	p := start(t, pool, cluster.Name, append([]string{l.Addr()}, addrs(cluster.Sentinels)...))
	p.serving(master)
	p.sentinelsUp(4)
	audited := p.audit()
	clients := gather(t, p, planned)
	clients.works(10)
	slow := dial(t, p, 2)
	at := spaced(master.Addr())
	say := func(what, more string) { l.Publish(what, fmt.Sprintf("%s%s %s", more, cluster.Name, at)) }

	say("+try-failover", "master ")
	eventually(t, "the fence is on", func() error {
		if got, err := fenceOf(master); err != nil || got != "1000000" {
			return fmt.Errorf("min-replicas-to-write is %s, %w", got, err)
		}
		return nil
	})
	say("-failover-abort-no-good-slave", "master ")
	clients.works(5)
	if got, err := fenceOf(master); err != nil || got != "0" {
		t.Errorf("let go while min-replicas-to-write is %s, %v", got, err)
	}

	// 300 ms of work, so that it is on its way when the promotion is announced, which comes at once.
	began := time.Now()
	if err := slow.send([]string{"EVAL", slowIncrement, "1", "{slow}n"}); err != nil {
		t.Fatal(err)
	}
	time.Sleep(20 * time.Millisecond)
	say("+failover-state-wait-promotion", "master ")
	if v, err := slow.receive(); err != nil || v != int64(1) {
		t.Errorf("the slow one was answered %v, %v", v, err)
	}
	// The claim is not believed for ever.
	if took := time.Since(began); took < 2*time.Second {
		t.Errorf("acknowledged after %v, while another node may have been master", took)
	}
	clients.works(5)
	slow.want(t, "1", "GET", "{slow}n")
	slow.close()
	audited()
	if got, err := fenceOf(master); err != nil || got != "0" {
		t.Errorf("in the end min-replicas-to-write is %s, %v", got, err)
	}
	for _, r := range p.switches() {
		if r.Fence != "" && r.Fence != "lifted" && !strings.HasPrefix(r.Fence, "not fenced") {
			t.Errorf("the fence: %s", r.Fence)
		}
	}
}

// slowIncrement keeps the server busy and writes at the end.
const slowIncrement = `local t = redis.call('TIME')
local function now() local n = redis.call('TIME'); return (n[1] - t[1]) * 1000000 + n[2] - t[2] end
while now() < 300000 do end
return redis.call('INCR', KEYS[1])`

// TestSlowWriteOverPromotion: a script that runs when the failover begins and ends long after the promotion. It is not acknowledged,
// because the new master does not have what it has written.
func TestSlowWriteOverPromotion(t *testing.T) {
	t.Parallel()
	pool := servers.NewT(t)
	cluster := threeAndThree(t, pool)
	old := cluster.Master()
	p := before(t, pool, cluster)
	slow, other := dial(t, p, 2), dial(t, p, 2)
	other.want(t, "OK", "SET", "k", "1")
	script := strings.Replace(slowIncrement, "300000", "900000", 1)
	if err := slow.send([]string{"EVAL", script, "1", "{slow}n"}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "SENTINEL FAILOVER is accepted", cluster.StartFailover)
	v, err := slow.receive()
	next := cluster.WaitMasterOtherThan(old)
	p.serving(next)
	has := other.ask(t, "GET", "{slow}n")
	switch e, unknown := v.(replyError); {
	case err != nil:
		t.Error(err)
	case unknown && strings.HasPrefix(string(e), "UNKNOWNOUTCOME "):
	case v != int64(1) || has != "1":
		t.Errorf("answered %v, while the new master has %v", v, has)
	default:
		t.Log("the script had ended before the promotion")
	}
	slow.close()
	other.close()
}

// TestSwitchBesideOtherProxies: a switchover that knows only one of two proxies. The clients of the other one notice nothing either:
// NOREPLICAS of a fenced master is kept from them, whatever they do.
func TestSwitchBesideOtherProxies(t *testing.T) {
	for _, mixed := range []bool{false, true} {
		t.Run(fmt.Sprint("mixed ", mixed), func(t *testing.T) {
			t.Parallel()
			s := switchableBy(t, 2)
			old := s.cluster.Master()
			known, other := s.proxies[0], s.proxies[1]
			audited := other.audit()
			knowing := gather(t, known, planned)
			unknowing, conclude := gatherEither(t, other, mixed)
			knowing.works(10)
			unknowing.works(10)
			s.proxies = s.proxies[:1]
			s.run()
			next := s.cluster.Master()
			if next == old {
				t.Fatal("the master is the same")
			}
			for _, p := range []*proxy{known, other} {
				p.serving(next)
			}
			knowing.works(20)
			unknowing.works(20)
			audited()
			knowing.conclude(known, next)
			conclude(next)
			s.eventuallyAsBefore()
			fenced := 0
			for _, r := range other.switches() {
				if r.Reason == "fenced" {
					fenced++
				}
			}
			t.Logf("NOREPLICAS came before the announcement: %v", fenced > 0)
		})
	}
}

// gatherEither is the ordinary crowd or the mixed one.
func gatherEither(t *testing.T, p *proxy, mixed bool) (c *crowd, conclude func(*servers.Node)) {
	t.Helper()
	if mixed {
		c = gatherMixed(t, p, planned)
		return c, func(n *servers.Node) { c.concludeMixed(p, n) }
	}
	c = gather(t, p, planned)
	return c, func(n *servers.Node) { c.conclude(p, n) }
}

// TestFencedAgainAndAgain: a fence that comes and goes, of which no proxy is told. Nobody notices, whatever he does, and no healthy
// link is given up.
func TestFencedAgainAndAgain(t *testing.T) {
	long(t)
	for _, mixed := range []bool{false, true} {
		t.Run(fmt.Sprint("mixed ", mixed), func(t *testing.T) {
			t.Parallel()
			pool := servers.NewT(t)
			cluster := pool.Cluster(servers.ClusterOptions{Replicas: 1, Sentinels: 1, DownAfter: patience})
			p := before(t, pool, cluster, "--lanes", "2")
			audited := p.audit()
			clients, conclude := gatherEither(t, p, mixed)
			for range 5 {
				clients.works(5)
				configure(t, cluster.Nodes[0], "min-replicas-to-write", "1000000")
				time.Sleep(200 * time.Millisecond)
				configure(t, cluster.Nodes[0], "min-replicas-to-write", "0")
			}
			clients.works(10)
			audited()
			conclude(cluster.Nodes[0])
			fenced := 0
			for _, r := range p.switches() {
				if r.Reason == "fenced" {
					fenced++
				}
				if r.Counts.Lost > 0 || r.Term != 1 {
					t.Errorf("adopted anew: %s", told(&r))
				}
			}
			if fenced != 5 {
				t.Errorf("%d holds, want 5", fenced)
			}
		})
	}
}

// TestFenceLeftBehind: whoever has fenced the master has died, and no proxy knows of a switch. Writes wait for it to be taken off,
// which the proxy does itself in the end.
func TestFenceLeftBehind(t *testing.T) {
	long(t)
	t.Parallel()
	pool := servers.NewT(t)
	cluster := pool.Cluster(servers.ClusterOptions{Replicas: 1, Sentinels: 1})
	p := before(t, pool, cluster)
	audited := p.audit()
	w, reader := dial(t, p, 2), dial(t, p, 2)
	w.want(t, "OK", "SET", "k", "1")
	for _, lifted := range []bool{true, false} {
		configure(t, cluster.Nodes[0], "min-replicas-to-write", "1000001")
		if err := w.send([]string{"SET", "k", "2"}, []string{"GET", "k"}); err != nil {
			t.Fatal(err)
		}
		p.inState("draining")
		reader.want(t, "<nil>", "GET", "nothing")
		if lifted {
			configure(t, cluster.Nodes[0], "min-replicas-to-write", "1")
		}
		for _, want := range []string{"OK", "2"} {
			if v, err := w.receive(); err != nil || v != want {
				t.Errorf("lifted %v: got %v, %v, want %s", lifted, v, err, want)
			}
		}
		if got, err := fenceOf(cluster.Nodes[0]); err != nil || got != "1" {
			t.Errorf("min-replicas-to-write is %s, %v", got, err)
		}
	}
	w.close()
	reader.close()
	audited()
	for _, r := range p.switches() {
		if r.Reason == "fenced" && r.Counts.Lost > 0 {
			t.Errorf("lost: %s", told(&r))
		}
	}
}

// TestFenceLeftOnNextMaster: a replica that carries the mark of a former switch is promoted. It comes off at once.
func TestFenceLeftOnNextMaster(t *testing.T) {
	long(t)
	t.Parallel()
	pool := servers.NewT(t)
	cluster := pool.Cluster(servers.ClusterOptions{Replicas: 1, Sentinels: 3})
	replicated(t, cluster.Nodes[0], 1)
	configure(t, cluster.Nodes[1], "min-replicas-to-write", "1000000")
	p := before(t, pool, cluster)
	audited := p.audit()
	clients := gather(t, p, planned)
	clients.works(10)
	next := cluster.Failover()
	p.serving(next)
	clients.works(20)
	audited()
	clients.conclude(p, next)
	if got, err := fenceOf(next); err != nil || got != "0" {
		t.Errorf("min-replicas-to-write is %s, %v", got, err)
	}
	for _, r := range p.switches() {
		if r.DurationMS > 5000 {
			t.Errorf("held for long: %s", told(&r))
		}
	}
}

// TestGenuineNoReplicas: the user's own min-replicas-to-write. The client is told at once, in whichever form, and nobody
// is held for it again and again.
func TestGenuineNoReplicas(t *testing.T) {
	t.Parallel()
	s := switchableBy(t, 1)
	p := s.proxies[0]
	old := s.cluster.Master()
	w := dial(t, p, 2)
	w.want(t, "OK", "SET", "k", "1")
	transaction := dial(t, p, 2)
	transaction.want(t, "OK", "MULTI")
	transaction.want(t, "QUEUED", "SET", "k", "2")
	configure(t, old, "min-replicas-to-write", "3")
	// The first that meets it, word for word as the server has it.
	if e, is := transaction.ask(t, "EXEC").(replyError); !is || !strings.HasPrefix(string(e), "EXECABORT Transaction discarded because of: NOREPLICAS ") {
		t.Errorf("EXEC is answered %v", e)
	}
	transaction.want(t, "1", "GET", "k") // it is over
	transaction.close()
	began := time.Now()
	for range 20 {
		for _, command := range [][]string{{"SET", "k", "2"}, {"EVAL", "return redis.call('SET', KEYS[1], 2)", "1", "k"}} {
			if e, is := w.ask(t, command...).(replyError); !is || !strings.HasPrefix(string(e), "NOREPLICAS ") {
				t.Fatalf("%q is answered %v", command, e)
			}
		}
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("40 writes took %v", took)
	}
	holds := 0
	for _, r := range p.switches() {
		if r.Reason == "fenced" {
			holds++
		}
	}
	if holds == 0 || holds > 5 {
		t.Errorf("%d holds", holds)
	}
	w.want(t, "1", "GET", "k")
	configure(t, old, "min-replicas-to-write", "0")
	w.want(t, "OK", "SET", "k", "3")
	s.run()
	w.want(t, "3", "GET", "k")
	w.want(t, "OK", "SET", "k", "4")
	w.close()
	s.asBefore()
}
