package session

import (
	"time"

	"sentinelproxy/proxy/command"
	"sentinelproxy/resp"
)

// CLIENT PAUSE WRITE makes the server keep every client waiting that sends a write, and nobody else. Over a shared link it
// would keep all waiting whose commands come behind that write, be it the CLIENT UNPAUSE. So writes go over links of their
// sessions' own while a pause is on that was asked for here; one that another connection has asked for is not known.

// beginPause notes a pause on all lanes, and then asks the server for it.
func (s *Session) beginPause(raw []byte, args [][]byte) {
	ms, ok := 0, len(args) > 2
	if ok {
		ms, ok = number(args[2])
	}
	if !ok || ms <= 0 {
		s.askServerFor(raw, s.finish) // for its error
		return
	}
	raw = append([]byte(nil), raw...)
	until := s.g.Loop.Now().Add(time.Duration(ms) * time.Millisecond)
	was := s.g.paused
	if was.After(until) {
		until = was // a shorter one does not end it
	}
	set := func(t time.Time) func(*Group) { return func(g *Group) { g.paused = t } }
	q := s.hold()
	s.g.everywhere(set(until), func() {
		if s.ask != q || s.gone {
			s.g.everywhere(set(was), func() {})
			return
		}
		s.askServerFor(raw, func(reply []byte) {
			if !resp.IsError(reply) {
				s.finish(reply)
				return
			}
			reply = append([]byte(nil), reply...)
			s.g.everywhere(set(was), func() { s.finish(reply) })
		})
	})
}

// endPause asks the server to end it, and then goes back to shared links.
func (s *Session) endPause(raw []byte) {
	s.askServerFor(raw, func(reply []byte) {
		reply = append([]byte(nil), reply...)
		if resp.IsError(reply) {
			s.finish(reply)
			return
		}
		s.g.everywhere(func(g *Group) { g.paused = time.Time{} }, func() { s.finish(reply) })
	})
}

// dispatchPause is the way of CLIENT PAUSE and UNPAUSE, of sessions that have no link of their own and nothing in flight.
func (s *Session) dispatchPause(raw []byte, args [][]byte, info *command.Info, rest []byte) bool {
	if v := s.admit(info, rest); v != pass {
		return v == answered
	}
	if info.ID == command.ClientPause {
		s.beginPause(raw, args)
	} else {
		s.endPause(raw)
	}
	return true
}

// waitsOut says whether a command has to wait until the pause is over.
func (g *Group) waitsOut(info *command.Info) bool {
	return !g.paused.IsZero() && g.pauses(info)
}

// pauses is waitsOut where there was a pause.
func (g *Group) pauses(info *command.Info) bool {
	if !g.Loop.Now().Before(g.paused) {
		g.paused = time.Time{}
		return false
	}
	return info.Flags.Has(command.Write) || info.ID == command.Pfcount // which writes what it has counted to replicas
}

// alone is a command of the shared way that is to go over a link of the session's own, until it is answered.
func alone(info *command.Info) *command.Info {
	own := *info
	own.Way, own.Pin = command.Pinned, command.PinBlocking
	return &own
}
