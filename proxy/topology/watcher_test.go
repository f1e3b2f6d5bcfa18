package topology

import (
	"context"
	"strings"
	"testing"
	"time"

	"sentinelproxy/internal/servers"
)

// TestFailovers: one configured Sentinel is enough to hear them all; what they publish in a planned failover
// and in a crash comes as events, and no Sentinel's opinion ever pairs an address with the epoch of another.
func TestFailovers(t *testing.T) {
	c := servers.NewT(t).Cluster(servers.ClusterOptions{Replicas: 2, Sentinels: 3})
	first := c.Master().Addr()
	r := watch(t, Options{Sentinels: []string{c.Sentinels[2].Addr()}})
	for _, s := range c.Sentinels {
		r.awaitKind(0, "SentinelUp", SentinelUp, s.Addr())
		if e := r.awaitOpinion(0, s.Addr(), first); e.Known != 3 || e.Flags != "master" || e.Group != "mymaster" || e.Time.IsZero() {
			t.Errorf("opinion %+v", e)
		}
	}

	mark := r.mark()
	second := c.Failover().Addr()
	leader := r.awaitKind(mark, "TryFailover", TryFailover, "")
	if leader.Master != first || leader.Sentinel != c.Sentinels[0].Addr() {
		t.Errorf("TryFailover %+v", leader)
	}
	selected := r.awaitKind(mark, "SelectedReplica", SelectedReplica, leader.Sentinel)
	promoted := r.awaitKind(mark, "PromotedReplica", PromotedReplica, leader.Sentinel)
	if selected.Node != second || selected.Master != first || promoted.Node != second || promoted.Master != first {
		t.Errorf("selected %+v, promoted %+v, want %s", selected, promoted, second)
	}
	r.awaitKind(mark, "FailoverState", FailoverState, leader.Sentinel)
	r.awaitKind(mark, "NewEpoch", NewEpoch, leader.Sentinel)
	var epoch uint64
	for _, s := range c.Sentinels {
		if e := r.awaitKind(mark, "SwitchMaster", SwitchMaster, s.Addr()); e.Master != first || e.Node != second {
			t.Errorf("SwitchMaster %+v", e)
		}
		epoch = r.awaitOpinion(mark, s.Addr(), second).Epoch
	}
	r.awaitKind(mark, "FailoverEnd", FailoverEnd, leader.Sentinel)

	mark = r.mark()
	if err := c.Master().Kill(); err != nil {
		t.Fatal(err)
	}
	if e := r.await(mark, "SubjectivelyDown", func(e Event) bool { return e.Kind == SubjectivelyDown && e.Node == second }); e.Master != "" {
		t.Errorf("a master's own SubjectivelyDown: %+v", e)
	}
	r.await(mark, "ObjectivelyDown", func(e Event) bool { return e.Kind == ObjectivelyDown && e.Node == second })
	third := r.awaitKind(mark, "SwitchMaster", SwitchMaster, "").Node
	for _, s := range c.Sentinels {
		if e := r.awaitOpinion(mark, s.Addr(), third); e.Epoch <= epoch {
			t.Errorf("epoch %d after %d", e.Epoch, epoch)
		}
	}
	checkEpochs(t, r.since(0))
}

// checkEpochs: an epoch belongs to one master. What SENTINEL MASTER shows at the leader between the promotion and its
// own +switch-master, the old address with the new epoch, must not come through.
func checkEpochs(t *testing.T, events []Event) {
	t.Helper()
	latest := map[uint64]string{} // by the last word: an epoch that lags behind its address is allowed
	for _, e := range events {
		if e.Kind == Opinion {
			latest[e.Epoch] = e.Master
		}
	}
	for _, e := range events {
		if e.Kind == Opinion && e.Master != latest[e.Epoch] {
			for epoch, master := range latest {
				if master == e.Master && epoch < e.Epoch {
					t.Errorf("%s names %s with epoch %d, which is %s's", e.Sentinel, e.Master, e.Epoch, latest[e.Epoch])
				}
			}
		}
	}
}

// TestAbort: with no replica that may be promoted the failover is given up.
func TestAbort(t *testing.T) {
	c := servers.NewT(t).Cluster(servers.ClusterOptions{Replicas: 1, Sentinels: 1, NodeConfig: []string{"replica-priority 0"}})
	master := c.Master()
	r := watch(t, Options{Sentinels: addrs(c.Sentinels)})
	r.awaitOpinion(0, c.Sentinels[0].Addr(), master.Addr())
	if err := master.Kill(); err != nil {
		t.Fatal(err)
	}
	e := r.awaitKind(0, "FailoverAbort", FailoverAbort, c.Sentinels[0].Addr())
	if e.Master != master.Addr() || e.Text != "-failover-abort-no-good-slave master mymaster 127.0.0.1 "+port(master.Addr()) {
		t.Errorf("FailoverAbort %+v", e)
	}
}

