package session

import (
	"sentinelproxy/proxy/command"
	"sentinelproxy/proxy/gate"
	"sentinelproxy/proxy/upstream"
	"sentinelproxy/resp"
)

// How long a transaction may be that goes over a shared link: others wait behind it as they do behind a pipeline.
const (
	wholeBytes    = writtenAtOnce
	wholeCommands = 256
)

// dispatchWhole sends MULTI over the shared link, with all that belongs to it up to EXEC, if that has come and is such as may go there. Nothing has to be
// known of it then until EXEC is answered. Not handled: MULTI needs a link of the session's own.
func (s *Session) dispatchWhole(c *resp.Command, rest []byte) (done, handled bool) {
	if s.g.Gate.Mode() != gate.Pass || c.Args != 1 || c.Inline || !s.g.Links.TakesTransactions() {
		return false, false
	}
	if s.bulky > 0 {
		s.bulky--
		return false, false
	}
	size, commands, class := s.whole(rest)
	if size == 0 {
		return false, false
	}
	l := s.roomOnShared()
	if l == nil {
		return false, true
	}
	c.Raw = rest[:size]
	s.inflight++
	l.AppendTransaction(s, c.Raw, commands, class)
	return true, true
}

// whole measures the transaction that buf begins with; size is 0 if its EXEC is not there, or something in it needs more than to be passed on.
// Its class is that of its commands where that is the same for all together.
func (s *Session) whole(buf []byte) (size, commands int, class upstream.Class) {
	r := resp.CommandReader{Limits: s.reader.Limits}
	reads, overwrites := true, true
	for size < min(len(buf), wholeBytes) && commands < wholeCommands {
		var c resp.Command
		n, err := r.Next(buf[size:], &c)
		if n == 0 || err != nil || c.Args == 0 || c.Inline {
			return 0, 0, 0
		}
		size += n
		if commands++; commands == 1 {
			continue // MULTI
		}
		info := command.Lookup(c.Name)
		if info == nil {
			return 0, 0, 0
		}
		if info.ID == command.Exec {
			if c.Args != 1 || size > wholeBytes {
				return 0, 0, 0
			}
			s.last = info
			switch {
			case reads:
				return size, commands, upstream.Read
			case overwrites:
				return size, commands, upstream.Overwrite
			}
			return size, commands, upstream.Write
		}
		if info.Dependent(c.Args) {
			info = info.Resolve(s.arguments(&c))
		}
		if info.Way != command.Shared || info.ID == command.ScriptFlush || s.g.waitsOut(info) {
			return 0, 0, 0
		}
		if info.Flags.Has(command.Scripting) {
			s.g.noteScript(info.ID, s.arguments(&c))
		}
		kind := classOf(info)
		reads, overwrites = reads && kind == upstream.Read, overwrites && kind == upstream.Overwrite
	}
	return 0, 0, 0
}
