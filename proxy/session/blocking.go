package session

import (
	"strconv"
	"time"

	"sentinelproxy/proxy/command"
	"sentinelproxy/proxy/upstream"
	"sentinelproxy/resp"
)

// leastLeft is what a blocking command that is issued again gets at least: 0 would be for ever.
const leastLeft = time.Millisecond

// blockAgain prepares a blocking command for another link: it gets the time that it has left. Only the
// oldest has begun to wait.
func (s *Session) blockAgain(item *upstream.Lost) {
	info := command.ByID(command.ID(item.Tag) &^ unanswered)
	if item.Canned != nil || !info.Flags.Has(command.Blocking) {
		return
	}
	if info.Pin == command.PinWait {
		s.countWrites()
	}
	p := s.pin
	if p.blocking.IsZero() {
		return
	}
	now := s.g.Loop.Now()
	s.g.Links.Replace(item, shortened(item.Raw, info.ID, now.Sub(p.blocking)))
	p.blocking = now // those behind it have all their time, and this one may be lost once more
}

// surelyWaits: a command that breaks its link does so sooner.
const surelyWaits = time.Second

// hasWaited: where the oldest command in flight is one that blocks, and has waited, neither it nor those behind it have broken the link.
func (s *Session) hasWaited(lost []upstream.Lost) {
	p := s.pin
	if len(lost) == 0 || !command.ByID(command.ID(lost[0].Tag)&^unanswered).Flags.Has(command.Blocking) || s.g.Loop.Now().Sub(p.blocking) < surelyWaits {
		return
	}
	for i := range lost {
		lost[i].Waited()
	}
}

// shortened is a blocking command with its timeout reduced by the time it has waited, or raw itself where
// there is none, or none that can be read.
func shortened(raw []byte, id command.ID, waited time.Duration) []byte {
	var c resp.Command
	var r resp.CommandReader
	if n, err := r.Next(raw, &c); n != len(raw) || err != nil {
		return raw
	}
	args := c.AppendArgs(nil)
	at, unit := timeoutOf(id, args)
	if at <= 0 || at >= len(args) {
		return raw
	}
	timeout, err := strconv.ParseFloat(string(args[at]), 64)
	if err != nil || timeout <= 0 {
		return raw
	}
	left := max(timeout-float64(waited)/float64(unit), float64(leastLeft)/float64(unit))
	if unit == time.Millisecond {
		args[at] = strconv.AppendInt(nil, int64(left), 10)
	} else {
		args[at] = strconv.AppendFloat(nil, left, 'f', 3, 64)
	}
	return resp.AppendCommand(nil, args...)
}

// timeoutOf says which argument of a blocking command is its timeout, and its unit; 0 if none is.
func timeoutOf(id command.ID, args [][]byte) (at int, unit time.Duration) {
	switch id {
	case command.Blpop, command.Brpop, command.Blmove, command.Brpoplpush, command.Bzpopmin, command.Bzpopmax:
		return len(args) - 1, time.Second
	case command.Blmpop, command.Bzmpop:
		return 1, time.Second
	case command.Wait:
		return 2, time.Millisecond
	case command.WaitAOF:
		return 3, time.Millisecond
	case command.Blmovem:
		return 5, time.Second
	case command.XRead, command.XReadGroup, command.TsRead:
		from := 1
		if id == command.XReadGroup {
			from = 4 // behind GROUP group consumer
		}
		for i, a := range args {
			if i < from {
				continue
			}
			switch {
			case is(a, "block"):
				return i + 1, time.Millisecond
			case is(a, "streams"):
				return 0, 0
			}
		}
	}
	return 0, 0
}