// TestSentinelComesAndGoes: one that hangs, is killed, loses its subscribers, is added, and is forgotten.
func TestSentinelComesAndGoes(t *testing.T) {
	c := servers.NewT(t).Cluster(servers.ClusterOptions{Replicas: 1, Sentinels: 3})
	master := c.Master().Addr()
	r := watch(t, Options{Sentinels: addrs(c.Sentinels)[:2]})
	one := c.Sentinels[1]
	for _, s := range c.Sentinels {
		r.awaitOpinion(0, s.Addr(), master)
	}
	downAndBack := func(mark int, mend func() error) {
		t.Helper()
		r.awaitKind(mark, "SentinelDown", SentinelDown, one.Addr())
		must(t, mend())
		r.await(r.after, "SentinelUp before anything else", func(e Event) bool {
			if e.Sentinel == one.Addr() && e.Kind != SentinelUp {
				t.Errorf("a Sentinel that is down says %+v", e)
			}
			return e.Sentinel == one.Addr()
		})
		r.awaitOpinion(r.after, one.Addr(), master)
	}

	mark, began := r.mark(), time.Now()
	must(t, one.Pause())
	r.awaitKind(mark, "SentinelDown", SentinelDown, one.Addr())
	t.Logf("paused: down after %v", time.Since(began).Round(time.Millisecond))
	if d := time.Since(began); d > 5*time.Second { // the rule is 2 s; the rest is for a busy machine
		t.Errorf("a Sentinel that hangs was down after %v", d)
	}
	downAndBack(mark, one.Resume)

	mark = r.mark()
	must(t, one.Kill())
	downAndBack(mark, one.Restart)

	mark = r.mark()
	began = time.Now()
	if _, err := one.Do(t.Context(), "CLIENT", "KILL", "TYPE", "pubsub"); err != nil {
		t.Fatal(err)
	}
	downAndBack(mark, func() error { return nil })
	t.Logf("subscription killed: back after %v", time.Since(began).Round(time.Millisecond))

	fourth := c.AddSentinel()
	r.awaitOpinion(mark, fourth.Addr(), master)
	mark = r.mark()
	must(t, fourth.Kill())
	r.awaitKind(mark, "SentinelDown", SentinelDown, fourth.Addr())
	for _, s := range c.Sentinels[:3] {
		if _, err := s.Do(t.Context(), "SENTINEL", "RESET", "*"); err != nil {
			t.Fatal(err)
		}
	}
	r.awaitKind(mark, "SentinelGone", SentinelGone, fourth.Addr())
	for _, e := range r.since(mark) {
		if e.Kind == SentinelGone && e.Sentinel != fourth.Addr() {
			t.Errorf("%s is gone too: %s", e.Sentinel, e.Text)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestOneSentinelOneVoice: a Sentinel under two names never has two voices, whichever name is met first.
func TestOneSentinelOneVoice(t *testing.T) {
	c := servers.NewT(t).Cluster(servers.ClusterOptions{Sentinels: 3})
	master := c.Master().Addr()
	a, b, d := c.Sentinels[0], c.Sentinels[1], c.Sentinels[2]
	byName := func(s *servers.Sentinel) string { return "localhost:" + port(s.Addr()) }

	// a is configured by name and named by IP; b under both; d is discovered only.
	must(t, a.Stop())
	r := watch(t, Options{Sentinels: []string{byName(a), b.Addr(), byName(b)}})
	r.awaitKind(0, "SentinelDown", SentinelDown, byName(a))
	r.awaitOpinion(0, d.Addr(), master)
	must(t, a.Restart())
	r.awaitOpinion(0, byName(a), master)
	r.await(0, "voice of b", func(e Event) bool { return e.Kind == Opinion && port(e.Sentinel) == port(b.Addr()) })

	// The name that is silent takes over when the other one fails it: the Sentinel itself is still there.
	mark := r.mark()
	must(t, b.Kill())
	r.await(mark, "SentinelDown", func(e Event) bool { return e.Kind == SentinelDown && port(e.Sentinel) == port(b.Addr()) })
	must(t, b.Restart())
	r.await(mark, "voice of b", func(e Event) bool { return e.Kind == Opinion && port(e.Sentinel) == port(b.Addr()) })

	checkVoices(t, r.since(0))
	known := map[string]bool{}
	for _, e := range r.since(0) {
		known[e.Sentinel] = e.Kind != SentinelGone
	}
	n := 0
	for _, yes := range known {
		if yes {
			n++
		}
	}
	if n != 3 {
		t.Errorf("three Sentinels are known as %v", known)
	}
}

// checkVoices: at no time are two addresses with the same port up. (All Sentinels are on this machine.)
func checkVoices(t *testing.T, events []Event) {
	t.Helper()
	up := map[string]string{}
	for _, e := range events {
		switch e.Kind {
		case SentinelDown, SentinelGone:
			if up[port(e.Sentinel)] == e.Sentinel {
				delete(up, port(e.Sentinel))
			}
		default:
			if other := up[port(e.Sentinel)]; other != "" && other != e.Sentinel {
				t.Errorf("%s speaks while %s does", e.Sentinel, other)
			}
			up[port(e.Sentinel)] = e.Sentinel
		}
	}
}

func TestSentinelPassword(t *testing.T) {
	pool := servers.NewT(t)
	n := pool.Redis(servers.RedisOptions{})
	s := pool.Sentinel(servers.SentinelOptions{Master: "mymaster", MasterAddr: n.Addr(), Password: "right"})
	r := watch(t, Options{Sentinels: []string{s.Addr()}, Password: "wrong"})
	if e := r.awaitKind(0, "SentinelDown", SentinelDown, s.Addr()); !strings.Contains(e.Text, "WRONGPASS") {
		t.Errorf("wrong password: %q", e.Text)
	}
	r = watch(t, Options{Sentinels: []string{s.Addr()}})
	if e := r.awaitKind(0, "SentinelDown", SentinelDown, s.Addr()); !strings.Contains(e.Text, "NOAUTH") {
		t.Errorf("no password: %q", e.Text)
	}
	r = watch(t, Options{Sentinels: []string{s.Addr()}, Password: "right"})
	r.awaitOpinion(0, s.Addr(), n.Addr())
}

func TestUnknownGroupAndAddressMap(t *testing.T) {
	pool := servers.NewT(t)
	n := pool.Redis(servers.RedisOptions{})
	s := pool.Sentinel(servers.SentinelOptions{Master: "mymaster", MasterAddr: n.Addr()})
	r := watch(t, Options{Sentinels: []string{s.Addr()}, Group: "another"})
	if e := r.awaitKind(0, "NoOpinion", NoOpinion, s.Addr()); e.Text == "" {
		t.Errorf("NoOpinion %+v", e)
	}
	mapped := func(addr string) string { return "elsewhere:" + port(addr) }
	r = watch(t, Options{Sentinels: []string{s.Addr()}, AddrMap: mapped})
	r.awaitOpinion(0, s.Addr(), mapped(n.Addr()))
}

func TestOptionsAreChecked(t *testing.T) {
	emit := func(Event) {}
	for want, o := range map[string]Options{
		"topology: no master name":             {Sentinels: []string{"a:1"}, Emit: emit},
		"topology: group g: no Sentinel":       {Group: "g", Emit: emit},
		"topology: no Emit":                    {Group: "g", Sentinels: []string{"a:1"}},
		`topology: group g: Sentinel "host": `: {Group: "g", Sentinels: []string{"host"}, Emit: emit},
	} {
		if _, err := New(o); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	w, err := New(Options{Group: "g", Sentinels: []string{"a:1"}, Emit: emit})
	if err != nil {
		t.Fatal(err)
	}
	w.Ask() // before Run: nothing to ask, nothing to break
}

// TestRunEnds: also while a Sentinel hangs, and while nobody answers at all.
func TestRunEnds(t *testing.T) {
	pool := servers.NewT(t)
	n := pool.Redis(servers.RedisOptions{})
	s := pool.Sentinel(servers.SentinelOptions{Master: "mymaster", MasterAddr: n.Addr()})
	events := make(chan Event, 1000)
	w, err := New(Options{Group: "mymaster", Sentinels: []string{s.Addr(), "127.0.0.1:1"}, Timeout: time.Hour, Emit: func(e Event) { events <- e }})
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); w.Run(ctx) }()
	for e := range events {
		if e.Kind == Opinion {
			break
		}
	}
	must(t, s.Pause())
	w.Ask() // now an answer is waited for, which never comes
	time.Sleep(50 * time.Millisecond)
	cancel()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatal("Run waits for an answer after its context has ended")
	}
	for len(events) > 0 {
		<-events
	}
	w.Ask()
	if len(events) > 0 {
		t.Errorf("an event after the end: %+v", <-events)
	}
}
