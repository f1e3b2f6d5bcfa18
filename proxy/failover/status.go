package failover

import "time"

// Status is what the status page and the metrics show of one group.
type Status struct {
	Group     string  `json:"group"`
	State     string  `json:"state"`    // a State's word
	StateMS   float64 `json:"state_ms"` // how long it has lasted
	Master    string  `json:"master"`
	Epoch     uint64  `json:"epoch"`
	Confirmed bool    `json:"confirmed"` // a majority has named this master since it was adopted
	Term      uint64  `json:"term"`
	Basis     string  `json:"basis"` // on whose word it was adopted
	// HoldSince is nil while serving; HoldMS how long that is by now.
	HoldSince  *time.Time `json:"hold_since,omitempty"`
	HoldMS     float64    `json:"hold_ms"`
	Drained    bool       `json:"drained"`     // no write from before the hold is in flight any more
	HoldReason string     `json:"hold_reason"` // a HoldReason's word, "none" while serving
	// WritesRefused: the limit has passed, and reads go on.
	WritesRefused bool             `json:"writes_refused"`
	RefuseReason  string           `json:"refuse_reason"`
	RefuseText    string           `json:"refuse_text"`  // the same as the sentence part that clients get
	WaitingText   string           `json:"waiting_text"` // the same as a sentence part
	Waiting       string           `json:"waiting_for"`  // what is missing for a release, a RefuseReason's word; "none" while serving
	Probed        []ProbeStatus    `json:"probed"`
	Sentinels     []SentinelStatus `json:"sentinels"`
	Fence         string           `json:"fence"` // what became of the last one, see Report
	Counters      Counters         `json:"counters"`
}

// ProbeStatus is an address that ROLE is asked of, and what it answered last.
type ProbeStatus struct {
	Addr   string `json:"addr"`
	Result string `json:"result"` // none, master, replica, loading, unclear, denied, failed
	Text   string `json:"text"`
}

// SentinelStatus is what one known Sentinel says.
type SentinelStatus struct {
	Addr      string    `json:"addr"`
	Up        bool      `json:"up"`
	Master    string    `json:"master"` // "" when it names none
	Epoch     uint64    `json:"epoch"`
	Counts    bool      `json:"counts"` // it is up, and its epoch is not below that of the adopted master
	Flags     string    `json:"flags"`
	Known     int       `json:"known_sentinels"` // by its own count
	Tilt      bool      `json:"tilt"`
	Failover  string    `json:"failover"` // how far a failover is that it claims, "none"
	Candidate string    `json:"candidate"`
	Dismissed bool      `json:"dismissed"` // that claim is no longer believed
	Text      string    `json:"text"`      // the error, when it is down or does not know the group
	At        time.Time `json:"at"`        // last heard of
}

var stages = [...]string{"none", "announced", "selected", "promoting", "promoted", "switched"}

func (s stage) String() string { return word(stages[:], int(s)) }

// Status is a consistent picture as of the last input. From any goroutine.
func (d *Driver) Status() Status {
	m := d.shown.Load()
	s := Status{
		Group: d.opts.Group, State: m.state.String(), StateMS: millis(time.Since(*d.since.Load())),
		Master: m.master, Epoch: m.epoch, Confirmed: m.term > 0 && m.epoch == m.confirmed, Term: m.term, Basis: m.basis.String(), Drained: m.drained,
		HoldReason: m.hold.reason.String(), WritesRefused: m.gate == gateReads, RefuseReason: m.refused.String(), RefuseText: m.refused.Text(), Waiting: RefuseNone.String(),
		Probed: []ProbeStatus{}, Sentinels: []SentinelStatus{}, Counters: d.rec.totals(), Fence: d.rec.lastFence(),
	}
	s.Counters.EventsDropped = d.box.droppedEvents()
	if !m.hold.since.IsZero() {
		since := m.hold.since
		s.HoldSince, s.HoldMS = &since, millis(time.Since(since))
		s.Waiting, s.WaitingText = m.unmet().String(), m.unmet().Text()
	}
	for _, p := range m.probes {
		s.Probed = append(s.Probed, ProbeStatus{Addr: p.addr, Result: p.outcome.String(), Text: p.text})
	}
	for i := range m.views {
		v := &m.views[i]
		s.Sentinels = append(s.Sentinels, SentinelStatus{
			Addr: v.addr, Up: v.up, Master: v.master, Epoch: v.epoch, Counts: m.counts(v), Flags: v.flags, Known: v.known,
			Tilt: v.tilt, Failover: v.claim.stage.String(), Candidate: v.claim.candidate,
			Dismissed: v.claim.stage > stageNone && !v.claim.active(), Text: v.text, At: v.at,
		})
	}
	return s
}
