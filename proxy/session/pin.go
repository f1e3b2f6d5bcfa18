package session

import (
	"bytes"
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
	used    bool      // the link is in a state that no other session may get
	silent  bool      // CLIENT REPLY OFF: the client gets no replies
	relay   bool      // PSYNC: bytes are passed on as they are
	skip    bool      // CLIENT REPLY SKIP: the next one gets none
	mode    replyMode // of the CLIENT REPLY in flight
	kill    bool      // the link is for a SCRIPT KILL alone, in database 0 whichever the session is in

	orphaned bool // has lost a link: what was begun because of that may still refer to this

	redirect int64    // the client that invalidations go to
	tracking tracking // the CLIENT TRACKING in flight

	blocking time.Time // when the oldest blocking command began to wait

	setup        setups
	asked        []setup // set-ups in flight, oldest first
	cachingAsked []byte  // the last CLIENT CACHING that was sent
	caching      []byte  // one that has been answered, and is for the next command
	tx           transaction
	subs         subscriptions
	lost         []upstream.Lost // to be done again on a new link
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
	if s.pin != nil && s.pin.kill && s.inflight > 0 {
		s.halt(stopIdle)
		return false
	}
	if s.pin != nil && info.Way == command.Local {
		if done, handled := s.localWhilePinned(c, info, rest); handled {
			return done
		}
	}
	if info.ID == command.Multi && s.inflight > 0 && s.pin != nil && !s.pin.tx.open {
		if len(s.pin.tx.log) > 0 || s.key.Proto == 2 && s.pin.subscribed() {
			// The former transaction's commands are kept until its EXEC is answered; and whether a subscriber may
			// begin one is known when nothing can end, or refuse, its subscriptions any more.
			s.halt(stopIdle)
			return false
		}
	}
	if info.ID == command.Discard && c.Args == 1 && s.discardsAlone() {
		s.muted = s.pin.silent || s.pin.skip
		s.pin.skip = false
		s.refusedWhilePinned(info)
		s.answerOK()
		s.muted = false
		return true
	}
	if v := s.admitOwn(c, info, rest); v != pass {
		return v == answered
	}
	if s.pin == nil {
		key := s.key
		s.pin = s.g.pins.get()
		s.pin.kill = info.ID == command.ScriptKill || info.ID == command.FunctionKill
		if s.pin.kill {
			key.DB = 0 // a server that runs a script refuses SELECT
		}
		s.pin.link = s.g.Links.Pin(key, s)
	}
	if s.pin.link == nil {
		s.halt(stopOrphan)
		return false
	}
	if s.inflight > 0 && !s.pin.link.Usable() {
		s.halt(stopIdle) // a large reply is on its way, from a former master perhaps
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
	if s.beginsRelay(info) {
		if s.inflight > 0 {
			s.halt(stopIdle)
			return false
		}
		s.beginRelay(c)
		return true
	}
	if info.Pin == command.PinSubscribe && s.inflight > 0 && s.key.Proto == 2 && !s.pin.subscribed() && !s.pin.tx.open {
		// From now on arrays are messages if they look like one: none of them may be a reply.
		s.halt(stopIdle)
		return false
	}
	if (info.ID == command.Watch || info.ID == command.ClientTracking) && s.inflight > 0 && !s.pin.tx.open {
		// The EXEC or UNWATCH that may be in flight ends those before it, not this one; and it has to be known which
		// TRACKING was refused.
		s.halt(stopIdle)
		return false
	}
	if info.ID == command.Monitor && c.Args == 1 && s.pin.has(command.PinMonitor) && !s.pin.tx.open && !(s.key.Proto == 2 && s.pin.subscribed()) {
		if s.inflight > 0 {
			s.halt(stopIdle)
			return false
		}
		return true // a server says nothing to a second one
	}
	if info.Pin == command.PinWait && !s.pin.tx.open && !(s.key.Proto == 2 && s.pin.subscribed()) {
		s.countWrites()
	}
	if info.ID == command.ClientTracking && !s.pin.tx.open && !s.resolveRedirect(s.arguments(c)) {
		return false
	}
	if info == command.NotListed() {
		s.learn(c.Name)
	}
	s.send(c, info)
	return true
}

// countWrites sends a command before WAIT. The server vouches for what it had written after the previous
// command of the same connection, and the session's writes have gone another way.
func (s *Session) countWrites() {
	s.pin.link.AppendOwn(restoring{s.pin}, ping, 1, 0)
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
		if info.ID == command.ClientReply {
			raw = s.queuedReplyMode(raw, s.arguments(c))
		}
		tag, class = p.tx.queue(s.conn, raw, info), upstream.Read
		if info.ID != command.ScriptFlush && info.Flags.Has(command.Scripting) {
			s.g.noteScript(info.ID, s.arguments(c))
		}
	case tag == command.Multi && (c.Args != 1 || s.key.Proto == 2 && p.subscribed()):
		tag, p.used = command.Unknown, true // an error: nothing begins. If it does all the same, it does for nobody else
	default:
		if info.Way == command.Shared {
			s.sendsBulky(len(c.Raw))
		}
		if info.Pin != command.PinNone && info.ID != command.Unwatch && info.ID != command.Exec && info.ID != command.Discard {
			p.reasons[info.Pin]++
		}
		switch info.ID {
		case command.Multi:
			p.tx.begin(s.conn, raw)
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
			if raw, tag = s.endTransaction(raw, tag); tag == tagNil || tag == tagAborted {
				class = upstream.Read // a DISCARD
			}
		case command.Unwatch:
			p.tx.watchLost = p.tx.watchLost && c.Args != 1 // for an EXEC that is pipelined behind it
		case command.ClientReply:
			if mode, known := replyModeOf(s.arguments(c)); known {
				s.askReplyMode(mode)
				return
			}
		default:
			if info.Flags&(command.Cursor|command.Scripting) != 0 {
				raw, _ = s.special(raw, c, info)
			}
			if s.inflight == 0 {
				p.blocking = s.g.Loop.Now()
			}
			if info.Pin == command.PinSubscribe {
				p.subs.expect(c.Args - 1)
			}
			if info.ID == command.ClientCaching {
				p.cachingAsked = bytes.Clone(raw)
			}
			if setsUp(info) {
				switch args := s.arguments(c); {
				case turnsOff(info.ID, args):
					tag = tagTrackingOff
				case info.ID == command.ClientTracking:
					raw = s.beginTracking(raw, args)
				default:
					p.asked = append(p.asked, setup{info.ID, bytes.Clone(raw)})
				}
			}
			if info.Pin.Ends() == command.EndsWithError {
				p.used = true
			}
			if info.Pin == command.PinUnknown {
				tag = tagUnknown
			}
		}
	}
	takes := class == upstream.Read && info.Flags.Has(command.Blocking|command.Write) && tag != tagQueued
	if p.silent || p.skip {
		tag |= unanswered
	}
	s.inflight++
	s.appendTo(p.link, raw, class, tag)
	p.skip = false
	if takes {
		p.link.Takes()
	}
}

