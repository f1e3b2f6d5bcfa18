package session

import (
	"time"

	"sentinelproxy/proxy/upstream"
)

// slow is a client that takes a large reply more slowly than the server gives it: the link is not read on, so that the
// reply waits at the server, as it would without a proxy.
//
// If others wait behind the reply it is read on, up to the limit of the client's output. Only then the link stops; and
// the client has to take something now and then, or is closed.
type slow struct {
	link  *upstream.Link
	moved bool // since the last look
}

// slowPatience is how long a client may take nothing while others wait for it. Shortened by tests.
var slowPatience = 10 * time.Second

// throttle is told that a part of a large reply has been put into the output.
func (s *Session) throttle() {
	unsent := len(s.out) - s.written
	if s.gone || unsent <= slowReader || s.slow != nil {
		return
	}
	l := s.link
	if s.pin != nil {
		l = s.pin.link
	}
	if l == nil {
		return
	}
	full := unsent > s.g.Limits.Output
	if !l.Throttle(full) {
		return
	}
	s.slow = &slow{link: l}
	if full {
		s.watchSlow(s.slow)
	}
}

func (s *Session) watchSlow(w *slow) {
	s.g.Loop.After(slowPatience, func() {
		switch {
		case s.slow != w:
		case !w.moved && w.link.OthersWait():
			s.close(CloseOutput)
		default:
			w.moved = false
			s.watchSlow(w)
		}
	})
}

// unthrottle: there is room again, or nobody wants the reply any more.
func (s *Session) unthrottle() {
	if s.slow != nil {
		s.slow.link.Unthrottle()
		s.slow = nil
	}
}
