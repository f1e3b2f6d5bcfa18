package failover

import (
	"slices"
	"strings"
	"time"
)

// view is what one known Sentinel says.
type view struct {
	addr string
	up   bool // it answers
	// heard: it has said what it knows since it is up.
	heard bool
	// denied: it is not up because it does not let us in. For what is told only; nothing is decided by it.
	denied bool
	fresh  bool // its opinion is not older than the last claim that was withdrawn or dismissed
	tilt   bool // it said +tilt: it still knows the configuration, but does not act on it

	master string // its answer to SENTINEL MASTER; "" when it has none
	epoch  uint64
	flags  string
	known  int // Sentinels it knows, itself included
	text   string
	at     time.Time

	claim  claim // about the present master
	onward claim // about one that may be the next: a second failover before the first has been followed
}

func (v *view) claims() [2]*claim { return [2]*claim{&v.claim, &v.onward} }

// inProgress: its answer says that it runs a failover itself (the flag is not set by those who only watch).
func (v *view) inProgress() bool { return strings.Contains(v.flags, "failover_in_progress") }

// view returns the Sentinel's view, made when it is new.
func (m *Machine) view(addr string) *view {
	i, found := slices.BinarySearchFunc(m.views, addr, func(v view, a string) int { return strings.Compare(v.addr, a) })
	if !found {
		m.views = slices.Insert(m.views, i, view{addr: addr})
	}
	return &m.views[i]
}

// forget drops a Sentinel. The majority is counted without it from now on.
func (m *Machine) forget(addr string) {
	m.views = slices.DeleteFunc(m.views, func(v view) bool { return v.addr == addr })
}

// stage is how far a claimed failover has got.
type stage uint8

const (
	stageNone      stage = iota
	stageAnnounced       // +try-failover, +elected-leader, +failover-state-select-slave
	stageSelected        // +selected-slave, +failover-state-send-slaveof-noone
	stagePromoting       // +failover-state-wait-promotion: SLAVEOF NO ONE has been sent
	stagePromoted        // +promoted-slave, +failover-state-reconf-slaves
	stageSwitched        // +switch-master, +failover-end
)

// claim is a failover that one Sentinel says is going on. It is only a claim: the Sentinel may lie, be cut off from the
// others, or not win the election.
type claim struct {
	stage     stage
	dismissed stage // without progress up to here for too long: not believed until it gets further
	master    string
	candidate string
	announced bool // seen from its announcement on
	replica   bool // the candidate has answered ROLE slave since it was named, so that its turning master means something
}

// active: it speaks against its master.
func (c *claim) active() bool { return c.stage > c.dismissed }

// forget ends the claim, but not what it was dismissed for.
func (c *claim) forget() { *c = claim{master: c.master, dismissed: c.dismissed} }

// claimed is how far the furthest active claim about addr has got.
func (m *Machine) claimed(addr string) stage {
	far := stageNone
	for i := range m.views {
		for _, c := range m.views[i].claims() {
			if c.active() && m.same(c.master, addr) {
				far = max(far, c.stage)
			}
		}
	}
	return far
}

// hasActive tells whether any claim is active.
func (m *Machine) hasActive() bool {
	return slices.ContainsFunc(m.views, func(v view) bool { return v.claim.active() || v.onward.active() })
}
