package admin

import "time"

// Source is what the admin server shows; package proxy implements it. Every method is called by HTTP
// handlers from any goroutine, from before the listeners are open until the server is shut down, and
// returns a copy that the caller may keep.
type Source interface {
	// Status tells the state of each group, in the order of the configuration.
	Status() Status
	// Switches returns the reports of the last switches of all groups, oldest first, at most
	// MaxSwitches of each group. One that is under way is the last, with Outcome OutcomeRunning.
	Switches() []Switch
	// Lanes returns the counters of every lane, one element for each group and lane. Called once per
	// scrape, never per command.
	Lanes() []LaneCounters
	// LargeRequestBytes is the memory that requests larger than 1 MiB take now.
	LargeRequestBytes() int64
	// Order has a group hold writes for so long, or, with 0, no longer. It returns at once.
	Order(group string, hold time.Duration)
	// Switch begins a planned switchover, which goes on by itself, or refuses; nil: it does not.
	Switch(SwitchOrder) (Switchover, *Refusal)
	// LastSwitch is the switchover that runs, or was the last one; nil: there was none.
	LastSwitch() Switchover
}

// MaxSwitches is how many reports of one group are kept.
const MaxSwitches = 32

// State is a group's state: the name that package failover gives it, in lower case.
type State string

// The states, in the order a switch goes through them.
const (
	Starting  State = "starting"
	Serving   State = "serving"
	Draining  State = "draining"
	Holding   State = "holding"
	Verifying State = "verifying"
	Restoring State = "restoring"
	Refusing  State = "refusing"
)

// States lists every State; the metric `state` has a series for each.
var States = []State{Starting, Serving, Draining, Holding, Verifying, Restoring, Refusing}

// Status is the body of /api/v1/status. A Source gives Stopping and Groups; the server fills in the rest.
type Status struct {
	Version       string         `json:"version"`
	StartedAt     time.Time      `json:"started_at"`
	UptimeSeconds float64        `json:"uptime_seconds"`
	Stopping      bool           `json:"stopping"` // a graceful shutdown has begun
	Groups        []GroupStatus  `json:"groups"`
	Lanes         []LaneCounters `json:"lanes"`
	SwitchesURL   string         `json:"switches_url"` // where the reports are
}

// GroupStatus is one group now. The figures of clients, links and what is held are filled in by the
// server, which adds up those of the group's lanes; Source leaves them zero.
type GroupStatus struct {
	Group        string  `json:"group"` // the master's name in Sentinel
	State        State   `json:"state"`
	StateSeconds float64 `json:"state_seconds"` // time spent in it
	Reason       string  `json:"reason"`        // why it is not Serving; "" when it is
	// WritesRefused: it is Draining, the limit of the hold has passed, and reads go on.
	WritesRefused bool `json:"writes_refused"`

	Listen    []string         `json:"listen"`       // as bound, so that port 0 shows the port in use
	Listening bool             `json:"listening"`    // all of Listen are open
	Master    string           `json:"master"`       // the adopted master, host:port; "" before the first
	Candidate string           `json:"candidate"`    // being verified; "" when none
	Epoch     uint64           `json:"config_epoch"` // of the adopted master
	Term      uint64           `json:"term"`         // adoptions so far
	Drained   bool             `json:"drained"`      // in a hold: no write that came before it is in flight any more
	Fence     string           `json:"fence"`        // what became of the last fence, see Switch; "" before the first
	Sentinels []SentinelStatus `json:"sentinels"`

	Clients ClientTotals `json:"clients"`
	Held    HeldTotals   `json:"held"`
	Links   LinkTotals   `json:"links"`
}

// SentinelStatus is one Sentinel and what it says.
type SentinelStatus struct {
	Addr       string  `json:"addr"`
	Up         bool    `json:"up"` // subscribed and answering polls
	Master     string  `json:"master"`
	Epoch      uint64  `json:"config_epoch"`
	Known      int     `json:"known"` // Sentinels it knows, itself included
	Flags      string  `json:"flags"` // of the master, as SENTINEL MASTER has them
	Error      string  `json:"error"` // why it is not up, or "no such master"; "" otherwise
	AgeSeconds float64 `json:"age_seconds"`
}

// ClientTotals are the clients of one group over all lanes.
type ClientTotals struct {
	Open    int `json:"open"`
	Waiting int `json:"waiting"` // with a command held
}

// HeldTotals is what is held for one group over all lanes.
type HeldTotals struct {
	Commands       int     `json:"commands"`
	Bytes          int64   `json:"bytes"`
	MaxWaitSeconds float64 `json:"max_wait_seconds"` // age of the oldest
}

// LinkTotals are the open links of one group over all lanes.
type LinkTotals struct {
	Shared int `json:"shared"`
	Pinned int `json:"pinned"`
}
