package upstream

// Pinned is the session that a link belongs to.
type Pinned interface {
	// Push is shown every frame first. True: it answers no command (a published message, an
	// invalidation) and has been taken; false: it is the reply to the oldest command.
	Push(frame []byte) bool
	// Streams says whether large replies may be handed over in pieces now: not when a frame has to be
	// looked at whole to tell a message from a reply.
	Streams() bool
	// Lost: the link is gone; lost is what is to be done again, in order.
	Lost(l *Link, lost []Lost)
	// Refused: the server has refused the link's handshake with this error reply.
	Refused(l *Link, refusal []byte)
	// Restore: there is a master again; see Orphan.
	Restore()
	// RefuseLost: no master has come in time; what is lost is to be answered with refusal. The session
	// stays registered.
	RefuseLost(refusal []byte)
}

// Pin returns a link of p's own: an idle one, or a new one.
func (s *Set) Pin(key Key, p Pinned) *Link {
	if l := s.take(key); l != nil {
		l.pooled = false
		l.pinned = p
		return l
	}
	l := s.dial(key)
	l.pinned = p
	l.connect(s.addr)
	return l
}

// PinAgain is Pin for a session that has lost its link.
func (s *Set) PinAgain(key Key, p Pinned) *Link {
	l := s.Pin(key, p)
	l.remade = true
	return l
}

// Unpin gives a link back that has nothing in flight. A clean one is kept for the next session (see
// pool.go), any other is closed.
func (s *Set) Unpin(l *Link, clean bool) {
	if l.state == closed {
		return
	}
	l.pinned, l.remade = nil, false
	l.pooled = true
	if clean && l.Usable() && l.state == ready && l.owes() == 0 && s.opt.PoolSize > 0 {
		s.put(l)
		return
	}
	l.drop()
}

// Orphan registers a session whose pinned link is lost: Restore is called when there is a master.
func (s *Set) Orphan(p Pinned) { s.orphans[p] = struct{}{} }

// Unorphan takes a session off the list that has a link again, or has gone.
func (s *Set) Unorphan(p Pinned) {
	if len(s.orphans) > 0 { // else p is hashed all the same
		delete(s.orphans, p)
	}
}

// Resume is called right before what is held is released. What has been lost since Adopt (a link of one session, what was
// behind a large reply of the former master) waits for that, and so do those who were held without a change of master.
func (s *Set) Resume() {
	s.restoreOrphans()
	s.sendBacklog()
}

// restoreOrphans gives all of them links to the present master.
func (s *Set) restoreOrphans() {
	orphans := s.orphans
	s.orphans = map[Pinned]struct{}{}
	for p := range orphans {
		p.Restore()
	}
}

// closedPinned takes a link of one session, or an idle one, out of the books.
func (s *Set) closedPinned(l *Link, err error) {
	if l.pooled {
		s.remove(l)
	}
	if !l.dropping && !l.leaving {
		s.opt.PinnedLost(l.addr, err)
	}
	lost := l.lose()
	if l.pinned == nil {
		s.Abandon(lost) // set aside while it had a session
		return
	}
	l.pinned.Lost(l, lost)
}

// Asker waits for a master to have a question settled that needs no link of its own.
type Asker interface {
	// Again: there is a master (refusal is nil), or none has come in time.
	Again(refusal []byte)
}

// Ask registers a for the next master.
func (s *Set) Ask(a Asker) { s.askers = append(s.askers, a) }

func (s *Set) askAgain(refusal []byte) {
	askers := s.askers
	s.askers = nil
	for _, a := range askers {
		a.Again(refusal)
	}
}
