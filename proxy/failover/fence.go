package failover

import "slices"

// A fence keeps everybody's writes from a master that is being replaced. Ours is put on when a failover of the master is announced
// (ActFence), unless an operator has ordered the hold, who puts on one of his own. Somebody else's shows by NOREPLICAS.

// fence is a node that may carry one that we have to see off.
type fence struct {
	addr   string
	number uint64 // of the ActLift or ActUnfence that Lifted is awaited of, 0: neither is given
	left   bool   // it is ActUnfence, which waits for the node to be demoted
}

// lifting: it is about to be gone on with, and TimerLift runs.
func (f *fence) lifting() bool { return f.number != 0 && !f.left }

// shut is what is known of a master that answers NOREPLICAS.
type shut uint8

const (
	shutNot    shut = iota
	shutAsked       // whether it is fenced is being found out
	shutFenced      // it is; TimerFence runs
)

func (m *Machine) fenceOf(addr string) int {
	return slices.IndexFunc(m.fences, func(f fence) bool { return m.same(f.addr, addr) })
}

// fenced tells whether addr may carry a fence that we have to see off.
func (m *Machine) fenced(addr string) bool { return m.fenceOf(addr) >= 0 }

// suspect notes that addr may carry a fence. Whether it does, if it is the master, need not be asked any more.
func (s *stepper) suspect(addr string) {
	if !s.m.fenced(addr) {
		s.m.fences = append(s.m.fences, fence{addr: addr})
	}
	if s.m.isMaster(addr) {
		s.open()
	}
}

// defend fences the master whose failover is announced, while it lives and nobody else has ordered the hold.
func (s *stepper) defend() {
	m := &s.m
	if !m.cfg.Fence || m.gate == gateOpen || m.gate == gateRefused || m.state == Restoring || m.hold.masterLost || m.ordered ||
		m.claimed(m.master) < stageAnnounced {
		return
	}
	addr := m.master
	if next := m.candidates(); m.cfg.bugs.fenceNext && len(next) > 0 {
		addr = next[0]
	}
	if !m.fenced(addr) {
		s.suspect(addr)
		s.act(Action{Kind: ActFence, Addr: addr})
	}
}

// candidates are those named to follow the master.
func (m *Machine) candidates() (list []string) {
	for i := range m.views {
		if c := &m.views[i].claim; c.active() && m.isMaster(c.master) && c.candidate != "" {
			list = append(list, c.candidate)
		}
	}
	return list
}

// lift has the fence taken off a node that is about to be gone on with. Until then, or TimerLift, nothing is let go to it.
func (s *stepper) lift(addr string) {
	f := &s.m.fences[s.m.fenceOf(addr)]
	if f.lifting() {
		return
	}
	f.number, f.left = s.number(), false
	s.act(Action{Kind: ActLift, Addr: f.addr, Number: f.number})
	s.arm(TimerLift, s.m.cfg.Lift)
}

func (s *stepper) learnLifted(in Lifted) bool {
	m := &s.m
	i := slices.IndexFunc(m.fences, func(f fence) bool { return f.number == in.Number })
	if in.Number == 0 || i < 0 {
		if in.Err == nil && m.isMaster(in.Addr) { // after TimerLift has given it up
			m.stubborn = false
		}
		return false
	}
	if m.fences[i].lifting() {
		s.hurry()
	}
	if m.isMaster(in.Addr) {
		m.stubborn = in.Err != nil
	}
	m.fences = slices.Delete(m.fences, i, i+1)
	if !slices.ContainsFunc(m.fences, func(f fence) bool { return f.lifting() }) {
		s.disarm(TimerLift)
	}
	return true
}

// liftFailed: the node does not answer. If it is fenced indeed it will say NOREPLICAS.
func (s *stepper) liftFailed() {
	s.m.fences = slices.DeleteFunc(s.m.fences, func(f fence) bool {
		if f.lifting() {
			s.note("the fence of %s could not be lifted in time", f.addr)
			s.m.stubborn = s.m.stubborn || s.m.isMaster(f.addr)
		}
		return f.lifting()
	})
	s.hurry()
}

// leave has the fences of former masters taken off when they are demoted: until then they would acknowledge writes that are
// thrown away. One that is found on the new master has been left by somebody.
func (s *stepper) leave(former string) {
	m := &s.m
	for i := range m.fences {
		if f := &m.fences[i]; !f.left && !m.isMaster(f.addr) && !m.cfg.bugs.fenceLeft {
			f.number, f.left = s.number(), true
			s.act(Action{Kind: ActUnfence, Addr: f.addr, Next: m.master, Number: f.number})
		}
	}
	if m.cfg.Fence && former != "" && !m.isMaster(former) && m.claimed(m.master) == stageNone {
		s.act(Action{Kind: ActLift, Addr: m.master, Number: s.number()})
	}
}

// learnShut: the master has answered NOREPLICAS. In a hold that says nothing new: whatever is told ends with a release, after
// which the command is sent again.
func (s *stepper) learnShut() {
	if s.m.state == Serving && s.m.shut == shutNot {
		s.m.shut = shutAsked
		s.arm(TimerFence, s.m.cfg.FenceLimit)
	}
}

// inspect asks whether the master is fenced, as often as it is time to.
func (s *stepper) inspect() {
	m := &s.m
	if m.shut == shutNot || m.check != 0 || m.shut == shutFenced && !s.fired(TimerCheck) {
		return
	}
	m.check = s.number()
	s.act(Action{Kind: ActCheck, Addr: m.master, Number: m.check})
}

func (s *stepper) learnChecked(c Checked) bool {
	m := &s.m
	if c.Number == 0 || c.Number != m.check {
		return false
	}
	m.check = 0
	switch {
	case c.Fenced && !m.stubborn && !m.cfg.bugs.deafFence, c.Err != nil && m.shut == shutFenced:
		m.shut = shutFenced
		s.arm(TimerCheck, m.cfg.FenceEvery)
	case m.shut == shutAsked:
		s.act(Action{Kind: ActGenuine, Term: m.term})
		m.stubborn = m.stubborn && c.Fenced
		s.open()
	default:
		s.open()
	}
	return true
}

// outlived: whoever has fenced the master has died, or hangs.
func (s *stepper) outlived() {
	if s.m.claimed(s.m.master) == stageNone {
		s.note("the fence of %s has been there for %v without a switch", s.m.master, s.m.cfg.FenceLimit)
	}
	s.suspect(s.m.master)
}

// open: that the master refuses writes is no reason to hold any more.
func (s *stepper) open() {
	s.m.shut, s.m.check = shutNot, 0
	s.disarm(TimerCheck)
	s.disarm(TimerFence)
}
