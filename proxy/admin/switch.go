package admin

import "time"

// Outcomes of a Switch.
const (
	OutcomeRunning  = "running"  // not over
	OutcomeReleased = "released" // a master was verified and commands flow again
	OutcomeRefused  = "refused"  // the hold limit has passed and no master was verified yet; a later release turns it into OutcomeReleased
)

// Switch is the report of one hold, from its first sign to the release or refusal, whether or not the
// master changed in it. Times within it are milliseconds since StartedAt, as people compare them with
// Sentinel's own timeouts.
type Switch struct {
	Group      string    `json:"group"`
	Reason     string    `json:"reason"`  // what began it; a closed list, the same as in holds_total
	Outcome    string    `json:"outcome"` // one of the Outcome constants
	From       string    `json:"from"`    // master before, host:port; "" at start-up
	To         string    `json:"to"`      // master after; equal to From when it came back
	Epoch      uint64    `json:"config_epoch"`
	Term       uint64    `json:"term"`
	StartedAt  time.Time `json:"started_at"`
	DurationMS float64   `json:"duration_ms"` // until now while it runs

	// Fence is what became of the fence on the former master, in plain words: "confirmed" if it took no more writes and the next one has
	// all of them, else what could not be made sure of; "" if there was no reason for one.
	Fence string `json:"fence"`

	Events []SwitchEvent `json:"events"`
	Counts SwitchCounts  `json:"counts"`
}

// SwitchEvent is one line of a report's timeline: something learned or something done.
type SwitchEvent struct {
	OffsetMS float64 `json:"offset_ms"`
	State    State   `json:"state"`  // after it
	Source   string  `json:"source"` // a Sentinel's address, "lane", "probe", "driver"
	Text     string  `json:"text"`
}

// SwitchCounts are the commands of one hold. held = released + expired + cancelled once it is over, and
// lost = resent + unknown.
type SwitchCounts struct {
	Held      uint64 `json:"held"`
	Released  uint64 `json:"released"`
	Expired   uint64 `json:"expired"`
	Cancelled uint64 `json:"cancelled"`
	Drained   uint64 `json:"drained"` // in flight when it began, still answered by the old master
	Lost      uint64 `json:"lost"`
	Resent    uint64 `json:"resent"`
	Unknown   uint64 `json:"unknown"`

	HoldP50MS float64 `json:"hold_p50_ms"`
	HoldP99MS float64 `json:"hold_p99_ms"`
	HoldMaxMS float64 `json:"hold_max_ms"`
}
