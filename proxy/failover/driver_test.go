package failover

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// rig is a driver between scripted lanes, nodes and Sentinels, in the fake time of synctest.
type rig struct {
	t      *testing.T
	d      *Driver
	cancel context.CancelFunc
	done   chan struct{}

	mu     sync.Mutex
	orders []string          // what the lanes were told
	roles  map[string]string // node to a word of roleWords, or "hang"
	names  map[string]string // what the Sentinels answer when asked
	asked  int
	deaf   bool // lanes don't answer Adopt
}

func newRig(t *testing.T, change func(*Options)) *rig {
	r := &rig{t: t, roles: map[string]string{}, names: map[string]string{}, done: make(chan struct{})}
	opts := Options{Group: "g", Config: DefaultConfig([]string{"s1", "s2", "s3"}), Lanes: r, Prober: r, AskSentinels: r.ask}
	opts.Config.Strict = true
	if change != nil {
		change(&opts)
	}
	r.d = New(opts)
	return r
}

func (r *rig) run() {
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	go func() {
		defer close(r.done)
		r.d.Run(ctx)
	}()
	synctest.Wait()
}

func (r *rig) stop() {
	r.cancel()
	<-r.done
}

func (r *rig) order(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.orders = append(r.orders, fmt.Sprintf(format, args...))
}

func (r *rig) HoldWrites(term uint64) { r.order("hold-writes %d", term) }
func (r *rig) HoldAll(term uint64)    { r.order("hold-all %d", term) }
func (r *rig) Release(term uint64)    { r.order("release %d", term) }
func (r *rig) Refuse(reason string)   { r.order("refuse %s", reason) }
func (r *rig) RefuseWrites(reason string) {
	r.order("refuse-writes %s", reason)
}
func (r *rig) Seal(term uint64)    { r.order("seal %d", term) }
func (r *rig) Genuine(term uint64) { r.order("genuine %d", term) }

func (r *rig) Adopt(addr string, term, _ uint64) {
	r.order("adopt %s %d", addr, term)
	if !r.deaf {
		r.d.Lane(LaneReport{Kind: Restored, Term: term, Addr: addr})
	}
}

func (r *rig) Counts(term uint64, done func(SwitchCounts)) {
	go done(SwitchCounts{Held: 3, Released: 3, HoldMax: float64(term)})
}

func (r *rig) Role(ctx context.Context, addr string) (Role, error) {
	r.mu.Lock()
	word := r.roles[addr]
	r.mu.Unlock()
	if word == "hang" {
		<-ctx.Done()
		return Role{}, ctx.Err()
	}
	p, known := roleWords[word]
	if !known {
		return Role{}, errRefused
	}
	return p.Role, p.Err
}

// ask answers like a topology: each Sentinel's opinion, changed or not.
func (r *rig) ask() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	for s, answer := range r.names {
		r.event(s + " names " + answer)
	}
}

func (r *rig) event(line string) {
	w := strings.Fields(line)
	e, err := parseEvent(w[0], w[1:])
	if err != nil {
		r.t.Error(err)
	}
	e.Time = time.Now()
	r.d.Event(e)
}

func (r *rig) set(what map[string]string, kv ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := 0; i < len(kv); i += 2 {
		what[kv[i]] = kv[i+1]
	}
}

func (r *rig) told() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer func() { r.orders = nil }()
	return strings.Join(r.orders, "; ")
}

// serve brings it to A.
func (r *rig) serve() {
	r.t.Helper()
	r.set(r.roles, "A", "master", "B", "replica")
	r.set(r.names, "s1", "A 5", "s2", "A 5", "s3", "A 5")
	r.run()
	if got, want := r.told(), "hold-all 0; adopt A 1; release 1"; got != want {
		r.t.Fatalf("at the start: %s, want %s", got, want)
	}
}

func (r *rig) expect(want string) {
	r.t.Helper()
	synctest.Wait()
	if got := r.told(); got != want {
		r.t.Fatalf("the lanes were told: %s\nwant: %s", got, want)
	}
}

