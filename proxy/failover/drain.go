package failover

// A link that broke is no reason to drop the others before what is in flight on them has been answered: the master that is about to be
// adopted anew answers ROLE, so it answers them, too, as a rule at once.

// awaitsDrained: addr is the present master, and the lanes have not said yet that no write is in flight. Not waited for once no reply is
// passed on any more, nor for longer than Config.Drain: a link may be dead without anybody's having been told.
func (s *stepper) awaitsDrained(addr string) bool {
	m := &s.m
	if !m.isMaster(addr) || !m.restored || m.drained || m.hold.overdue || m.hold.sealed || m.gate != gateAll {
		return false
	}
	if !s.armed(TimerDrain) {
		s.arm(TimerDrain, m.cfg.Drain)
	}
	return true
}

// drained ends the wait.
func (s *stepper) drained() {
	s.m.drained = s.m.gate > gateOpen
	if s.armed(TimerDrain) {
		s.disarm(TimerDrain)
		s.hurry()
	}
}
