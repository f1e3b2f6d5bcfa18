package failover

// stepServing goes on until there is trouble. What is not trouble, but smells of it, is answered by a ROLE check at once.
func (s *stepper) stepServing() {
	if t := s.trouble(); t.reason != HoldNone {
		s.startHold(t)
		return
	}
	s.check()
}

// check keeps the ROLE of the adopted master under watch, with one probe at a time.
func (s *stepper) check() {
	switch {
	case s.news.probe != nil:
		if s.news.probe.outcome == outcomeMaster {
			s.m.flaps = 0
		} else if s.news.probe.outcome != outcomeDenied { // that is complained about once; clients have their own credentials
			// It lives and would not tell its role: busy with a script, out of connections. Holding would make that worse:
			// SCRIPT KILL could not pass.
			s.note("ROLE check of %s is unclear: %s", s.news.probe.addr, s.news.probe.text)
		}
		s.arm(TimerProbe, s.m.cfg.CheckEvery)
	case s.fired(TimerProbe), s.news.look:
		s.disarm(TimerProbe)
		s.ask(s.m.master)
	}
}

// startHold begins a hold of writes or of everything. All that was asked before counts no more.
func (s *stepper) startHold(t trouble) {
	s.m.hold = hold{since: s.now, reason: t.reason, broken: t.broken, masterLost: t.lost}
	if !s.m.cfg.bugs.oldProbes {
		s.m.probes = nil
	}
	s.disarm(TimerProbe)
	s.limitHold()
	if t.writesOnly() {
		s.tighten(gateWrites, t.reason)
		s.act(Action{Kind: ActAsk})
		s.arm(TimerAsk, s.m.cfg.AskEvery)
		s.enter(Draining)
		s.ask(s.m.master)
		return
	}
	s.holdAll(t.reason)
}

// limitHold sets the hold limit. It begins when the order to hold ends, if there is one: until then the master is there, and who has ordered the
// hold has said how long it may last.
func (s *stepper) limitHold() {
	limit := s.m.cfg.HoldTimeout
	if s.m.ordered {
		limit += s.m.deadline[TimerOrder].Sub(s.now)
	}
	s.arm(TimerHold, limit)
}

// holdAll goes (from any of the states in which something still passed) to looking for a master.
func (s *stepper) holdAll(reason HoldReason) {
	s.tighten(gateAll, reason)
	s.act(Action{Kind: ActAsk})
	s.arm(TimerAsk, s.m.cfg.AskEvery)
	s.enter(Holding)
	s.settle()
}
