package session

import (
	"sentinelproxy/proxy/command"
	"sentinelproxy/proxy/gate"
	"sentinelproxy/proxy/reactor"
	"sentinelproxy/proxy/upstream"
	"sentinelproxy/resp"
)

// sharedArgs is how many arguments a command on a shared link may have: Dragonfly (--max_multi_bulk_len) closes the connection on one with more.
const sharedArgs = 1 << 16

// dispatch sends one command on its way. False: it has to wait, s.stop says for what; the bytes stay and
// come again. rest is the buffer from the start of the command on.
func (s *Session) dispatch(c *resp.Command, rest []byte) bool {
	info := command.Lookup(c.Name)
	if info == nil {
		if isHTTP(c.Name) {
			s.end(CloseProtocol)
			return true
		}
		info = s.g.learnedInfo(c.Name)
	} else if info.Dependent(c.Args) {
		info = info.Resolve(s.arguments(c))
	}
	s.last = info
	if s.pin != nil {
		return s.dispatchPinned(c, info, rest)
	}
	if info.Way == command.Shared && len(c.Raw) < reactor.LargeFrame && c.Args <= sharedArgs && (s.bulky == 0 || s.g.Gate.Mode() == gate.RefuseWrites) {
		if !s.g.waitsOut(info) {
			return s.dispatchShared(c, info, rest)
		}
		info = alone(info)
	}
	if info.ID == command.Multi {
		if done, handled := s.dispatchWhole(c, rest); handled {
			return done
		}
	}
	if s.inflight > 0 {
		s.halt(stopIdle)
		return false
	}
	if info.ID == command.ClientPause || info.ID == command.ClientUnpause {
		return s.dispatchPause(s.raw(c), s.arguments(c), info, rest)
	}
	if info.Way == command.Local {
		return s.dispatchLocal(c, info, rest)
	}
	return s.dispatchPinned(c, info, rest)
}

// dispatchShared is the way of nearly all commands.
func (s *Session) dispatchShared(c *resp.Command, info *command.Info, rest []byte) bool {
	if mode := s.g.Gate.Mode(); mode != gate.Pass && (mode != gate.RefuseWrites || !passesWriteHold(info)) {
		if v := s.admit(info, rest); v != pass {
			return v == answered
		}
	}
	l := s.roomOnShared()
	if l == nil {
		return false
	}
	raw, tag := c.Raw, command.Unknown
	if c.Inline {
		raw = s.raw(c)
	}
	if info.Flags&(command.Cursor|command.Scripting) != 0 {
		raw, tag = s.special(raw, c, info)
	}
	s.inflight++
	s.appendTo(l, raw, classOf(info), tag)
	return true
}

// roomOnShared is the shared link for one more command; nil: it has to wait, s.stop says for what.
func (s *Session) roomOnShared() *upstream.Link {
	l := s.link
	if l == nil || !l.Usable() {
		if s.inflight > 0 { // what is in flight is on the backlog, or on the former link
			s.halt(stopIdle)
			return nil
		}
		l = s.g.Links.Shared(s.key)
		s.choose(l)
	}
	if s.inflight >= s.window {
		s.halt(stopWindow)
		return nil
	}
	if l.Full() {
		l.Stall(s)
		s.halt(stopLink)
		return nil
	}
	return l
}

// special looks at scripts and cursors: what goes to the server, and the tag by which the reply is known.
func (s *Session) special(raw []byte, c *resp.Command, info *command.Info) ([]byte, command.ID) {
	args := s.arguments(c)
	if cursorArg(info.ID) > 0 {
		return s.g.toServer(raw, info.ID, args), info.ID
	}
	if info.ID == command.ScriptFlush {
		s.halt(stopIdle) // what comes behind it is not to be forgotten when it is answered
		return raw, info.ID
	}
	if !s.unauthenticated() {
		s.g.noteScript(info.ID, args)
	}
	return raw, command.Unknown
}

// verdict is what the gate says of a command.
type verdict uint8

const (
	pass     verdict = iota
	wait             // s.stop says for what
	answered         // with the refusal
)

// admit asks the gate. When it refuses writes, what needs a link of one session's own is refused, too: one that is
// lost is not made again before the release.
func (s *Session) admit(info *command.Info, rest []byte) verdict {
	switch mode := s.g.Gate.Mode(); {
	case mode == gate.Pass || mode == gate.HoldWrites && passesWriteHold(info):
		return pass
	case mode == gate.RefuseWrites && info.Way == command.Local && (s.pin == nil || s.pin.link != nil):
		return pass
	case s.g.Gate.Holds():
		s.park(s.count(rest), len(rest))
		return wait
	case s.inflight > 0:
		s.halt(stopIdle)
		return wait
	}
	s.g.Counters.Refused++
	s.answer(s.g.Refusal)
	return answered
}

// passesWriteHold: while a switch is being prepared reads still go to the present master. Of the
// commands that set up a connection only those that can't make anybody wait do.
func passesWriteHold(info *command.Info) bool {
	return info.Flags.Has(command.Read) && !info.Flags.Has(command.Blocking)
}

func (s *Session) park(commands, bytes int) {
	s.halt(stopGate)
	if !s.ticket.Parked() {
		s.g.Gate.Park(&s.ticket, s, commands, bytes)
	}
}

// count is the number of whole commands in buf.
func (s *Session) count(buf []byte) int {
	r := resp.CommandReader{Limits: s.g.Limits.Request}
	var c resp.Command
	commands := 0
	for len(buf) > 0 {
		n, err := r.Next(buf, &c)
		if n == 0 || err != nil {
			break
		}
		if c.Args > 0 {
			commands++
		}
		buf = buf[n:]
	}
	return commands
}

// arguments are lent until the next call.
func (s *Session) arguments(c *resp.Command) [][]byte {
	clear(s.g.args)
	s.g.args = c.AppendArgs(s.g.args[:0])
	return s.g.args
}

// raw is the command as it goes to the server, lent until the next call. Inline commands travel as ordinary ones:
// Dragonfly knows no quotes in them.
func (s *Session) raw(c *resp.Command) []byte {
	if !c.Inline {
		return c.Raw
	}
	s.g.line = resp.AppendCommand(s.g.line[:0], s.arguments(c)...)
	return s.g.line
}

func classOf(info *command.Info) upstream.Class {
	switch {
	case info.Pin == command.PinAdmin || info.Pin == command.PinDebug:
		return upstream.Once
	case info.Flags&(command.Read|command.ConnectionLocal) != 0:
		return upstream.Read
	case info.Flags.Has(command.Scripting|command.Write) && info.Flags&command.Idempotent == 0:
		return upstream.Script
	case info.Flags&command.Idempotent != 0:
		if info.ID == command.Set || info.ID == command.Mset || info.ID == command.Setex || info.ID == command.Psetex {
			return upstream.Overwrite
		}
		return upstream.Idempotent
	default:
		return upstream.Write
	}
}
