package session

import "sentinelproxy/proxy/upstream"

// stop is a set of reasons not to look at the next command. While there is one the connection is paused:
// not read, and what has been read waits in its buffer.
type stop uint16

const (
	stopGate     stop = 1 << iota // parked at the gate
	stopIdle                      // the next command goes another way: until nothing is in flight
	stopWindow                    // too much in flight
	stopLink                      // the link has no room
	stopOutput                    // the client does not read its replies
	stopAnswer                    // an AUTH, HELLO or SELECT has to be settled first
	stopOrphan                    // the pinned link is lost
	stopRedirect                  // whom a CLIENT TRACKING is redirected to is being found out
	stopEnd                       // nothing more is read: QUIT, protocol error
)

func (s *Session) halt(why stop) {
	s.stop |= why
	s.conn.Pause()
}

func (s *Session) proceed(why stop) {
	if s.stop&why == 0 {
		return
	}
	s.stop &^= why
	if s.stop == 0 {
		s.conn.Resume()
	}
}

// GoOn is the gate's: parked no more.
func (s *Session) GoOn() { s.proceed(stopGate) }

// Unstall is the link's: there is room again.
func (s *Session) Unstall() { s.proceed(stopLink) }

var _ upstream.Stalled = (*Session)(nil)
