package failover

// Lanes is what the driver commands: all lanes of one group. Implemented by package proxy. The calls
// only post to the lanes' mailboxes and return at once; they take effect in the order they are made.
//
// A lane protects itself without being told: when a shared link breaks or a rejection (READONLY, LOADING,
// MASTERDOWN, UNBLOCKED) arrives it holds everything at once, keeps what was in flight in its backlog, and reports LinkLost or
// Rejected with the term it is in. Only Adopt and then Release of a later term end that hold.
//
// A term numbers the adoptions of one group's driver, 1 for the first. Whatever a lane or probe reports carries the
// term it was in; a report with another term than the present one is late and is ignored.
type Lanes interface {
	// HoldWrites parks commands that may write; reads go on to the present master. Each lane answers
	// with Drained(term) once no write is in flight.
	HoldWrites(term uint64)
	// HoldAll parks every command. What is in flight is still answered by the present master, as long as its links live.
	HoldAll(term uint64)
	// Adopt makes addr ("host:port"), master since the config-epoch epoch, the master: links to any other address are dropped (what is in flight on them becomes
	// lost: replayed or answered as unknown), links to addr are dialled, the backlog is sent. Answered
	// with Restored(term) when all lanes are ready to pass commands, or with LinkLost(term).
	// Adopting the present address again dials anew. It is done when nothing but reads is in flight any more, or Config.Drain has passed.
	Adopt(addr string, term, epoch uint64)
	// Seal has no reply passed on any more that has not begun, until Release in the same term or Adopt: another node may be
	// taking writes already, and what the present master answers from now on may be lost.
	Seal(term uint64)
	// Genuine says that the NOREPLICAS told of in this term was the master's own: it is passed on for a while.
	Genuine(term uint64)
	// Release lets held commands go, first-come first-served, then passes everything. It is given again in
	// the same term, without an Adopt, when a hold ends at the same master and no lane has lost anything. A lane that
	// has lost its link since Adopt(term) ignores it (its LinkLost is on its way).
	Release(term uint64)
	// Refuse answers everything held, and all that comes until the next Release or Adopt, with an error at once.
	// Clients stay connected. An Adopt while refusing makes the lanes hold again; Refuse is called again
	// when that adoption comes to nothing, or takes longer than the hold limit.
	Refuse(reason string)
	// RefuseWrites does so with all but reads of sessions that need no link of their own; those go on to the present master. A HoldAll ends that,
	// and a Release in the same term.
	RefuseWrites(reason string)
	// Counts gathers the figures of the hold that Release(term), Refuse or RefuseWrites ended and calls done with them
	// once, from any goroutine.
	Counts(term uint64, done func(SwitchCounts))
}

// LaneReport is what lanes tell the driver. Delivered by Driver.Lane, from any goroutine, never blocking.
type LaneReport struct {
	Kind LaneReportKind
	Term uint64
	Addr string // the link's address
	Text string // LinkLost: the error; Rejected, NoReplicas: the first word of the reply
}

// LaneReportKind says what a LaneReport tells.
type LaneReportKind uint8

const (
	// LinkLost: a shared link to Addr broke, or could not be dialled; the lane holds.
	LinkLost LaneReportKind = iota + 1
	// PinnedLost: a link of one session broke. Says nothing by itself (a slow subscriber is cut off, CLIENT KILL):
	// the lane does not hold; the driver checks the master's ROLE.
	PinnedLost
	// Rejected: the master answered READONLY, LOADING, MASTERDOWN or UNBLOCKED; the lane holds.
	Rejected
	// NoReplicas: the master answered NOREPLICAS, which can be the fence of a switchover, or its own; the lane holds
	// writes, and Release in the same term ends that.
	NoReplicas
	// Drained: after HoldWrites or HoldAll all lanes together have no write in flight any more.
	Drained
	// Restored: all lanes have links to the adopted master and their backlog is sent.
	Restored
)

var laneReports = [...]string{"none", "link-lost", "pinned-lost", "rejected", "no-replicas", "drained", "restored"}

// String is the kind's word for logs and reports.
func (k LaneReportKind) String() string { return word(laneReports[:], int(k)) }

// SwitchCounts are the lanes' figures of one hold, summed, for the switch report.
type SwitchCounts struct {
	// Commands; held = released + expired + cancelled after Release.
	Held      uint64 `json:"held"`
	Released  uint64 `json:"released"`
	Expired   uint64 `json:"expired"`
	Cancelled uint64 `json:"cancelled"`
	// Commands in flight when the hold began that the old master still answered.
	Drained uint64 `json:"drained"`
	// Commands; lost = resent + unknown.
	Lost    uint64 `json:"lost"`
	Resent  uint64 `json:"resent"`
	Unknown uint64 `json:"unknown"`
	// Milliseconds that held commands waited.
	HoldP50 float64 `json:"hold_p50_ms"`
	HoldP99 float64 `json:"hold_p99_ms"`
	HoldMax float64 `json:"hold_max_ms"`
}
