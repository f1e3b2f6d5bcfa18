package session

import "time"

// slowness is what is known of a client that does not read its replies.
type slowness struct {
	allowed  int  // bytes of unsent output before it is stopped; 0: slowReader
	watched  bool // a timer is set
	progress bool // something has been written since it was
}

// stuckAfter is how long a client may read nothing until it is looked at whether it can.
const stuckAfter = 100 * time.Millisecond

// slowDown stops reading commands of a client that does not read its replies. One that writes all its commands before it
// reads the first reply would wait for ever then, when neither side's buffers hold the rest of them: a server goes on
// reading. So it gets more room, step by step, while it reads nothing and there is more to be read from it; but no more
// than half of what it would be closed for.
func (s *Session) slowDown(unsent int) {
	if unsent <= s.slow.allowed {
		return
	}
	s.halt(stopOutput)
	if !s.slow.watched {
		s.slow.watched, s.slow.progress = true, false
		s.g.Loop.After(stuckAfter, s.lookSlow)
	}
}

func (s *Session) lookSlow() {
	if s.gone {
		return
	}
	unsent := len(s.out) - s.written
	if unsent < slowReader/2 {
		s.slow = slowness{}
		return
	}
	// Any byte that is not read may be what keeps it from writing on: a kernel tells a writer that there is room when
	// most of it is free, and counts a buffer of which one byte is left as a whole one.
	if s.stop&stopOutput != 0 && !s.slow.progress && len(s.conn.Buffered())+s.conn.Waiting() > 0 {
		s.slow.allowed = min(2*unsent, s.g.Limits.Output/2)
		if unsent < s.slow.allowed {
			s.proceed(stopOutput)
		}
	}
	s.slow.progress = false
	s.g.Loop.After(stuckAfter, s.lookSlow)
}
