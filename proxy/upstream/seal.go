package upstream

// Seal stops the conversation with the present master, until Unseal or Adopt: nothing is written to it any more, and no
// reply of it passed on. A large reply that has begun may come to its end; and links on which nothing is asked, those of
// subscribers, go on.
func (s *Set) Seal() {
	s.sealed = true
	for l := range s.links {
		if l.sealed() {
			l.conn.Pause()
		}
	}
}

// Unseal goes on with the present master.
func (s *Set) Unseal() {
	if !s.sealed {
		return
	}
	s.sealed = false
	for l := range s.links {
		if !l.paused {
			l.conn.Resume()
		}
		l.conn.MarkDirty()
	}
}

func (l *Link) sealed() bool {
	return l.set.sealed && !l.leaving && !l.streamed && l.pending.len() > 0 && l.relay == nil
}
