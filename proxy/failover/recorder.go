package failover

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"sentinelproxy/proxy/topology"
)

// recorder writes the reports and counts. It is fed by the driver's loop, read by Status and Reports, and gets the
// lanes' counts from any goroutine.
type recorder struct {
	group string
	mu    struct {
		sync.Mutex
		reports  []*Report
		ids      uint64
		seen     map[string]outcome // last result told for each probed address in this report
		ended    time.Time          // of the last report
		counters Counters
	}
}

// Counters are totals since the process began. Plain numbers, for the metrics collector.
type Counters struct {
	Holds         map[string]uint64 `json:"holds"`       // by HoldReason; every reason is there
	Transitions   map[string]uint64 `json:"transitions"` // by State entered; every state is there
	Switches      uint64            `json:"switches"`
	Adoptions     uint64            `json:"adoptions"`
	Refused       uint64            `json:"refused"` // holds that passed the limit
	Probes        uint64            `json:"probes"`
	ProbesFailed  uint64            `json:"probes_failed"`
	Late          uint64            `json:"late"`           // results and reports of another term or probe, ignored
	EventsDropped uint64            `json:"events_dropped"` // Sentinel events beyond what the mailbox keeps
}

func newRecorder(group string, m *Machine, now time.Time) *recorder {
	rec := &recorder{group: group}
	c := &rec.mu.counters
	c.Holds, c.Transitions = map[string]uint64{}, map[string]uint64{}
	for _, r := range HoldReasons() {
		c.Holds[r.String()] = 0
	}
	for _, s := range States() {
		c.Transitions[s.String()] = 0
	}
	c.Transitions[m.state.String()] = 1
	rec.open(&Machine{}, m, now)
	return rec
}

// input tells what came in, before the actions that it led to.
func (rec *recorder) input(before, next *Machine, in Input, now time.Time) {
	if before.hold.since.IsZero() && !next.hold.since.IsZero() {
		rec.open(before, next, now)
	}
	rec.mu.Lock()
	defer rec.mu.Unlock()
	r := rec.mu.reports[len(rec.mu.reports)-1]
	switch in := in.(type) {
	case SentinelSaid:
		if text := rec.worth(r, before, in.Event, now); text != "" {
			r.add(now, in.Sentinel, text)
		}
	case LaneSaid:
		rec.lane(r, before, in, now)
	case Probed:
		rec.probed(r, before, in, now)
	case Fired:
		if r.Open && in.Timer != TimerProbe && in.Timer != TimerAsk {
			r.add(now, "timer", in.Timer.String())
		}
	}
}

// worth is the event's line for the report, "" when it is none.
func (rec *recorder) worth(r *Report, before *Machine, e topology.Event, now time.Time) string {
	if !r.Open && now.Sub(rec.mu.ended) > aftermath {
		return ""
	}
	switch e.Kind {
	case topology.Opinion:
		// Polls come several times a second; what is new in them is the address and the epoch.
		for _, v := range before.views {
			if v.addr == e.Sentinel && v.master == e.Master && v.epoch == e.Epoch {
				return ""
			}
		}
		return fmt.Sprintf("names %s at epoch %d", e.Master, e.Epoch)
	case topology.SentinelUp:
		return "answers"
	case topology.SentinelDown:
		return "down: " + e.Text
	case topology.SentinelGone:
		return "is gone"
	case topology.NoOpinion:
		return "does not know the group: " + e.Text
	}
	return e.Text
}

func (rec *recorder) lane(r *Report, before *Machine, in LaneSaid, now time.Time) {
	if in.Term != before.term || before.term == 0 {
		rec.mu.counters.Late++
		return
	}
	if r.Open {
		r.add(now, "lanes", in.Kind.String()+suffix(in.Addr)+suffix(in.Text))
	}
}

// probed tells each address's first result and every change, not the hundred alike in between.
func (rec *recorder) probed(r *Report, before *Machine, in Probed, now time.Time) {
	o := classify(in)
	if o == outcomeFailed {
		rec.mu.counters.ProbesFailed++
	}
	if in.Number == 0 || before.outstanding(in.Addr) != in.Number {
		rec.mu.counters.Late++
		return
	}
	if last, told := rec.mu.seen[in.Addr]; !r.Open || told && last == o {
		return
	}
	rec.mu.seen[in.Addr] = o
	text := in.Addr + " is " + o.String()
	if in.Err != nil {
		text += ": " + in.Err.Error()
	}
	r.add(now, "probe", text)
}

func suffix(s string) string {
	if s == "" {
		return ""
	}
	return " " + s
}

// action tells what was ordered, and counts it.
func (rec *recorder) action(a Action, m *Machine, now time.Time) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	r, c := rec.mu.reports[len(rec.mu.reports)-1], &rec.mu.counters
	switch a.Kind {
	case ActAsk:
		return
	case ActProbe:
		c.Probes++
		return
	case ActEnter:
		c.Transitions[a.To.String()]++
	case ActAdopt:
		c.Adoptions++
		r.Basis = a.Basis.String()
	case ActRefuse, ActRefuseWrites:
		if r.RefuseReason == "" { // or it is refused again, after an adoption that failed
			c.Refused++
			r.RefusedMS, r.RefuseReason = millis(now.Sub(r.Began)), a.Refuse.String()
		}
	}
	if r.Open {
		r.add(now, "proxy", a.String())
	}
	if a.Kind == ActRelease {
		rec.close(r, m, now)
	}
}

// expect returns where the lanes' counts are to be put: into the last report, if it has not been dropped until then. What
// it returns is that report as it was when the counts were asked for, without its events.
func (rec *recorder) expect() func(SwitchCounts) Report {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	r := rec.mu.reports[len(rec.mu.reports)-1]
	was := *r
	was.Events = nil
	return func(c SwitchCounts) Report {
		rec.mu.Lock()
		defer rec.mu.Unlock()
		switch {
		case !was.Open:
			r.Counts = &c
		case r.RefusedCounts == nil:
			r.RefusedCounts = &c
		}
		return was
	}
}

func (rec *recorder) totals() Counters {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	c := rec.mu.counters
	c.Holds, c.Transitions = maps.Clone(c.Holds), maps.Clone(c.Transitions)
	return c
}

func (rec *recorder) copies() []Report {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	list := make([]Report, 0, len(rec.mu.reports))
	for _, r := range rec.mu.reports {
		c := *r
		c.Events = slices.Clone(r.Events)
		list = append(list, c)
	}
	return list
}

// fenceReport is the report that a fence belongs to. From any goroutine.
type fenceReport struct {
	rec  *recorder
	r    *Report
	addr string
}

// fence begins one, in the last report.
func (rec *recorder) fence(addr string) fenceReport {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	return fenceReport{rec, rec.mu.reports[len(rec.mu.reports)-1], addr}
}

func (f fenceReport) tell(text string) {
	f.rec.mu.Lock()
	defer f.rec.mu.Unlock()
	f.r.add(time.Now(), "fence", f.addr+" "+text)
}

func (f fenceReport) end(result FenceResult) {
	f.tell(result.String())
	f.rec.mu.Lock()
	defer f.rec.mu.Unlock()
	f.r.Fence = result.String()
}

// lastFence is what became of the last fence that there was reason for.
func (rec *recorder) lastFence() string {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	for i := len(rec.mu.reports) - 1; i >= 0; i-- {
		if f := rec.mu.reports[i].Fence; f != "" {
			return f
		}
	}
	return ""
}
