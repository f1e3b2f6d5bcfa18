package session

import "sentinelproxy/proxy/command"

// CloseReason says why a client's connection was closed.
type CloseReason uint8

const (
	// ClosePeer: the client closed it.
	ClosePeer CloseReason = iota
	// CloseError: reading or writing failed.
	CloseError
	// CloseQuit: QUIT.
	CloseQuit
	// CloseProtocol: bytes that are not RESP, or beyond the request's limits.
	CloseProtocol
	// CloseOutput: more unsent output than the limit.
	CloseOutput
	// CloseIdle: idle timeout.
	CloseIdle
	// CloseMaxClients: accepted only to be told so.
	CloseMaxClients
	// CloseCutReply: the link broke after a part of a reply had been passed on.
	CloseCutReply
	// CloseServer: the server closed this session's own link on purpose.
	CloseServer
	// CloseShutdown: the proxy stops.
	CloseShutdown
	// NumCloseReasons is how many there are.
	NumCloseReasons
)

// Counters of the sessions of one group on one lane.
type Counters struct {
	Accepted uint64
	Closed   [NumCloseReasons]uint64
	Local    uint64 // commands answered here
	Refused  uint64 // commands answered with an error because the gate refuses
	BytesIn  uint64
	BytesOut uint64

	TooLong       [numTooLong]uint64 // requests beyond a limit
	OutputPubSub  uint64             // of Closed[CloseOutput]: subscribers
	CutAtShutdown uint64             // of Closed[CloseShutdown]: with something in flight
}

// TooLong says which limit of a request was passed.
type TooLong uint8

const (
	// TooLongArgument: one argument has too many bytes.
	TooLongArgument TooLong = iota
	// TooManyArguments: too many of them.
	TooManyArguments
	// TooLongInline: an inline command has no end.
	TooLongInline
	numTooLong
)

// LostWaiting is the number of commands that were on the wire of lost links of single sessions, and wait to be
// sent again on the next ones.
func (g *Group) LostWaiting() int {
	n := 0
	for s := range g.sessions {
		if s.pin == nil {
			continue
		}
		for i := range s.pin.lost {
			if s.pin.lost[i].Sent {
				n++
			}
		}
	}
	return n
}

// Pinned counts the sessions with a link of their own by the first reason they have.
func (g *Group) Pinned() map[string]int {
	m := map[string]int{}
	for s := range g.sessions {
		if s.pin == nil {
			continue
		}
		for p := command.PinNone + 1; p < command.NumPins; p++ {
			if s.pin.has(p) {
				m[p.String()]++
				break
			}
		}
	}
	return m
}
