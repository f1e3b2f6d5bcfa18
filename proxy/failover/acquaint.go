package failover

import "slices"

// At the start only the configured Sentinels are known. One of them alone would be a majority until those that it names are
// discovered, whatever it has missed on its side of a partition.

// fewNamers: addr is named by fewer Sentinels than make a majority of all that they know of, by their own count. That counts those which are
// gone for good, too, so it is not waited for longer than Config.Acquaint; and after the first adoption the known ones are what counts.
func (m *Machine) fewNamers(addr string) bool {
	if m.term > 0 || m.acquainted || m.cfg.bugs.minority {
		return false
	}
	var known []int
	for i := range m.views {
		if v := &m.views[i]; m.counts(v) && v.fresh && m.same(v.master, addr) {
			known = append(known, v.known)
		}
	}
	if len(known) == 0 {
		return false
	}
	slices.Sort(known)
	return len(known) <= known[(len(known)-1)/2]/2 // the median: one that invents others does not decide
}

// acquaint bounds how long that is waited for.
func (s *stepper) acquaint() {
	if lead, _ := s.m.leading(); lead != "" && s.m.fewNamers(lead) && !s.armed(TimerAcquaint) {
		s.note("fewer Sentinels name %s than a majority of those that they know: waiting for the others for %v", lead, s.m.cfg.Acquaint)
		s.arm(TimerAcquaint, s.m.cfg.Acquaint)
	}
}
