package failover

import (
	"slices"
	"time"
)

// ask sends a ROLE probe to addr, unless one is outstanding.
func (s *stepper) ask(addr string) {
	m := &s.m
	i := slices.IndexFunc(m.probes, func(p probe) bool { return m.same(p.addr, addr) })
	if i < 0 {
		m.probes = append(m.probes, probe{addr: addr})
		i = len(m.probes) - 1
	}
	if m.probes[i].number != 0 {
		return
	}
	m.probes[i].number = s.number()
	s.act(Action{Kind: ActProbe, Addr: addr, Number: m.probes[i].number})
}

// number is one that a result will carry.
func (s *stepper) number() uint64 {
	s.m.numbers++
	return s.m.numbers
}

// aim makes the set of probed addresses that of the targets: new ones are asked at once, those that are none any more
// are dropped (a late answer has no number to match), the others by the timer.
func (s *stepper) aim() {
	m := &s.m
	targets := m.targets()
	m.probes = slices.DeleteFunc(m.probes, func(p probe) bool {
		return !slices.ContainsFunc(targets, func(a string) bool { return m.same(a, p.addr) })
	})
	if s.fired(TimerProbe) {
		s.hurry()
	}
	for _, addr := range targets {
		if slices.ContainsFunc(m.probes, func(p probe) bool { return m.same(p.addr, addr) }) {
			continue
		}
		if m.isMaster(addr) && m.flaps > 0 {
			// Adopted a moment ago, and in trouble again: take more time each round.
			m.probes = append(m.probes, probe{addr: addr})
			s.soon(m.cfg.ProbeEvery << m.flaps)
			continue
		}
		s.ask(addr)
	}
	if s.news.probe != nil && len(m.probes) > 0 {
		s.soon(s.pace())
	}
}

// hurry asks all targets that are not being asked already.
func (s *stepper) hurry() {
	for _, p := range slices.Clone(s.m.probes) {
		s.ask(p.addr)
	}
}

// soon lets TimerProbe run out in d at the latest.
func (s *stepper) soon(d time.Duration) {
	if at := s.now.Add(d); !s.armed(TimerProbe) || at.Before(s.m.deadline[TimerProbe]) {
		s.m.deadline[TimerProbe] = at
	}
}

// pace is short as long as an answer may end the hold. Where all that answer don't let us in, only somebody who changes a
// configuration can end it, and a hundred attempts a second fill the nodes' logs (ACL LOG).
func (s *stepper) pace() time.Duration {
	pace := s.m.cfg.CheckEvery
	for _, p := range s.m.probes {
		switch {
		case p.outcome == outcomeDenied:
		case !s.m.isMaster(p.addr):
			return s.m.cfg.ProbeEvery
		default:
			pace = s.m.cfg.RetryEvery
		}
	}
	return pace
}

// outstanding is the number of the probe of addr that is not answered yet, 0 if there is none.
func (m *Machine) outstanding(addr string) uint64 {
	for _, p := range m.probes {
		if m.same(p.addr, addr) {
			return p.number
		}
	}
	return 0
}

func (m *Machine) outcomeOf(addr string) outcome {
	for _, p := range m.probes {
		if m.same(p.addr, addr) {
			return p.outcome
		}
	}
	return outcomeNone
}
