package session

import (
	"time"

	"sentinelproxy/proxy/command"
	"sentinelproxy/proxy/gate"
	"sentinelproxy/proxy/upstream"
	"sentinelproxy/resp"
)

// pin is what a session has set up that needs a link of its own.
type pin struct {
	link    *upstream.Link // nil while it is lost
	reasons [command.NumPins]int
	used    bool // the link is in a state that no other session may get
	silent  bool // CLIENT REPLY OFF: commands get no replies
	skip    bool // CLIENT REPLY SKIP: the next one gets none
	unheard bool // the last command was sent without a reply: see silent.go

	blocking time.Time // when the oldest blocking command began to wait

	setup setups
	tx    transaction
	subs  subscriptions
	lost  []upstream.Lost // to be done again on a new link
}

func (p *pin) has(why command.Pin) bool { return p.reasons[why] > 0 }

func (p *pin) needed() bool {
	for _, n := range p.reasons {
		if n > 0 {
			return true
		}
	}
	return false
}

// dispatchPinned sends a command over the session's own link, which it gets if it has none.
func (s *Session) dispatchPinned(c *resp.Command, info *command.Info, rest []byte) bool {
	if s.pin != nil && info.Way == command.Local {
		if done, handled := s.localWhilePinned(c, info, rest); handled {
			return done
		}
	}
	if info.ID == command.Psync || info.ID == command.Sync {
		s.answerError("ERR %s is not passed on: replicate from the master itself", info.Name)
		return true
	}
	if info.ID == command.Multi && s.inflight > 0 && s.pin != nil && !s.pin.tx.open {
		if len(s.pin.tx.log) > 0 || s.key.Proto == 2 && s.pin.subscribed() {
			// The former transaction's commands are kept until its EXEC is answered; and whether a subscriber may
			// begin one is known when nothing can end, or refuse, its subscriptions any more.
			s.halt(stopIdle)
			return false
		}
	}
	if v := s.admit(info, rest); v != pass {
		if v == answered {
			s.refusedWhilePinned(info)
		}
		return v == answered
	}
	if s.pin == nil {
		s.pin = &pin{}
		s.pin.link = s.g.Links.Pin(s.key, s)
	}
	if s.pin.link == nil {
		s.halt(stopOrphan)
		return false
	}
	if s.inflight >= s.window {
		s.halt(stopWindow)
		return false
	}
	if s.pin.link.Full() {
		s.pin.link.Stall(s)
		s.halt(stopLink)
		return false
	}
	if info.Pin == command.PinSubscribe && s.inflight > 0 && s.key.Proto == 2 && !s.pin.subscribed() && !s.pin.tx.open {
		// From now on arrays are messages if they look like one: none of them may be a reply.
		s.halt(stopIdle)
		return false
	}
	if info.ID == command.Watch && s.inflight > 0 && !s.pin.tx.open {
		s.halt(stopIdle) // the EXEC or UNWATCH that may be in flight ends those before it, not this one
		return false
	}
	if info.Pin == command.PinWait && !s.pin.tx.open && !(s.key.Proto == 2 && s.pin.subscribed()) {
		s.countWrites()
	}
	s.send(c, info)
	return true
}

// countWrites sends a command before WAIT. The server vouches for what it had written after the previous
// command of the same connection, and the session's writes have gone another way.
func (s *Session) countWrites() {
	if p := s.pin; !p.silent {
		p.link.AppendOwn(restoring{p}, ping, 1, 0)
	}
}

var ping = resp.AppendCommand(nil, []byte("PING"))

// send appends one command to the pinned link and notes what it does to the session.
func (s *Session) send(c *resp.Command, info *command.Info) {
	p := s.pin
	raw := s.raw(c)
	class := classOf(info)
	if info.Flags.Has(command.Blocking) {
		class = upstream.Read // whoever waits goes on waiting on the next master
	}
	tag := info.ID
	if (tag == command.Discard || tag == command.Reset) && c.Args != 1 {
		tag = command.Unknown // an error: nothing ends. EXEC with arguments does end all
	}
	switch {
	case p.tx.open && tag != command.Exec && tag != command.Discard && tag != command.Reset:
		// What EXEC sets up on the connection is not followed: at least no other session gets it.
		p.used = p.used || info.Way == command.Local || info.Pin.Ends() != command.EndsWithReply
		tag, class = p.tx.queue(raw, info, s.arguments(c)), upstream.Read
	case tag == command.Multi && (c.Args != 1 || s.key.Proto == 2 && p.subscribed()):
		tag, p.used = command.Unknown, true // an error: nothing begins. If it does all the same, it does for nobody else
	default:
		if info.Pin != command.PinNone && info.ID != command.Unwatch && info.ID != command.Exec && info.ID != command.Discard {
			p.reasons[info.Pin]++
		}
		switch info.ID {
		case command.Multi:
			p.tx.begin(raw)
		case command.Exec, command.Discard:
			if !p.tx.open {
				class = upstream.Read // an error: whatever becomes of the link, no WATCH is over
			}
			if c.Args != 1 {
				if tag == command.Exec { // Redis says what is wrong, and discards all; Dragonfly does not discard
					if tag, p.used = command.Discard, true; !p.tx.open {
						tag = tagUnwatched
					}
					p.tx.open = false
				}
				break
			}
			raw, tag = s.endTransaction(raw, tag)
		case command.Unwatch:
			p.tx.watchLost = p.tx.watchLost && c.Args != 1 // for an EXEC that is pipelined behind it
		case command.ClientReply:
			if s.replyMode(raw, s.arguments(c)) {
				return
			}
		default:
			if info.Flags&(command.Cursor|command.Scripting) != 0 {
				raw, _ = s.special(raw, c, info)
			}
			if info.Flags.Has(command.Blocking) && s.inflight == 0 {
				p.blocking = s.g.Loop.Now()
			}
			if info.Pin == command.PinSubscribe {
				p.subs.expect(c.Args - 1)
			}
			if setsUp(info) {
				if turnsOff(info.ID, s.arguments(c)) {
					tag = tagTrackingOff
				} else {
					p.setup.note(info.ID, raw)
				}
			}
			if info.Pin.Ends() == command.EndsWithError {
				p.used = true
			}
		}
	}
	p.unheard = p.silent || p.skip
	switch {
	case p.silent:
		p.link.AppendSilent(s, raw, class)
	case p.skip:
		p.skip = false
		p.link.AppendSkipped(s, raw, class)
	default:
		s.inflight++
		p.link.Append(s, raw, class, uint16(tag))
	}
}

