package upstream

import (
	"bytes"
	"unsafe"
)

// keep adds to the backlog. What is settled already and has nothing of its owner before it is answered at
// once: a client whose write is unknown is told now, not when there is a master again.
func (s *Set) keep(lost []Lost) {
	waits := map[Owner]bool{}
	for i := range s.backlog {
		waits[s.backlog[i].Owner] = true
	}
	for i := range lost {
		item := &lost[i]
		if item.Canned != nil && !waits[item.Owner] {
			if !item.Owner.Gone() {
				item.Owner.Reply(&Entry{Owner: item.Owner, Tag: item.Tag, Class: item.Class}, item.Canned, true)
			}
			continue
		}
		waits[item.Owner] = true
		s.backlog = append(s.backlog, *item)
	}
}

// sendBacklog appends everything lost to the links of the present master, in the order it was lost.
func (s *Set) sendBacklog() {
	items := s.backlog
	s.backlog = nil
	s.redoAll(items)
}

// Redo appends one lost command to l, or answers it there in turn.
func (s *Set) Redo(l *Link, item *Lost) {
	if item.Owner.Gone() {
		s.free(item)
		if item.Sent {
			s.Counters.Unknown++
		}
		return
	}
	if item.Canned != nil {
		l.AnswerInTurn(item.Owner, item.Canned, item.Tag)
		return
	}
	if item.Sent {
		s.Counters.Resent++
	}
	if s.opt.Again != nil && item.Tag != 0 {
		s.Replace(item, s.opt.Again(item.Tag, item.Raw))
	}
	switch {
	case item.large:
		l.AppendLarge(item.Owner, item.Raw, item.Class, item.Tag)
		item.Raw, item.large = nil, false
	default:
		l.Append(item.Owner, item.Raw, item.Class, item.Tag)
	}
	e := l.pending.at(l.pending.len() - 1)
	e.tries, e.losses, e.before, e.takes, e.replies = item.tries, item.losses, item.before, item.takes, item.replies
}

// Refuse answers the whole backlog because no master came in time: with the outcome where it is known
// or unknown, with refusal where the command has certainly not been applied.
func (s *Set) Refuse(refusal []byte) {
	items := s.backlog
	s.backlog = nil
	for i := range items {
		s.RefuseOne(&items[i], refusal)
	}
	s.askAgain(refusal)
	for p := range s.orphans {
		p.RefuseLost(refusal)
	}
}

// Replace makes raw, which may be what it is already, what is sent for a lost command.
func (s *Set) Replace(item *Lost, raw []byte) {
	if unsafe.SliceData(raw) != unsafe.SliceData(item.Raw) {
		s.free(item)
		item.Raw = raw
	}
}

// free gives the memory of a large command back that is not sent again.
func (s *Set) free(item *Lost) {
	if item.large {
		s.loop.FreeLarge(item.Raw)
		item.Raw, item.large = nil, false
	}
}

// RefuseOne answers one lost command.
func (s *Set) RefuseOne(item *Lost, refusal []byte) {
	s.free(item)
	reply := item.Canned
	if reply == nil {
		reply = refusal
		if item.Sent {
			s.Counters.Unknown++
		}
		if item.before && item.Class != Read {
			reply = unknownOutcome
		}
		reply = answers(reply, item.replies)
	}
	if !item.Owner.Gone() {
		item.Owner.Reply(&Entry{Owner: item.Owner, Tag: item.Tag, Class: item.Class}, bytes.Clone(reply), true)
	}
}
