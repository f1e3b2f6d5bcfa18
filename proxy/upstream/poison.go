package upstream

// A command on which the server closes the connection (larger than it takes, or one that makes it crash) would be sent
// again for ever, and every time all who share the link would wait. So one that has been on lost links twice is
// sent over a link that carries its session's commands only, and when that breaks, too, it is answered.
const (
	suspectAfter = 2 // losses
	poisonAfter  = 3
)

var poisoned = []byte("-ERR the server closed the connection each time that this command was sent\r\n")

// Waited says that the command has only waited on the links that broke.
func (item *Lost) Waited() { item.losses = 0 }

// Poisoned settles a lost command that must not be sent any more. It is answered at once, which is what true says, if it is
// its session's first, else in its turn.
func (s *Set) Poisoned(item *Lost, first bool) bool {
	if item.Canned != nil || item.losses < poisonAfter {
		return false
	}
	if first {
		s.RefuseOne(item, poisoned)
		return true
	}
	reply := poisoned
	if item.before && item.Class != Read {
		reply = unknownOutcome
	}
	s.Settle(item, answers(reply, item.replies))
	return false
}

// redoAll appends lost commands to links, those of suspects to links of their own. All commands of a session go the
// same way, so that their order holds.
func (s *Set) redoAll(items []Lost) {
	alone := map[Owner]*Link{}
	for i := range items {
		if items[i].losses >= suspectAfter && items[i].Canned == nil {
			alone[items[i].Owner] = nil
		}
	}
	begun := map[Owner]bool{}
	for i := range items {
		item := &items[i]
		l, suspect := alone[item.Owner]
		switch {
		case s.Poisoned(item, !begun[item.Owner]):
			continue
		case !suspect:
			l = s.Shared(item.Key)
		case l == nil || !l.Usable():
			l = s.dial(item.Key)
			l.alone = true
			l.connect(s.addr)
			alone[item.Owner] = l
		}
		begun[item.Owner] = true
		s.Redo(l, item)
	}
	for _, l := range alone {
		if l != nil && l.owes() == 0 {
			l.drop()
		}
	}
}

// lostAlone: a suspect's own link is gone, or one on which a transaction was left open. That says nothing about the master.
func (s *Set) lostAlone(l *Link, lost []Lost, err error) {
	s.opt.PinnedLost(l.addr, err)
	for i := range lost {
		if i > 0 || l.open {
			lost[i].losses = min(lost[i].losses, suspectAfter) // it was behind the first one
		}
	}
	s.left(lost)
}
