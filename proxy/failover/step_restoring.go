package failover

// stepRestoring waits for the lanes. Whatever would start a hold while serving sends it back to holding: the clients
// have not been let go yet, so it costs them only time.
func (s *stepper) stepRestoring() {
	if s.fired(TimerHold) {
		s.refuse()
		return
	}
	if t := s.trouble(); t.reason != HoldNone {
		s.m.hold.broken = s.m.hold.broken || t.broken
		s.m.hold.masterLost = t.lost
		s.m.probes = nil
		s.disarm(TimerProbe)
		if s.m.gate == gateRefused {
			// The limit has passed before: clients are not to wait for another one.
			s.refuse()
			return
		}
		s.holdAll(t.reason)
		return
	}
	if s.m.restored {
		s.release()
		return
	}
	s.check()
}

// release lets everything go to the adopted master and ends the hold.
func (s *stepper) release() {
	s.act(Action{Kind: ActRelease, Term: s.m.term, Addr: s.m.master})
	s.m.gate, s.m.hold, s.m.refused, s.m.drained = gateOpen, hold{}, RefuseNone, false
	s.disarm(TimerHold)
	s.disarm(TimerAsk)
	s.endOrder()
	s.open()
	s.enter(Serving)
	if s.m.outstanding(s.m.master) == 0 {
		s.arm(TimerProbe, s.m.cfg.CheckEvery)
	}
}
