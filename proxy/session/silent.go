package session

import (
	"sentinelproxy/proxy/command"
	"sentinelproxy/proxy/upstream"
	"sentinelproxy/resp"
)

// CLIENT REPLY OFF and SKIP: the client gets no replies.
//
// The invariant: what a session is known to have set up changes by a server's reply only. So the commands whose replies
// tell of it (a transaction from MULTI to EXEC, WATCH, UNWATCH, CLIENT TRACKING; AUTH, HELLO and SELECT anyway) are
// answered to the proxy even if the client wants none: the server is told to speak before them, the replies are tagged
// unanswered, and nobody gets them. Before the next command that is none of these it is told to be silent again.
//
// Then nothing has to be guessed at a switch. A transaction that is under way is one like any other: it is queued again in
// the database in which it was begun, and its own SELECT moves it; once its EXEC is answered the session is where that
// has led, which is nowhere if it was discarded, refused, or ended by a WATCH.
//
// All other commands are sent silent, and are done with when they are written.

// unanswered marks the tag of a command whose reply the client does not get.
const unanswered command.ID = 1 << 15

// tells says whether the reply to what has this tag changes what is known of the session.
func tells(tag command.ID) bool {
	switch tag {
	case tagQueued, tagNil, tagAborted, tagUnwatched, tagTrackingOff,
		command.Multi, command.Exec, command.Discard, command.Watch, command.Unwatch, command.ClientTracking:
		return true
	}
	return false
}

// quietly is asked how a command is sent that the client wants no reply to: heard by the proxy, with this tag, or not.
func (s *Session) quietly(tag command.ID, stuck bool) (command.ID, bool) {
	p := s.pin
	switch {
	case stuck && pinOf(tag) == command.PinSubscribe:
		return tag, true // confirmations come in any case
	case stuck, tells(tag) && !s.subscribedTwo():
		p.speak()
		return tag | unanswered, true
	}
	return 0, false
}

// subscribedTwo: the server lets a subscriber of RESP2 do little, and CLIENT REPLY is not among that.
func (s *Session) subscribedTwo() bool { return s.key.Proto == 2 && s.pin.subscribed() }

// admitOwn is admit for a command that goes over the session's own link. Who wants no replies gets no refusals either, but for that of
// CLIENT REPLY ON.
func (s *Session) admitOwn(c *resp.Command, info *command.Info, rest []byte) verdict {
	p := s.pin
	if s.muted = p != nil && (p.silent || p.skip); s.muted && info.ID == command.ClientReply {
		args := s.arguments(c)
		s.muted = len(args) != 3 || !is(args[2], "on")
	}
	v := s.admit(info, rest)
	s.muted = false
	if v == answered && p != nil {
		p.skip = false
		s.refusedWhilePinned(info)
	}
	return v
}

// stuckAloud: the server can't be told to be silent now.
func (s *Session) stuckAloud() bool { return s.pin.aloud && s.subscribedTwo() }

// speak makes the server of a silent session answer.
func (p *pin) speak() {
	if p.silent && !p.aloud {
		p.link.AppendOwn(restoring{p}, replyOn, 1, 0)
		p.aloud = true
	}
}

// appendQuiet sends a command that nobody gets a reply to.
func (p *pin) appendQuiet(s *Session, raw []byte, class upstream.Class) {
	switch {
	case !p.silent:
		p.link.AppendSkipped(s, raw, class)
		return
	case p.aloud:
		p.link.AppendMode(replyOff)
		p.aloud = false
	}
	p.link.AppendSilent(s, raw, class)
}

// silenceAgain is for a new link, on which everything that was set up and lost has been sent.
func (s *Session) silenceAgain() {
	p := s.pin
	switch {
	case !p.silent || p.aloud:
	case s.subscribedTwo():
		p.aloud = true
	default:
		p.link.AppendMode(replyOff)
	}
}

// confirmAloud: a client that wants no replies gets confirmations all the same, also that of a transaction.
func (s *Session) confirmAloud(confirmation []byte) {
	muted := s.muted
	if s.muted = false; muted {
		s.answer(confirmation)
	}
	s.muted = muted
}

// hearAll has the server say something behind commands that it was told not to answer: whoever closes the link before
// that throws away what is still on its way. The session waits as for any reply, which nobody gets.
func (s *Session) hearAll() {
	p := s.pin
	ask := replyOn
	if s.subscribedTwo() {
		ask = resetLink // RESET is answered in any state, and the session is about to give up the link
	}
	p.unheard, p.aloud = false, p.silent
	s.inflight++
	p.link.Append(s, ask, upstream.Read, uint16(tagHeard))
}

// mustHear: the session is about to give up its link (RESET, QUIT), and may have sent writes there that get no reply.
func (s *Session) mustHear(id command.ID) bool {
	return (id == command.Quit || id == command.Reset) && s.pin.unheard && s.pin.link != nil
}

// replyMode follows CLIENT REPLY ON|OFF|SKIP, of which only ON is answered. True: all is done.
func (s *Session) replyMode(raw []byte, args [][]byte) bool {
	p := s.pin
	p.used = true
	switch {
	case len(args) == 3 && is(args[2], "off"):
		p.silent, p.skip, p.aloud = true, false, false // it is what a SKIP before it was for
	case len(args) == 3 && is(args[2], "skip"):
		// Sent with the command that it is for: that may be one which is answered here.
		p.skip = !p.silent
		return true
	case len(args) == 3 && is(args[2], "on"):
		p.silent, p.skip, p.aloud = false, false, false
		return false
	default:
		return false
	}
	p.link.AppendMode(raw)
	return true
}

// The server of a new link answers until it is told not to.
var (
	replyOff  = resp.AppendCommand(nil, []byte("CLIENT"), []byte("REPLY"), []byte("OFF"))
	replyOn   = resp.AppendCommand(nil, []byte("CLIENT"), []byte("REPLY"), []byte("ON"))
	resetLink = resp.AppendCommand(nil, []byte("RESET"))
)
