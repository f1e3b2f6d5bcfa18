package failover

import "slices"

// verdict is an address that may be adopted as soon as its ROLE is master.
type verdict struct {
	addr   string
	epoch  uint64
	basis  Basis
	follow string // BasisFollowed: whose failover
}

// need is how many Sentinels are more than half of those known. One that is down, or has no opinion, counts here.
func (m *Machine) need() int {
	if m.cfg.bugs.minority {
		return 1
	}
	return len(m.views)/2 + 1
}

// counts: the Sentinel answers, and its opinion is not below the floor.
func (m *Machine) counts(v *view) bool {
	return v.up && v.master != "" && (v.epoch >= m.epoch || m.cfg.bugs.anyEpoch)
}

// leading is the address that more than half of the known Sentinels name, with the highest epoch that as many of
// them vouch for: one Sentinel alone can't raise it. "" when there is none.
func (m *Machine) leading() (string, uint64) {
	for i := range m.views {
		addr := m.views[i].master
		var epochs []uint64
		for j := range m.views {
			if v := &m.views[j]; m.counts(v) && v.fresh && m.same(v.master, addr) {
				epochs = append(epochs, v.epoch)
			}
		}
		if need := m.need(); len(epochs) >= need {
			slices.Sort(epochs)
			return addr, epochs[len(epochs)-need]
		}
	}
	return "", 0
}

// undisputed: so few Sentinels have an opinion that no majority can be had, and none names another master at a
// higher epoch. Then the present master goes on being it, for as long as the grace lasts: Sentinels that are restarted must not stop the service.
func (m *Machine) undisputed() bool {
	if m.term == 0 || m.minority && !m.cfg.bugs.careless {
		return false
	}
	n := 0
	for i := range m.views {
		v := &m.views[i]
		if !m.counts(v) {
			continue
		}
		n++
		if v.epoch > m.epoch && !m.isMaster(v.master) {
			return false
		}
	}
	return n < m.need()
}

// eligible lists what may be adopted now. An address that an active claim says is being replaced is not among them: its
// majority is about to be out of date.
func (m *Machine) eligible() []verdict {
	var list []verdict
	lead, epoch := m.leading()
	switch {
	case lead != "" && m.fewNamers(lead):
	case lead != "" && m.claimed(lead) == stageNone:
		list = append(list, verdict{addr: lead, epoch: epoch, basis: BasisMajority})
	case lead == "" && m.undisputed() && m.claimed(m.master) == stageNone:
		list = append(list, verdict{addr: m.master, epoch: m.epoch, basis: BasisUndisputed})
	}
	if lead != "" && !m.isMaster(lead) {
		// A majority that is past this switch already knows better than the Sentinel that runs it.
		return list
	}
	for i := range m.views {
		if v := &m.views[i]; m.followed(&v.claim) {
			// Its config-epoch is not published before the promotion is acknowledged; it is above the present one.
			list = append(list, verdict{addr: v.claim.candidate, epoch: m.epoch + 1, basis: BasisFollowed, follow: v.addr})
		}
	}
	return list
}

// followed tells whether the claim's candidate may be adopted without waiting for a majority to name it: the
// failover is of the present master, was seen from its announcement (or the master is lost anyway), and the candidate was seen as a
// replica since it was named. So a former master that calls itself one can't be brought back by one Sentinel.
func (m *Machine) followed(c *claim) bool {
	if m.cfg.bugs.anyWord {
		return c.candidate != ""
	}
	return m.term > 0 && c.candidate != "" && m.same(c.master, m.master) && !m.isMaster(c.candidate) &&
		(c.announced || m.hold.masterLost) && c.replica
}

// targets lists the addresses worth a ROLE probe in a hold.
func (m *Machine) targets() []string {
	var list []string
	add := func(addr string) {
		if addr != "" && !slices.ContainsFunc(list, func(a string) bool { return m.same(a, addr) }) {
			list = append(list, addr)
		}
	}
	for i := range m.views {
		if c := &m.views[i].claim; c.stage >= stageSelected && m.same(c.master, m.master) && !m.isMaster(c.candidate) {
			add(c.candidate)
		}
	}
	for _, v := range m.eligible() {
		add(v.addr)
	}
	if lead, _ := m.leading(); lead == "" && m.claimed(m.master) == stageNone {
		add(m.master) // it may become eligible, and whether it answers says if it is lost
	}
	return list
}

// unmet says what is missing for a release.
func (m *Machine) unmet() RefuseReason {
	if m.state == Restoring {
		return RefuseNotRestored
	}
	up, named, denied := 0, 0, 0
	for i := range m.views {
		if v := &m.views[i]; v.up {
			up++
			if v.master != "" {
				named++
			}
		} else if v.denied {
			denied++
		}
	}
	lead, _ := m.leading()
	switch {
	case up == 0 && denied > 0:
		return RefuseSentinelsDeny
	case up == 0:
		return RefuseSentinelsUnreachable
	case named == 0:
		return RefuseGroupUnknown
	case m.hasActive():
		return RefuseFailoverPending
	case lead == "" && !m.undisputed(), lead != "" && m.fewNamers(lead):
		return RefuseNoMajority
	}
	for _, v := range m.eligible() {
		switch m.outcomeOf(v.addr) {
		case outcomeNone, outcomeFailed:
		case outcomeDenied:
			return RefuseRoleDenied
		default:
			return RefuseNotMaster
		}
	}
	return RefuseMasterUnreachable
}
