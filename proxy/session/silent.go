package session

import (
	"sentinelproxy/proxy/command"
	"sentinelproxy/proxy/upstream"
)

// hear has the server say something behind commands that it was told not to answer (CLIENT REPLY): whoever closes the
// link before that throws away what is still on its way. The session waits as for any reply, which nobody gets.
func (s *Session) hear() {
	p := s.pin
	p.unheard = false
	if p.tx.open { // there it would be queued
		s.hearNothing(discard)
	}
	s.inflight++
	p.link.Append(s, replyOn, upstream.Read, uint16(tagHeard))
	if p.silent {
		p.link.AppendMode(replyOff)
	}
}

// hearNothing sends what is not for the client, whether the server answers or not.
func (s *Session) hearNothing(raw []byte) {
	if s.pin.silent {
		s.pin.link.AppendSilent(s, raw, upstream.Read)
		return
	}
	s.inflight++
	s.pin.link.Append(s, raw, upstream.Read, uint16(tagHeard))
}

// mustHear: the session is about to give up its link (RESET, QUIT), and may have sent writes there that get no reply.
func (s *Session) mustHear(id command.ID) bool {
	return (id == command.Quit || id == command.Reset) && s.pin.unheard && s.pin.link != nil
}

// unheardTransaction is an open MULTI and what was queued behind it, if the client is told nothing of it: no reply says
// how far it has come, so all of it is queued again. One that began with a single command unheard (CLIENT REPLY SKIP)
// is restored as any: what is not lost is queued.
func (s *Session) unheardTransaction() []byte {
	p := s.pin
	t := &p.tx
	if !t.open {
		return nil
	}
	lost := min(len(p.lost), len(t.ends)) // all that was sent since MULTI is in the log
	if !p.silent {
		t.answered = max(t.answered, len(t.ends)-lost)
		return nil
	}
	s.g.Links.Abandon(p.lost[len(p.lost)-lost:])
	p.lost = p.lost[:len(p.lost)-lost]
	return t.log
}

// replyMode follows CLIENT REPLY ON|OFF|SKIP, of which only ON is answered. True: all is done.
func (s *Session) replyMode(raw []byte, args [][]byte) bool {
	p := s.pin
	p.used = true
	switch {
	case len(args) == 3 && is(args[2], "off"):
		p.silent, p.skip = true, false // it is what a SKIP before it was for
	case len(args) == 3 && is(args[2], "skip"):
		// Sent with the command that it is for: that may be one which is answered here.
		p.skip = !p.silent
		return true
	case len(args) == 3 && is(args[2], "on"):
		p.silent, p.skip = false, false
		return false
	default:
		return false
	}
	p.link.AppendMode(raw)
	return true
}
