// Package gate decides whether a session's next command passes, waits or is refused, and keeps those
// that wait in the order they came. One gate belongs to one lane and one group, and is owned by the
// lane's loop; only the Budget is shared.
package gate

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Mode is what a gate does with commands.
type Mode uint8

const (
	// Pass lets everything through: a master is verified.
	Pass Mode = iota
	// HoldWrites parks commands that may write; reads go on to the present master.
	HoldWrites
	// RefuseWrites answers commands that may write with an error at once; reads go on. It comes after HoldWrites.
	RefuseWrites
	// HoldAll parks everything.
	HoldAll
	// Refuse answers everything with an error at once: the hold limit has passed.
	Refuse
)

func (m Mode) String() string {
	return [...]string{"pass", "hold-writes", "refuse-writes", "hold", "refuse"}[m]
}

// Waiter is a parked session.
type Waiter interface {
	// Go on: the gate's mode has changed; look at the parked command again.
	GoOn()
}

// Ticket is a session's place in the queue; part of the session, so that parking allocates nothing.
type Ticket struct {
	w        Waiter
	next     *Ticket
	prev     *Ticket
	since    time.Time
	commands int
	bytes    int
	parked   bool
}

// Parked says whether the session is in a queue.
func (t *Ticket) Parked() bool { return t.parked }

// Counters of a gate, in commands unless said otherwise. held = released + expired + cancelled once
// nothing is parked.
type Counters struct {
	Held, Released, Expired, Cancelled uint64
	FullCommands, FullBytes            uint64 // times a session was left unread because that budget was used up
}

// Gate is described by the package comment. Its zero value passes everything; use New.
type Gate struct {
	Counters Counters

	mode    Mode
	queue   Ticket // head and tail of the ring of parked sessions
	parked  int
	budget  *Budget
	now     func() time.Time
	waits   *hdrhistogram.Histogram // of this hold, in microseconds, one count per command
	pending struct{ commands, bytes int }
}

// New returns a gate in mode m that draws on budget. now is the loop's clock.
func New(m Mode, budget *Budget, now func() time.Time) *Gate {
	g := &Gate{mode: m, budget: budget, now: now}
	g.queue.next, g.queue.prev = &g.queue, &g.queue
	return g
}

// Mode is the present mode.
func (g *Gate) Mode() Mode { return g.mode }

// Parked is the number of parked sessions.
func (g *Gate) Parked() int { return g.parked }

// Pending is what is held right now.
func (g *Gate) Pending() (commands, bytes int) { return g.pending.commands, g.pending.bytes }

// Oldest is when the longest waiting session was parked; zero if none is.
func (g *Gate) Oldest() time.Time {
	if g.parked == 0 {
		return time.Time{}
	}
	return g.queue.next.since
}

// Park puts a session at the end of the queue with commands complete commands and bytes bytes in its
// buffer. A session that is left unread is parked with none.
func (g *Gate) Park(t *Ticket, w Waiter, commands, bytes int) {
	if t.parked {
		panic("BUG: session parked twice")
	}
	*t = Ticket{w: w, next: &g.queue, prev: g.queue.prev, since: g.now(), commands: commands, bytes: bytes, parked: true}
	t.prev.next, t.next.prev = t, t
	g.parked++
	g.Counters.Held += uint64(commands)
	g.pending.commands += commands
	g.pending.bytes += bytes
	g.budget.take(commands, bytes)
}

// Holds says whether what does not pass waits.
func (g *Gate) Holds() bool { return g.mode == HoldWrites || g.mode == HoldAll }

// Full says whether a session that has not been read yet should stay unread while this gate holds: its
// bytes wait in the kernel and, when that is full, at the client. So a full budget costs nobody an error.
func (g *Gate) Full() bool {
	if !g.Holds() {
		return false
	}
	switch {
	case g.budget.commands.Load() >= g.budget.maxCommands:
		g.Counters.FullCommands++
	case g.budget.bytes.Load() >= g.budget.maxBytes:
		g.Counters.FullBytes++
	default:
		return false
	}
	return true
}

// Cancel takes a session out of the queue because its client has gone.
func (g *Gate) Cancel(t *Ticket) {
	if t.parked {
		g.remove(t)
		g.Counters.Cancelled += uint64(t.commands)
	}
}

func (g *Gate) remove(t *Ticket) {
	t.prev.next, t.next.prev = t.next, t.prev
	t.next, t.prev = nil, nil
	t.parked = false
	g.parked--
	g.pending.commands -= t.commands
	g.pending.bytes -= t.bytes
	g.budget.give(t.commands, t.bytes)
}

// Hold begins or strengthens a hold. Holding less than before is not possible: that takes a Release.
func (g *Gate) Hold(m Mode) {
	if g.mode == Pass || g.mode < HoldAll && m == HoldAll {
		if g.mode == Pass {
			g.waits = nil
		}
		g.mode = m
	}
}

// HoldAgain ends refusing and holds: a master is near again.
func (g *Gate) HoldAgain() {
	if g.mode == Refuse {
		g.mode = HoldAll
	}
}

// Release passes everything and lets the parked sessions go, first-come first-served. A session may park
// again from GoOn when a new hold begins meanwhile: it keeps its turn, but counts anew.
func (g *Gate) Release() {
	g.mode = Pass
	g.drain(&g.Counters.Released)
}

// RefuseWrites does what Refuse does, but for reads, which are not parked. Only while writes are held: what is stronger stays.
func (g *Gate) RefuseWrites() {
	if g.mode == HoldWrites {
		g.mode = RefuseWrites
		g.drain(&g.Counters.Expired)
	}
}

// Refuse lets the parked sessions go to be answered with an error, and what comes too.
func (g *Gate) Refuse() {
	g.mode = Refuse
	g.drain(&g.Counters.Expired)
}

func (g *Gate) drain(counter *uint64) {
	now := g.now()
	for n := g.parked; n > 0; n-- {
		t := g.queue.next
		if t == &g.queue { // one of those that went on has cancelled others
			return
		}
		g.remove(t)
		*counter += uint64(t.commands)
		g.waited(now.Sub(t.since), t.commands)
		t.w.GoOn()
	}
}

// longestWait is the upper end of the histogram of waits in microseconds: an hour.
const longestWait = 3600 * 1e6

func (g *Gate) waited(d time.Duration, commands int) {
	if commands == 0 {
		return
	}
	if g.waits == nil {
		g.waits = hdrhistogram.New(1, longestWait, 2)
	}
	_ = g.waits.RecordValues(min(d.Microseconds(), longestWait), int64(commands))
}

// Waits is the distribution of how long the commands of the last hold waited, in microseconds; nil if
// none did. The caller gets it for good.
func (g *Gate) Waits() *hdrhistogram.Histogram {
	h := g.waits
	g.waits = nil
	return h
}
