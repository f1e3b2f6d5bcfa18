package failover

// stepDraining waits for the candidate to be named, or for the announcement to come to nothing. Reads and what is in
// flight still go to the master, so its ROLE stays under watch.
func (s *stepper) stepDraining() {
	if s.fired(TimerHold) {
		if s.trouble().reason != HoldMinority && !s.m.cfg.bugs.lenient {
			s.refuse()
			return
		}
		s.refuseWrites()
	}
	if s.fired(TimerAsk) {
		s.act(Action{Kind: ActAsk})
		s.arm(TimerAsk, s.m.cfg.AskEvery)
	}
	switch t := s.trouble(); {
	case t.reason == HoldNone && len(s.m.eligible()) > 0:
		// Withdrawn or dismissed. Only writes are held, and stay so until a fresh ROLE is in.
		s.m.probes = nil
		s.disarm(TimerProbe)
		s.enter(Verifying)
		s.aim()
	case t.reason == HoldNone, t.writesOnly():
		s.check()
	default:
		s.m.hold.broken = s.m.hold.broken || t.broken
		s.m.hold.masterLost = s.m.hold.masterLost || t.lost
		s.m.probes = nil
		s.disarm(TimerProbe)
		s.holdAll(t.reason)
	}
}
