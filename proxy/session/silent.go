package session

import (
	"sentinelproxy/proxy/command"
	"sentinelproxy/proxy/upstream"
	"sentinelproxy/resp"
)

// CLIENT REPLY OFF and SKIP: the client gets no replies. The server is not told of it, and answers all the same; the replies are tagged
// unanswered, and nobody gets them. So what is known of the session changes by replies as with any other, and its writes are drained before a
// switch, sent again, or of unknown outcome like any other. Dragonfly does not know CLIENT REPLY.

// unanswered marks the tag of a command whose reply the client does not get.
const unanswered command.ID = 1 << 15

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

// confirmAloud gives a client that wants no replies the confirmation of a subscription all the same, also that of a transaction.
func (s *Session) confirmAloud(confirmation []byte) {
	if !s.muted {
		return
	}
	s.muted = false
	s.answer(confirmation)
	s.muted = true
}

// subscribedTwo: the server lets a subscriber of RESP2 do little, and CLIENT REPLY is not among that.
func (s *Session) subscribedTwo() bool { return s.key.Proto == 2 && s.pin != nil && s.pin.subscribed() }

// replyModeUnclear: what is in flight may be about to make the client one who may not call CLIENT REPLY, or to end that.
func (s *Session) replyModeUnclear() bool {
	p := s.pin
	return s.inflight > 0 && s.key.Proto == 2 && p != nil && !p.tx.open && (p.subscribed() || len(p.tx.specials) > 0)
}

// replyMode follows CLIENT REPLY ON|OFF|SKIP, of which only ON is answered. True: all is done; otherwise the server says what is wrong.
func (s *Session) replyMode(args [][]byte) bool {
	p := s.pin
	mode, known := replyModeOf(args)
	if s.subscribedTwo() {
		return p.silent // it is refused, but nobody is told
	}
	if !known {
		return false
	}
	switch mode {
	case modeOff:
		p.silent, p.skip = true, false // it is what a SKIP before it was for
	case modeSkip:
		p.skip = !p.silent
	case modeOn:
		p.silent, p.skip = false, false
		s.inflight++
		p.link.AnswerInTurn(s, []byte("+OK\r\n"), 0)
	}
	return true
}

type replyMode uint8

const (
	modeOn replyMode = iota
	modeOff
	modeSkip
)

// replyModeOf reads the arguments of CLIENT REPLY.
func replyModeOf(args [][]byte) (mode replyMode, known bool) {
	if len(args) != 3 {
		return 0, false
	}
	for mode, word := range [...]string{modeOn: "on", modeOff: "off", modeSkip: "skip"} {
		if is(args[2], word) {
			return replyMode(mode), true
		}
	}
	return 0, false
}

// queuedReplyMode is what is queued for a CLIENT REPLY inside MULTI: there it has no effect. The server must not become silent.
func (s *Session) queuedReplyMode(raw []byte, args [][]byte) []byte {
	if _, known := replyModeOf(args); known {
		return replyOn
	}
	return raw
}

var replyOn = resp.AppendCommand(nil, []byte("CLIENT"), []byte("REPLY"), []byte("ON"))

var _ upstream.Owner = (*Session)(nil)