// setsUp: commands that are simply repeated on a new link.
func setsUp(info *command.Info) bool {
	switch info.Pin {
	case command.PinMonitor, command.PinTracking, command.PinClientState:
		return info.ID != command.ClientCaching
	default:
		return false
	}
}

// replyMode follows CLIENT REPLY ON|OFF|SKIP, of which only ON is answered. True: all is done.
func (s *Session) replyMode(raw []byte, args [][]byte) bool {
	p := s.pin
	p.used = true
	switch {
	case len(args) == 3 && is(args[2], "off"):
		p.silent, p.skip = true, false
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

// localWhilePinned handles a local command of a session that has a link of its own. Not handled: it goes
// over that link like any other, and hooked takes what it changes.
func (s *Session) localWhilePinned(c *resp.Command, info *command.Info, rest []byte) (done, handled bool) {
	switch info.ID {
	case command.Quit:
	case command.Reset:
		if c.Args != 1 {
			return false, false // an error of the server's, and one of the transaction
		}
	case command.Auth, command.Hello, command.Select:
		if s.pin.tx.open {
			return false, false // queued by the server
		}
		if s.key.Proto == 2 && s.pin.subscribed() && s.inflight == 0 {
			return false, false // refused by the server; while something is in flight that may be about to end
		}
		if s.pin.link == nil && s.inflight == 0 && s.g.Gate.Mode() == gate.Pass {
			s.halt(stopOrphan)
			return false, true
		}
	case command.ClientId, command.ClientGetName, command.ClientSetName, command.ClientSetInfo,
		command.ClientList, command.ClientInfo, command.ClientKill, command.ClientUnblock:
		if s.pin.tx.open || (s.key.Proto == 2 && s.pin.subscribed() && s.inflight == 0) {
			return false, false // the server says what is allowed there
		}
	default:
		return false, false
	}
	if s.inflight == 0 && s.mustHear(info.ID) {
		s.hear()
	}
	if s.inflight > 0 {
		s.halt(stopIdle)
		return false, true
	}
	p := s.pin
	if !p.skip && (!p.silent || info.ID == command.Reset) {
		return s.dispatchLocal(c, info, rest), true
	}
	s.muted = true
	done = s.dispatchLocal(c, info, rest)
	s.muted = false
	p.skip = p.skip && !done
	return done, true
}

// hooked takes a reply that changes the session, or answers a question of its own.
func (s *Session) hooked(e *upstream.Entry, reply []byte, last bool) {
	tag := command.ID(e.Tag)
	if command.ByID(tag).Flags.Has(command.Cursor) {
		if s.cut == 0 {
			reply = s.g.toClient(reply)
		}
		s.answer(reply)
		return
	}
	if s.ask != nil && s.ask.clients {
		s.permitted(reply)
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
	failed := resp.IsError(reply)
	p := s.pin
	switch tag {
	case tagHeard:
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
	case command.ClientTracking, tagTrackingOff:
		s.trackingAnswered(tag == tagTrackingOff, reply)
	default:
		if why := pinOf(tag); why == command.PinSubscribe {
			s.subscribeAnswered()
		} else if failed && why.Ends() == command.EndsWithError && p.reasons[why] > 0 {
			p.reasons[why]--
		}
	}
	if reply != nil {
		s.answer(reply)
	}
}

func pinOf(id command.ID) command.Pin { return command.ByID(id).Pin }

// pinSettled: nothing is in flight; does the session still need its link?
func (s *Session) pinSettled() {
	p := s.pin
	for why := range p.reasons {
		if command.Pin(why).Ends() == command.EndsWithReply {
			p.reasons[why] = 0
		}
	}
	p.blocking = time.Time{}
	if !p.needed() && len(p.lost) == 0 {
		s.unpin()
	}
}

// unpin gives the link back.
func (s *Session) unpin() {
	if p := s.pin; p != nil {
		s.pin = nil
		s.g.Links.Abandon(p.lost)
		s.g.Links.Unorphan(s)
		if p.link != nil {
			s.g.Links.Unpin(p.link, !p.used && !p.needed() && !s.gone)
		}
	}
}

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
	}
	switch {
	case q.muted:
		return nil
	case tag == command.Hello && !resp.IsError(reply):
		return withID(reply, s.id)
	}
	return reply
}
