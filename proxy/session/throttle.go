package session

import (
	"time"

	"sentinelproxy/proxy/upstream"
)

// throttled is a client that takes a large reply more slowly than the server gives it: the link is not read on, so that the
// reply waits at the server, as it would without a proxy.
//
// If others wait behind the reply it is read on, up to the limit of the client's output. Only then the link stops; and
// the client has to take something now and then, or is closed.
type throttled struct {
	link  *upstream.Link
	moved bool // since the last look
}

// slowPatience is how long a client may take nothing while others wait for it. Shortened by tests.
var slowPatience = 10 * time.Second

// throttle is told that a part of a large reply, from l, has been put into the output.
func (s *Session) throttle(l *upstream.Link) {
	unsent := len(s.out) - s.written
	if s.gone || unsent <= slowReader || s.throttled != nil {
		return
	}
	full := unsent > s.g.Limits.Output
	if !l.Throttle(full) {
		return
	}
	s.throttled = &throttled{link: l}
	if full {
		s.watchSlow(s.throttled)
	}
}

func (s *Session) watchSlow(w *throttled) {
	s.g.Loop.After(slowPatience, func() {
		switch {
		case s.throttled != w:
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
	if s.throttled != nil {
		s.throttled.link.Unthrottle()
		s.throttled = nil
	}
}