// setsUp: commands that are simply repeated on a new link. Not those that are for the next command only, and no writes, even
// if they need what the connection has been told before.
func setsUp(info *command.Info) bool {
	switch info.Pin {
	case command.PinMonitor, command.PinTracking, command.PinClientState:
		return info.ID != command.ClientCaching && info.ID != command.Asking && !info.Flags.Has(command.Write)
	default:
		return false
	}
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
	p := s.pin
	if p == nil {
		return
	}
	s.pin = nil
	p.tx.forget(s.conn)
	s.g.Links.Abandon(p.lost)
	s.g.Links.Unorphan(s)
	if p.link == nil {
		return
	}
	clean := !p.used && !p.needed() && !s.gone
	s.g.Links.Unpin(p.link, clean)
	if clean && !p.orphaned {
		s.g.pins.put(p)
	}
}

// pinList keeps what sessions no longer need for the next ones: a client that sends one transaction after the other needs
// one each time.
type pinList []*pin

// keepPins is how many of them; more are rarely given back and taken again within one turn.
const keepPins = 64

func (f *pinList) get() *pin {
	last := len(*f) - 1
	if last < 0 {
		return &pin{}
	}
	p := (*f)[last]
	(*f)[last], *f = nil, (*f)[:last]
	p.clear() // whoever gave it back may have had it in hand until the end of its turn
	return p
}

func (f *pinList) put(p *pin) {
	if len(*f) < keepPins {
		p.clear() // it must not keep a link alive
		*f = append(*f, p)
	}
}

// clear leaves nothing but memory to be used again.
func (p *pin) clear() { *p = pin{tx: transaction{ends: p.tx.ends[:0]}} }
