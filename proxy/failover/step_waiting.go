package failover

// stepWaiting is Starting, Holding and Verifying: something is held, and the search for a master goes on.
func (s *stepper) stepWaiting() {
	if s.fired(TimerHold) {
		s.refuse()
		return
	}
	s.aggravate()
	s.acquaint()
	s.search()
}

// stepRefusing is the same search without a limit.
func (s *stepper) stepRefusing() {
	if !s.m.cfg.bugs.deafRefuse {
		s.aggravate()
		s.acquaint()
		s.search()
	}
}

// search adopts what the input has verified, or goes on asking.
func (s *stepper) search() {
	if p := s.news.probe; p != nil && p.outcome == outcomeMaster {
		for _, v := range s.m.eligible() {
			if s.m.same(v.addr, p.addr) {
				s.takeOver(v)
				return
			}
		}
	}
	if s.fired(TimerAsk) {
		s.act(Action{Kind: ActAsk})
		s.arm(TimerAsk, s.m.cfg.AskEvery)
	}
	if s.m.cfg.bugs.skipRole {
		if el := s.m.eligible(); len(el) > 0 {
			s.takeOver(el[0])
			return
		}
	}
	s.settle()
}

// aggravate makes a hold that began lightly (writes only, links intact) into more, if there is cause.
func (s *stepper) aggravate() {
	if s.m.term == 0 {
		return
	}
	t := s.trouble()
	s.m.hold.broken = s.m.hold.broken || t.broken
	s.m.hold.masterLost = s.m.hold.masterLost || t.lost
	if t.reason != HoldNone && !t.writesOnly() {
		s.tighten(gateAll, t.reason)
	}
}

// settle puts the state where it belongs by what is known, and asks ROLE of the addresses that matter.
func (s *stepper) settle() {
	if s.m.state != Refusing {
		switch {
		case len(s.m.eligible()) > 0:
			if s.m.state != Verifying {
				s.enter(Verifying)
				s.hurry()
			}
		case s.m.state != Verifying:
		case s.m.term == 0:
			s.enter(Starting)
		case s.m.gate < gateAll:
			s.backToDraining()
			return
		default:
			s.enter(Holding)
		}
	}
	s.aim()
}

// backToDraining: a failover was announced anew, or the Sentinels no longer agree, before the writes of the last
// announcement were let go. Nothing speaks against the master's answering reads.
func (s *stepper) backToDraining() {
	s.enter(Draining)
	s.m.probes = nil
	s.ask(s.m.master)
}

// takeOver acts on a verified verdict: let go in place when nothing happened to the lanes, adopt otherwise.
func (s *stepper) takeOver(v verdict) {
	if s.m.fenced(v.addr) && !s.m.cfg.bugs.fenceStays {
		s.lift(v.addr)
		s.settle()
		return
	}
	if s.m.isMaster(v.addr) && s.m.restored && !s.m.hold.broken && s.m.gate != gateRefused {
		s.confirm(v)
		// The lanes' links are intact: adopting would drop them, and what is in flight on them would be of unknown outcome.
		s.m.probes = nil
		s.disarm(TimerProbe)
		s.release()
		return
	}
	if s.awaitsDrained(v.addr) {
		s.settle()
		return
	}
	s.adopt(v)
}

func (s *stepper) adopt(v verdict) {
	m := &s.m
	s.tighten(gateAll, m.hold.reason)
	if m.gate == gateRefused {
		// From here on the lanes hold again instead of refusing; that must not take for ever either.
		s.arm(TimerHold, m.cfg.HoldTimeout)
	}
	former := m.master
	m.term++
	s.disarm(TimerAcquaint)
	s.disarm(TimerDrain)
	m.restored = m.cfg.bugs.early
	m.flaps = min(m.flaps+1, maxFlaps)
	m.master, m.basis, m.follow = v.addr, v.basis, v.follow
	m.hold.broken, m.hold.masterLost, m.hold.sealed, m.hold.overdue = false, false, false, false
	if m.ordered && !m.same(former, v.addr) {
		s.suspect(former) // whoever ordered it fences, too, and may have died
	}
	s.endOrder()
	s.open()
	m.stubborn = m.stubborn && m.same(former, m.master)
	s.reachAnew(v.basis)
	s.confirm(v)
	s.act(Action{Kind: ActAdopt, Addr: v.addr, Term: m.term, Epoch: v.epoch, Basis: v.basis})
	s.dropClaims()
	s.leave(former)
	m.probes = nil
	s.arm(TimerProbe, m.cfg.CheckEvery)
	s.disarm(TimerAsk)
	s.enter(Restoring)
	if m.restored {
		s.release()
	}
}
