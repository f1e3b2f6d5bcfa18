package session

import (
	"strconv"

	"sentinelproxy/proxy/command"
	"sentinelproxy/proxy/upstream"
	"sentinelproxy/resp"
)

// hooked takes a reply that changes the session, or answers a question of its own, or is not for the client.
func (s *Session) hooked(e *upstream.Entry, reply []byte, last bool) {
	tag := command.ID(e.Tag)
	s.muted = tag&unanswered != 0
	s.tagged(tag&^unanswered, reply, last)
	s.muted = false
}

func (s *Session) tagged(tag command.ID, reply []byte, last bool) {
	if cursorArg(tag) > 0 {
		if s.cut == 0 {
			reply = s.g.toClient(reply)
		}
		s.answer(reply)
		return
	}
	if tag == command.ScriptFlush && s.g.Scripts != nil && !resp.IsError(reply) {
		s.g.Scripts.Forget()
	}
	if s.ask != nil && s.ask.clients {
		s.ask.then(reply)
		return
	}
	if s.pin == nil {
		switch tag {
		case command.Auth:
			s.authAnswered(reply)
		case command.Hello:
			s.helloAnswered(reply)
		default:
			s.answer(reply)
		}
		return
	}
	if !last {
		s.answer(reply)
		return
	}
	failed := s.cut == 0 && resp.IsError(reply)
	p := s.pin
	switch tag {
	case tagUnknown:
		if failed && p.reasons[command.PinUnknown] > 0 {
			p.reasons[command.PinUnknown]--
		}
	case tagDiscarded:
		return
	case tagReplyMode:
		s.replyModeAnswered(reply)
		return
	case tagUnwatched:
		p.reasons[command.PinWatch], p.tx.watchLost = 0, false
	case command.Auth, command.Hello, command.Select:
		reply = s.identityAnswered(tag, reply)
	case tagQueued, command.Multi, command.Exec, command.Discard, tagNil, tagAborted:
		reply = s.transactionAnswered(tag, reply)
	case command.Watch:
		if failed {
			p.reasons[command.PinWatch]--
			p.tx.watchLost = p.tx.watchLost && p.has(command.PinWatch)
		}
	case command.Unwatch:
		if !failed {
			p.reasons[command.PinWatch], p.tx.watchLost = 0, false
		}
	case command.ClientCaching:
		if failed {
			p.reasons[command.PinTracking]--
		} else {
			p.caching = p.cachingAsked
		}
	case command.ClientGetRedir, command.ClientTrackingInfo:
		reply = s.ownRedirect(tag, reply)
	case command.ClientTracking, tagTrackingOff:
		s.trackingAnswered(tag == tagTrackingOff, reply)
	default:
		if why := pinOf(tag); why == command.PinSubscribe {
			s.subscribeAnswered()
			if s.muted && !failed {
				s.confirmAloud(reply)
				return
			}
		} else if tag != command.ClientReply && setsUp(command.ByID(tag)) {
			s.setupAnswered(failed)
			if failed && p.reasons[why] > 0 {
				p.reasons[why]--
			}
		} else if failed && why.Ends() == command.EndsWithError && p.reasons[why] > 0 {
			p.reasons[why]--
		}
	}
	if reply != nil {
		s.answer(reply)
	}
}

func pinOf(id command.ID) command.Pin { return command.ByID(id).Pin }

// identityAnswered follows AUTH, HELLO and SELECT on the pinned link itself.
func (s *Session) identityAnswered(tag command.ID, reply []byte) []byte {
	q := s.ask
	if q == nil { // the server was to refuse it; if it has not, at least no other session gets this link
		s.pin.used = s.pin.used || !resp.IsError(reply)
		return reply
	}
	defer s.decided()
	if !resp.IsError(reply) {
		s.become(q)
		s.pin.used = true // no longer what the pool has it for
		if tag != command.Select && s.key.DB > 0 {
			s.selectAgain()
		}
	}
	switch {
	case q.muted:
		return nil
	case tag == command.Hello && !resp.IsError(reply):
		return withID(reply, s.id)
	}
	return reply
}

// selectAgain: on Dragonfly AUTH, also that of HELLO, goes back to database 0.
func (s *Session) selectAgain() {
	p := s.pin
	choose := resp.AppendCommand(nil, []byte("SELECT"), strconv.AppendInt(nil, int64(s.key.DB), 10))
	p.link.AppendOwn(restoring{p}, choose, 1, 0) // it speaks: see sendAsked
}
