package failover

import "slices"

// seal has the lanes pass no more replies of the master on, once another node may be taking writes: what is acknowledged by the
// former one from then on is lost when it is demoted. Not earlier: in a planned failover what is in flight is answered some
// ms after the announcement, on a slow machine later.
func (s *stepper) seal() {
	m := &s.m
	if m.gate != gateAll || m.hold.sealed || m.state == Restoring || m.cfg.bugs.noSeal || !s.replaced() {
		return
	}
	m.hold.sealed = true
	s.act(Action{Kind: ActSeal, Term: m.term})
}

// replaced tells whether another node may be a master by now.
func (s *stepper) replaced() bool {
	m := &s.m
	if m.term == 0 {
		return false
	}
	far := m.claimed(m.master)
	if far >= stagePromoting || m.cfg.bugs.sealEarly && far >= stageSelected {
		return true
	}
	if lead, _ := m.leading(); lead != "" && !m.isMaster(lead) {
		return true
	}
	p := s.news.probe
	return p != nil && p.outcome == outcomeMaster && slices.ContainsFunc(m.candidates(), func(addr string) bool { return m.same(addr, p.addr) })
}
