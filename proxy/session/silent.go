package session

import (
	"bytes"

	"sentinelproxy/proxy/command"
	"sentinelproxy/proxy/upstream"
	"sentinelproxy/resp"
)

// CLIENT REPLY OFF and SKIP: the client gets no replies. The server is not told to be silent, and answers all the same; the replies are tagged
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

// askReplyMode follows CLIENT REPLY ON|OFF|SKIP. Whether the client may call it is for the server to say: it is asked for ON, which changes nothing there.
// Until it has answered nothing else of the session is looked at. So the answer to ON also comes behind what the server says by itself, as invalidations.
func (s *Session) askReplyMode(mode replyMode) {
	p := s.pin
	tag := tagReplyMode
	if p.silent || p.skip {
		tag |= unanswered
	}
	p.mode, p.skip = mode, false
	s.inflight++
	p.link.Append(s, replyOn, upstream.Read, uint16(tag))
	s.halt(stopIdle)
}

// replyModeAnswered: a server that does not know CLIENT REPLY has nothing against it.
func (s *Session) replyModeAnswered(reply []byte) {
	p := s.pin
	if resp.IsError(reply) && !bytes.Contains(reply, []byte("nknown subcommand")) {
		p.reasons[command.PinClientState] = max(0, p.reasons[command.PinClientState]-1)
		s.muted = s.muted && p.mode != modeOn
		s.answer(reply)
		return
	}
	switch p.mode {
	case modeOff:
		p.silent = true
	case modeSkip:
		p.skip = !p.silent
	case modeOn:
		p.silent, s.muted = false, false
		s.answerOK()
	}
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
