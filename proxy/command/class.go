package command

import "strings"

// Flags say what sending a command does to the server and to the connection. Every Info has exactly one
// of Read, Write and ConnectionLocal; the others add to it.
type Flags uint32

const (
	// Read: nothing on the server is different afterwards (but for statistics, and what an LRU clock
	// notes), so it may be sent again whenever its reply was lost. PING, TIME, INFO, CONFIG GET count too.
	Read Flags = 1 << iota
	// Write: the data set, the server's configuration, or what other clients see (PUBLISH) may be
	// different afterwards. Whatever COMMAND flags as write is Write here, even in a form that changes
	// nothing (GETEX without options), because a replica refuses it.
	Write
	// ConnectionLocal: it sets up or asks about this one connection (AUTH, WATCH, SUBSCRIBE, WAIT).
	// The session rebuilds its state on a new link as a whole; one without a reply is sent again behind that.
	ConnectionLocal
	// Idempotent, with Write only: applied twice in a row, the second application leaves the state as
	// the first did and gives the same reply. A relative time to live counts from the second. What
	// others do between the two is not considered: that is what the policy `error` is for.
	Idempotent
	// Blocking: the reply may take as long as the client has asked for.
	Blocking
	// Transactional: MULTI, EXEC, DISCARD, WATCH, UNWATCH.
	Transactional
	// PubSub: subscriptions, publishing, and questions about them.
	PubSub
	// Admin: about the server rather than the data. Not the same as COMMAND's admin: CONFIG GET is Admin too.
	Admin
	// Scripting: runs or manages scripts and functions. What a script does is not known from outside.
	Scripting
	// Cursor: takes and gives a cursor that means something to the server that gave it only.
	Cursor
	// OddReplies: the server does not answer with exactly one reply (SUBSCRIBE: one for each channel;
	// MONITOR: a stream; CLIENT REPLY OFF and SHUTDOWN: none), so no pending queue can count it.
	OddReplies
)

var flagNames = [...]string{
	"read", "write", "connection", "idempotent", "blocking", "transactional",
	"pubsub", "admin", "scripting", "cursor", "oddreplies",
}

// String lists the flags' names in a fixed order, separated by spaces.
func (f Flags) String() string {
	var names []string
	for i, name := range flagNames {
		if f&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, " ")
}

// Has reports whether all the flags of g are set.
func (f Flags) Has(g Flags) bool { return f&g == g }

// Way says over what a command goes to the server.
type Way uint8

const (
	// Shared: any link of the session's user, database and protocol version, beside other sessions.
	Shared Way = iota
	// Pinned: a link of the session's own, for as long as Info.Pin says.
	Pinned
	// Local: the session handles it. It may send something to the server for it (AUTH does), but never
	// the bytes as they are over a link of others.
	Local
)

// String gives the way's name.
func (w Way) String() string {
	switch w {
	case Shared:
		return "shared"
	case Pinned:
		return "pinned"
	default:
		return "local"
	}
}
