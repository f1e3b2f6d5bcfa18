package failover

// Cut off from most Sentinels, the proxy would not hear of a failover that they carry out on the other side. For a while it
// goes on (Sentinels are restarted, too); then it holds writes, because those that the master still takes may be thrown away. Reads go on, also
// when the hold limit has passed: they may be old, but nothing is lost by them.

// reach keeps account of whether a majority of the known Sentinels can be reached. One counts from the first answer after its
// connection: before that nobody knows what it has seen. What it answers does not matter here.
func (s *stepper) reach() {
	m := &s.m
	if m.term == 0 || m.cfg.MinorityGrace < 0 {
		return
	}
	n := 0
	for i := range m.views {
		if m.views[i].heard {
			n++
		}
	}
	switch {
	case n >= m.need():
		s.disarm(TimerMinority)
		if m.minority {
			m.minority = false
			s.act(Action{Kind: ActAsk})
		}
	case !m.minority && !s.armed(TimerMinority):
		s.arm(TimerMinority, m.cfg.MinorityGrace)
	}
}

// reachAnew: an adoption rests on news of the Sentinels', unless it was merely undisputed. So the grace begins anew.
func (s *stepper) reachAnew(b Basis) {
	if b != BasisUndisputed {
		s.m.minority = false
		s.disarm(TimerMinority)
	}
	s.reach()
}
