package failover

import (
	"slices"
	"time"
)

// Report is the story of one hold, from its first cause to the release: a switch when the master is another one
// afterwards. Offsets and durations are milliseconds.
type Report struct {
	ID     uint64     `json:"id"` // 1 for the first of this process
	Group  string     `json:"group"`
	Kind   ReportKind `json:"kind"`
	Open   bool       `json:"open"` // it has not ended yet
	Began  time.Time  `json:"began"`
	Reason string     `json:"reason"` // a HoldReason's word
	From   string     `json:"from"`   // master before, "" at the start
	To     string     `json:"to"`     // master after, "" while open
	Term   uint64     `json:"term"`
	Epoch  uint64     `json:"epoch"`
	Basis  string     `json:"basis"` // a Basis's word; "none" when the master was let go in place
	// DurationMS is from the first cause to Release.
	DurationMS float64 `json:"duration_ms"`
	// RefusedMS is when the hold limit passed; RefuseReason why nothing was found until then.
	RefusedMS    float64 `json:"refused_ms,omitempty"`
	RefuseReason string  `json:"refuse_reason,omitempty"`

	// Fence is what became of the fence on the former master, in plain words; "" if there was no reason for one.
	Fence string `json:"fence,omitempty"`

	Events []ReportEvent `json:"events"`
	// EventsLeftOut counts those beyond the first 512.
	EventsLeftOut int `json:"events_left_out,omitempty"`

	// Counts are the lanes' figures when it ended, RefusedCounts those when the limit passed. Both come a moment later.
	Counts        *SwitchCounts `json:"counts,omitempty"`
	RefusedCounts *SwitchCounts `json:"refused_counts,omitempty"`
}

// ReportKind says what the hold came to.
type ReportKind string

// The kinds of reports.
const (
	ReportStart  ReportKind = "start"  // the first master since the process began
	ReportSwitch ReportKind = "switch" // another master
	ReportHold   ReportKind = "hold"   // the same master
)

// ReportEvent is one line of the story.
type ReportEvent struct {
	OffsetMS float64 `json:"offset_ms"` // from Began; messages that came up to 30 s after the end are told too
	Source   string  `json:"source"`    // "lanes", "probe", "timer", "fence", "proxy" (its own actions), or the Sentinel's address
	Text     string  `json:"text"`
}

const (
	maxReports      = 32
	maxReportEvents = 512
	aftermath       = 30 * time.Second // the leader's +switch-master has been seen 20 s after the promotion
)

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func (r *Report) add(at time.Time, source, text string) {
	if len(r.Events) >= maxReportEvents {
		r.EventsLeftOut++
		return
	}
	e := ReportEvent{OffsetMS: millis(at.Sub(r.Began)), Source: source, Text: text}
	i := len(r.Events)
	for i > 0 && r.Events[i-1].OffsetMS > e.OffsetMS { // a fence's, which come from other goroutines
		i--
	}
	r.Events = slices.Insert(r.Events, i, e)
}

// open: the hold has just begun.
func (rec *recorder) open(before, next *Machine, now time.Time) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.mu.ids++
	r := &Report{
		ID: rec.mu.ids, Group: rec.group, Kind: ReportHold, Open: true, Began: now,
		Reason: next.hold.reason.String(), From: before.master, Basis: BasisNone.String(),
	}
	rec.mu.reports = append(rec.mu.reports, r)
	if len(rec.mu.reports) > maxReports {
		rec.mu.reports = rec.mu.reports[1:]
	}
	rec.mu.seen = map[string]outcome{}
	rec.mu.counters.Holds[next.hold.reason.String()]++
}

// close: released.
func (rec *recorder) close(r *Report, m *Machine, now time.Time) {
	r.Open, r.To, r.Term, r.Epoch = false, m.master, m.term, m.epoch
	r.DurationMS = millis(now.Sub(r.Began))
	switch {
	case r.From == "":
		r.Kind = ReportStart
	case !m.same(r.From, r.To):
		r.Kind = ReportSwitch
		rec.mu.counters.Switches++
	}
	rec.mu.ended = now
}

// Reports returns the last 32 holds and switches, oldest first; the last one may be open still.
func (d *Driver) Reports() []Report { return d.rec.copies() }
