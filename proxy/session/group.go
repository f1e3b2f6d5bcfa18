package session

import (
	"sync/atomic"
	"time"

	"sentinelproxy/proxy/command"
	"sentinelproxy/proxy/gate"
	"sentinelproxy/proxy/reactor"
	"sentinelproxy/proxy/upstream"
	"sentinelproxy/resp"
)

// Group is what the sessions of one group on one lane share.
type Group struct {
	Counters Counters

	Loop   *reactor.Loop
	Gate   *gate.Gate
	Links  *upstream.Set
	Limits Limits

	// Refusal is the error reply that is given while the gate refuses.
	Refusal []byte
	// NextID gives CLIENT ID; shared by all lanes.
	NextID *atomic.Int64
	// Scripts are remembered for the next master; nil: not. Shared by all lanes.
	Scripts *Scripts
	// Epoch is the config-epoch of the present master, set by NewMaster: see cursor.go.
	Epoch uint64
	// Everywhere reaches this group's sessions on all lanes.
	Everywhere Everywhere
	// Large bounds the memory of large requests; nil: nothing does. Shared by all lanes.
	Large *LargeRequests
	// Clients counts the open clients of the process; shared by all lanes.
	Clients *atomic.Int64

	sessions map[*Session]struct{}
	seen     seenScripts
	learned  map[string]*command.Info // see unknown.go
	args     [][]byte                 // for commands whose way depends on their arguments
	line     []byte                   // an inline command as it goes to the server
	pins     pinList
	paused   time.Time // the end of a CLIENT PAUSE: see pause.go
}

// Limits of one session.
type Limits struct {
	Request      resp.Limits
	Output       int           // bytes of unsent output
	OutputPubSub int           // bytes of unsent output of a subscriber
	Idle         time.Duration // without a command; 0 = never
}

// maxInFlight is how many commands of one session may wait for replies, a transaction that has come whole counted as one. It bounds what one deep pipeline
// puts between others' commands and their replies.
//
// The window begins at firstWindow, and grows by one with each small reply. With large ones it shrinks to what
// makes windowBytes: a client may ask for more than its output limit in one write, and must then wait, not be closed.
const (
	maxInFlight = 4096
	firstWindow = 128
	leastWindow = 2
	smallReply  = 4 << 10 // bytes
	windowBytes = 16 << 20
)

// keepArgs is how many arguments there may be without a new slice for them, keepLine how many bytes of an inline command.
const (
	keepArgs = 1024
	keepLine = 4 << 10
)

// forgetArguments lets go of the buffer that the last command came in: it may be a large one, which is not kept for reuse.
func (g *Group) forgetArguments() {
	if len(g.args) == 0 {
		return
	}
	clear(g.args)
	if g.args = g.args[:0]; cap(g.args) > keepArgs {
		g.args = nil
	}
	if cap(g.line) > keepLine {
		g.line = nil
	}
}

// Sessions is the number of open sessions.
func (g *Group) Sessions() int { return len(g.sessions) }

// CloseAll closes all sessions.
func (g *Group) CloseAll(reason CloseReason) {
	for s := range g.sessions {
		s.close(reason)
	}
}

// CloseIdle closes the sessions that have nothing in flight, for a graceful shutdown: what is under way
// is answered first. It returns how many are left.
func (g *Group) CloseIdle() int {
	for s := range g.sessions {
		if s.inflight == 0 && len(s.out) == 0 && !s.ticket.Parked() {
			s.close(CloseShutdown)
		}
	}
	return len(g.sessions)
}

// Sweep closes the sessions that have sent nothing since the idle limit.
func (g *Group) Sweep() {
	if g.Limits.Idle <= 0 {
		return
	}
	deadline := g.Loop.Now().Add(-g.Limits.Idle)
	for s := range g.sessions {
		if s.inflight == 0 && s.pin == nil && !s.ticket.Parked() && s.active.Before(deadline) {
			s.close(CloseIdle)
		}
	}
}