func TestDriverFollowsCrash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		r.serve()
		defer r.stop()
		time.Sleep(4500 * time.Millisecond) // between two checks of ROLE

		r.set(r.roles, "A", "failed")
		r.d.Lane(LaneReport{Kind: LinkLost, Term: 1, Addr: "A", Text: "EOF"})
		r.expect("hold-all 1")
		if s := r.d.Status(); s.State != "verifying" || s.HoldReason != "link_lost" || s.Waiting != "master_unreachable" {
			t.Errorf("status in the hold: %+v", s)
		}
		time.Sleep(5 * time.Second)
		r.event("s1 +try-failover A")
		r.event("s1 +selected-slave B A")
		time.Sleep(95 * time.Millisecond)
		r.set(r.roles, "B", "master")
		promoted := time.Now()
		time.Sleep(11 * time.Millisecond)
		r.expect("adopt B 2; release 2")
		time.Sleep(time.Second)
		r.set(r.names, "s1", "B 6", "s2", "B 6", "s3", "B 6")
		r.ask()
		time.Sleep(15 * time.Second)
		r.event("s1 +switch-master A B")
		r.expect("")

		s := r.d.Status()
		if s.State != "serving" || s.Master != "B" || s.Epoch != 6 || !s.Confirmed || s.Basis != "followed" || s.HoldSince != nil {
			t.Errorf("status: %+v", s)
		}
		reports := r.d.Reports()
		if len(reports) != 2 || reports[0].Kind != ReportStart {
			t.Fatalf("reports: %+v", reports)
		}
		checkCrashReport(t, reports[1], promoted)
		if c := s.Counters; c.Switches != 1 || c.Holds["link_lost"] != 1 || c.Adoptions != 2 || c.Transitions["holding"] != 2 || c.Refused != 0 {
			t.Errorf("counters: %+v", c)
		}
	})
}

func checkCrashReport(t *testing.T, rep Report, promoted time.Time) {
	t.Helper()
	if rep.Kind != ReportSwitch || rep.Open || rep.Reason != "link_lost" || rep.From != "A" || rep.To != "B" || rep.Term != 2 || rep.Basis != "followed" {
		t.Errorf("report: %+v", rep)
	}
	if late := rep.DurationMS - millis(promoted.Sub(rep.Began)); late < 0 || late > 11 {
		t.Errorf("released %v ms after the promotion", late)
	}
	if rep.Counts == nil || rep.Counts.HoldMax != 2 {
		t.Errorf("counts: %+v", rep.Counts)
	}
	var story []string
	for _, e := range rep.Events {
		story = append(story, fmt.Sprintf("%.0f %s %s", e.OffsetMS, e.Source, e.Text))
	}
	for _, want := range []string{
		"0 lanes link-lost A EOF", "0 probe A is failed: connection refused", "5000 s1 +try-failover A", "5000 probe B is replica",
		"5100 probe B is master", "5100 proxy release term=2", "6106 s1 names B at epoch 6", "21106 s1 +switch-master A B",
	} {
		if !slices.ContainsFunc(story, func(s string) bool { return strings.HasPrefix(s, want) }) {
			t.Errorf("not told: %s", want)
		}
	}
	if t.Failed() || testing.Verbose() {
		t.Logf("the story:\n%s", strings.Join(story, "\n"))
	}
}

func TestDriverLetsGoInPlaceAfterHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		r.serve()
		defer r.stop()
		r.set(r.roles, "A", "hang")
		time.Sleep(2100 * time.Millisecond) // the check is sent after 1 s, and times out after another
		r.expect("hold-all 1")
		r.set(r.roles, "A", "master")
		time.Sleep(1200 * time.Millisecond)
		r.expect("release 1")
		if rep := r.d.Reports()[1]; rep.Kind != ReportHold || rep.To != "A" || rep.Basis != "none" || rep.Reason != "probe_failed" {
			t.Errorf("report: %+v", rep)
		}
	})
}

func TestDriverRefusesAndRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(o *Options) { o.Config.HoldTimeout = 2 * time.Second })
		r.run()
		defer r.stop()
		r.expect("hold-all 0")
		time.Sleep(2*time.Second + time.Millisecond)
		r.expect("refuse no Sentinel answers")
		if s := r.d.Status(); s.State != "refusing" || s.RefuseReason != "sentinels_unreachable" || s.Counters.Refused != 1 {
			t.Errorf("status: %+v", s)
		}
		if rep := r.d.Reports()[0]; !rep.Open || rep.RefusedMS != 2000 || rep.RefusedCounts == nil {
			t.Errorf("report: %+v", rep)
		}
		r.set(r.roles, "A", "master")
		r.set(r.names, "s1", "A 5", "s2", "A 5")
		time.Sleep(time.Second)
		r.expect("adopt A 1; release 1")
	})
}

