package upstream

import "bytes"

// sendBacklog appends everything lost to the links of the present master, in the order it was lost.
func (s *Set) sendBacklog() {
	items := s.backlog
	s.backlog = nil
	for i := range items {
		s.Redo(s.Shared(items[i].Key), &items[i])
	}
}

// Redo appends one lost command to l, or answers it there in turn.
func (s *Set) Redo(l *Link, item *Lost) {
	if item.Owner.Gone() {
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
	l.Append(item.Owner, item.Raw, item.Class, item.Tag)
	l.pending.at(l.pending.len() - 1).tries = item.tries
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
	for _, p := range s.orphans {
		p.RefuseLost(refusal)
	}
}

// RefuseOne answers one lost command.
func (s *Set) RefuseOne(item *Lost, refusal []byte) {
	reply := item.Canned
	if reply == nil {
		reply = refusal
		if item.Sent {
			s.Counters.Unknown++
			if item.Class != Read {
				reply = unknownOutcome
			}
		}
	}
	if !item.Owner.Gone() {
		item.Owner.Reply(&Entry{Owner: item.Owner, Tag: item.Tag, Class: item.Class}, bytes.Clone(reply), true)
	}
}