func TestDriverLimitCountsWhileRestoring(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		r.deaf = true
		r.set(r.roles, "A", "master")
		r.set(r.names, "s1", "A 5", "s2", "A 5")
		r.run()
		defer r.stop()
		time.Sleep(time.Minute + time.Millisecond)
		synctest.Wait()
		if got := r.told(); !strings.HasPrefix(got, "hold-all 0; adopt A 1; refuse links to the master could not be made") {
			t.Error(got)
		}
	})
}

func TestDriverStopsWithProbesUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		r.set(r.roles, "A", "hang")
		r.set(r.names, "s1", "A 5", "s2", "A 5")
		r.run()
		began := time.Now()
		r.stop() // Run has waited for the probe, or goleak finds it
		if time.Since(began) > 0 {
			t.Error("Run waited for the probe's time-out")
		}
	})
}

func TestMailboxIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		for range maxEvents + 10 {
			r.event("s1 names A 5") // nobody takes them: Run has not begun
		}
		for range 1000 {
			r.d.Lane(LaneReport{Kind: PinnedLost, Term: 1})
		}
		r.run()
		defer r.stop()
		if s := r.d.Status(); s.Counters.EventsDropped != 10 || s.Counters.Late != 1 {
			t.Errorf("counters: %+v", s.Counters)
		}
		if r.asked < 2 {
			t.Error("the Sentinels were not asked anew after events were dropped")
		}
	})
}

func TestReportsAreTheLast32(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		r.serve()
		defer r.stop()
		for range 40 {
			time.Sleep(2 * time.Second)
			r.d.Lane(LaneReport{Kind: LinkLost, Term: r.d.Status().Term, Addr: "A"})
			synctest.Wait()
		}
		reports := r.d.Reports()
		if len(reports) != 32 || reports[0].ID != 10 || reports[31].ID != 41 {
			t.Errorf("%d reports, %d to %d", len(reports), reports[0].ID, reports[31].ID)
		}
	})
}

// TestJSON fixes the names that scripts of users may rely on.
func TestJSON(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		r.serve()
		r.event("s1 names A 5")
		synctest.Wait()
		r.stop()
		for _, c := range []struct {
			v    any
			want string
		}{
			{r.d.Status(), "basis confirmed counters drained epoch fence group hold_ms hold_reason master probed refuse_reason refuse_text sentinels state state_ms term waiting_for waiting_text writes_refused"},
			{r.d.Status().Sentinels[0], "addr at candidate counts dismissed epoch failover flags known_sentinels master text tilt up"},
			{r.d.Status().Counters, "adoptions events_dropped holds late probes probes_failed refused switches transitions"},
			{r.d.Reports()[0], "basis began counts duration_ms epoch events from group id kind open reason term to"},
			{r.d.Reports()[0].Events[0], "offset_ms source text"},
			{SwitchCounts{}, "cancelled drained expired held hold_max_ms hold_p50_ms hold_p99_ms lost released resent unknown"},
		} {
			text, err := json.Marshal(c.v)
			if err != nil {
				t.Fatal(err)
			}
			var m map[string]any
			if err := json.Unmarshal(text, &m); err != nil {
				t.Fatal(err)
			}
			var names []string
			for name := range m {
				names = append(names, name)
			}
			slices.Sort(names)
			if got := strings.Join(names, " "); got != c.want {
				t.Errorf("%T: %s\nwant %s", c.v, got, c.want)
			}
		}
	})
}

// TestBadTransition: in tests it panics, in production it is noted and gone on with.
func TestBadTransition(t *testing.T) {
	m, _ := NewMachine(DefaultConfig([]string{"s1"}), still)
	s := stepper{m: m, now: still}
	s.enter(Draining)
	if s.m.state != Draining || !s.acts[0].Bug || !strings.HasPrefix(s.acts[0].Text, "BUG: ") {
		t.Errorf("%+v", s.acts)
	}
	m.cfg.Strict = true
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	s.enter(Starting)
}
