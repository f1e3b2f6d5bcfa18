package failover

import (
	"fmt"
	"iter"
	"slices"
	"sort"

	"sentinelproxy/proxy/topology"
)

// oracle checks the invariants of doc.go from the raw inputs and actions alone. It is a value, so that the exploration
// can copy it at every branch. Nodes are named A to H and Sentinels s1 to s8 in all tests.
type oracle struct {
	said   [8]said
	master int8 // last adopted; -1: none
	term   uint64
	epoch  uint64 // of the last Adopt
	raised uint64 // that a majority has vouched for since, for the same master
	sure   uint64 // of the last Adopt by a majority
	fell   bool   // an advance of the epoch has been taken back since the last Adopt
	follow int8   // Sentinel whose failover the last Adopt followed; -1: another basis
	gate   gate
	// outstanding[node] is the number of its probe, if it was sent in this hold.
	outstanding [8]uint64
	restored    bool // Restored(term) has come
	broken      bool // LinkLost, Rejected, role changed or Refuse since Adopt: needs another Adopt
	lost        bool // the master did not answer or lost a link in this hold
	ordered     bool // an operator wants writes to be held
	fences      fencesSeen
	cut         bool // fewer than a majority have been in reach for the grace
}

// said is what a Sentinel has said.
type said struct {
	known, named bool
	heard        bool // has answered since it is up
	running      bool // its last opinion had the flag failover_in_progress
	node         int8
	epoch        uint64
	claims       [3]claimed // by the master that they are about
}

type claimed struct {
	stage, dismissed   stage
	candidate          int8
	announced, replica bool
	candidateEverNamed bool
}

// forget drops the claim, but for what it was dismissed for.
func (c *claimed) forget() { *c = claimed{dismissed: c.dismissed} }

func newOracle(m *Machine) oracle {
	o := oracle{master: -1, follow: -1, gate: gateAll, broken: true}
	for _, v := range m.views {
		o.said[sentinel(v.addr)].known = true
	}
	return o
}

func node(name string) int8 {
	if name == "" {
		return -1
	}
	return int8(name[0] - 'A')
}

func sentinel(name string) int { return int(name[1] - '1') }

// step checks one step of the machine.
func (o *oracle) step(before, after *Machine, in Input, acts []Action) error {
	probed := o.hear(before, in)
	for _, a := range acts {
		if err := o.order(a, probed); err != nil {
			return err
		}
	}
	if serving := after.state == Serving; serving != (o.gate == gateOpen) {
		return fmt.Errorf("I6: %v while the gate is %d", after.state, o.gate)
	}
	if o.cut && o.gate == gateOpen {
		return fmt.Errorf("I13: writes pass although most Sentinels have been out of reach for the grace")
	}
	if err := o.afterwards(after, probed); err != nil {
		return err
	}
	if o.late(before, in) && (len(acts) > 0 || string(key(before, nil)) != string(key(after, nil))) {
		return fmt.Errorf("I8: a late input changed something")
	}
	return nil
}

func (o *oracle) late(before *Machine, in Input) bool {
	switch in := in.(type) {
	case LaneSaid:
		return in.Term != before.term
	case Probed:
		return before.outstanding(in.Addr) != in.Number
	case Checked:
		return before.check != in.Number
	}
	return false
}

// hear takes in the input; the result is the node that this very input verified, or -1.
func (o *oracle) hear(before *Machine, in Input) int8 {
	switch in := in.(type) {
	case SentinelSaid:
		o.listen(in.Event)
	case LaneSaid:
		if in.Term != o.term {
			break
		}
		switch in.Kind {
		case LinkLost:
			o.broken, o.lost = true, true
		case Rejected:
			o.broken = true
		case NoReplicas:
			o.fences.refused(before.state == Serving)
		case Restored:
			o.restored = true
		}
	case Ordered:
		o.ordered = in.For > 0 && (o.ordered || before.state == Serving || before.state == Draining)
	case Lifted:
		o.fences.lifted(in, o.master)
	case Checked:
		o.fences.checked(in)
	case Probed:
		return o.answer(in)
	case Fired:
		switch in.Timer {
		case TimerClaim:
			for i := range o.said {
				for j := range o.said[i].claims {
					if c := &o.said[i].claims[j]; c.stage < stageSelected || !o.said[i].running {
						c.dismissed = max(c.dismissed, c.stage)
					}
				}
			}
		case TimerTrust:
			for c := range o.claims() {
				if c.stage > c.dismissed {
					c.dismissed = 0
				} else {
					*c = claimed{}
				}
			}
		case TimerConfirm:
			o.fell = true
		case TimerOrder:
			o.ordered = false
			o.fences.suspect(o.master)
		case TimerLift:
			o.fences.notLifted(o.master)
		case TimerFence:
			o.fences.suspect(o.master)
		case TimerMinority:
			o.cut = true
		}
	}
	return -1
}

func (o *oracle) answer(in Probed) int8 {
	n := node(in.Addr)
	if in.Number == 0 || o.outstanding[n] != in.Number {
		return -1
	}
	o.outstanding[n] = 0
	switch classify(in) {
	case outcomeMaster:
		return n
	case outcomeReplica:
		for c := range o.claims() {
			c.replica = c.replica || c.candidateEverNamed && c.candidate == n
		}
		o.broken = o.broken || n == o.master
	case outcomeLoading:
		o.broken, o.lost = o.broken || n == o.master, o.lost || n == o.master
	case outcomeFailed:
		o.lost = o.lost || n == o.master
	}
	return -1
}

func (o *oracle) listen(e topology.Event) {
	s := &o.said[sentinel(e.Sentinel)]
	if e.Kind == topology.SentinelGone {
		*s = said{}
		o.reach()
		return
	}
	s.known = true
	s.heard = e.Kind != topology.SentinelDown && (s.heard || e.Kind == topology.Opinion || e.Kind == topology.NoOpinion)
	o.reach()
	about := &claimed{} // nobody
	if n := node(e.Master); n >= 0 {
		about = &s.claims[n]
	}
	switch e.Kind {
	case topology.SentinelDown, topology.NoOpinion:
		s.named, s.running = false, false
	case topology.Opinion:
		s.named, s.node, s.epoch = e.Master != "", node(e.Master), e.Epoch
		if o.justified(o.master, e.Epoch, BasisMajority, o.epoch) == nil {
			o.raised = max(o.raised, e.Epoch)
		}
		if e.Flags != "" && !s.running && about.stage == stageNone {
			about.stage, about.announced = stageAnnounced, true
		}
		s.running = e.Flags != ""
	case topology.TryFailover:
		about.forget()
		about.stage, about.announced = stageAnnounced, true
		o.others(s, node(e.Master))
	case topology.FailoverState, topology.SelectedReplica, topology.PromotedReplica, topology.SwitchMaster, topology.FailoverEnd:
		if e.Master != "" && node(e.Node) != o.master && (e.Node != "" || o.master < 0 || node(e.Master) == o.master || about.stage > 0) {
			about.further(e)
			o.others(s, node(e.Master))
		}
	case topology.FailoverAbort:
		about.forget()
		o.fell = o.fell || o.follow == int8(sentinel(e.Sentinel))
	case topology.Other:
		for i := range s.claims {
			c := &s.claims[i]
			if e.Text == "+tilt" {
				c.dismissed = c.stage
			} else if e.Text == "-tilt" && c.stage <= c.dismissed {
				*c = claimed{}
			}
		}
	}
}

// reach: a majority in reach ends being cut off.
func (o *oracle) reach() {
	known, heard := 0, 0
	for _, s := range o.said {
		if s.known {
			known++
		}
		if s.heard {
			heard++
		}
	}
	o.cut = o.cut && heard <= known/2
}

// others: a Sentinel runs one failover at a time, so beside one of the master only its latest counts.
func (o *oracle) others(s *said, n int8) {
	for i := range s.claims {
		if m := int8(i); o.master >= 0 && n != o.master && m != o.master && m != n {
			s.claims[i] = claimed{}
		}
	}
}

// further is a message of the claimed failover.
func (c *claimed) further(e topology.Event) {
	c.stage = max(c.stage, stageOf(e))
	c.announced = c.announced || stageOf(e) == stageAnnounced
	if e.Node != "" && (!c.candidateEverNamed || c.candidate != node(e.Node)) {
		c.candidate, c.candidateEverNamed, c.replica = node(e.Node), true, false
	}
}

func (o *oracle) claims() iter.Seq[*claimed] {
	return func(yield func(*claimed) bool) {
		for i := range o.said {
			for j := range o.said[i].claims {
				if !yield(&o.said[i].claims[j]) {
					return
				}
			}
		}
	}
}

// order checks an action. verified is the node whose ROLE the input has just shown to be master.
func (o *oracle) order(a Action, verified int8) error {
	switch a.Kind {
	case ActEnter:
		if !allowed[a.From][a.To] {
			return fmt.Errorf("I9: %v", a)
		}
	case ActHoldWrites, ActHoldAll:
		if o.gate == gateOpen {
			o.outstanding = [8]uint64{}
		}
		o.gate = max(o.gate, gateWrites)
		if a.Kind == ActHoldAll {
			o.gate = max(o.gate, gateAll)
		}
	case ActRefuse:
		o.gate, o.broken = gateRefused, true
		o.fences.open()
	case ActRefuseWrites:
		if o.gate != gateWrites || !o.cut || o.furthest() > stageNone {
			return fmt.Errorf("I19: %v, cut off %v, the gate is %d", a, o.cut, o.gate)
		}
		o.gate = gateReads
	case ActProbe:
		o.outstanding[node(a.Addr)] = a.Number
	case ActAdopt:
		err := o.adopt(a, verified)
		o.ordered = false
		return err
	case ActRelease:
		if o.ordered && o.gate < gateAll {
			return fmt.Errorf("I12: writes are let go against an order")
		}
		o.ordered = false
		return o.release(a, verified)
	case ActFence:
		return o.fence(a)
	case ActLift, ActUnfence:
		return o.fences.lift(a, o.master)
	case ActCheck:
		o.fences.check = a.Number
	case ActSeal:
		return o.seal(a, verified)
	}
	return nil
}

func (o *oracle) adopt(a Action, verified int8) error {
	n := node(a.Addr)
	floor := o.epoch
	if o.fell {
		floor = o.sure
	}
	switch {
	case o.gate < gateAll:
		return fmt.Errorf("I1: %v while the gate is %d", a, o.gate)
	case a.Term != o.term+1:
		return fmt.Errorf("I3: %v after term %d", a, o.term)
	case a.Epoch < floor:
		return fmt.Errorf("I3: %v below epoch %d", a, floor)
	case verified != n:
		return fmt.Errorf("I4: %v was not verified", a)
	case o.fences.on[n]:
		return fmt.Errorf("I15: %v, which may be fenced", a)
	}
	err := o.justified(n, a.Epoch, a.Basis, o.epoch)
	if err != nil && o.raised > o.epoch {
		err = o.justified(n, a.Epoch, a.Basis, o.raised)
	}
	if err != nil && o.fell {
		err = o.justified(n, a.Epoch, a.Basis, floor)
	}
	if err != nil {
		return err
	}
	follow := int8(-1)
	if a.Basis == BasisFollowed {
		follow = int8(slices.IndexFunc(o.said[:], func(s said) bool { return o.followed(&s, n) }))
	}
	for i := range o.said {
		for j := range o.said[i].claims {
			if c := &o.said[i].claims[j]; int8(j) != n || c.candidateEverNamed && c.candidate == n {
				*c = claimed{}
			}
		}
	}
	o.follow = follow
	o.fences.adopted(o.master, n, o.ordered)
	o.master, o.term, o.epoch, o.fell = n, a.Term, a.Epoch, false
	if a.Basis == BasisMajority {
		o.sure = a.Epoch
	}
	o.cut = o.cut && a.Basis == BasisUndisputed
	o.restored, o.broken, o.lost, o.raised = false, false, false, 0
	return nil
}

// justified recomputes I5.
func (o *oracle) justified(n int8, epoch uint64, b Basis, floor uint64) error {
	known, opinions := 0, 0
	var namers []uint64
	above := false
	for _, s := range o.said {
		if !s.known {
			continue
		}
		known++
		if !s.named || s.epoch < floor {
			continue
		}
		opinions++
		if s.node == n {
			namers = append(namers, s.epoch)
		} else if s.epoch > epoch {
			above = true
		}
	}
	sort.Slice(namers, func(i, j int) bool { return namers[i] > namers[j] })
	need := known/2 + 1
	switch b {
	case BasisMajority:
		if len(namers) >= need && namers[need-1] >= epoch {
			return nil
		}
	case BasisUndisputed:
		if n == o.master && !above && opinions < need {
			return nil
		}
	case BasisFollowed:
		if slices.ContainsFunc(o.said[:], func(s said) bool { return o.followed(&s, n) }) {
			return nil
		}
	}
	return fmt.Errorf("I5: %c at epoch %d by %v is not justified", 'A'+n, epoch, b)
}

func (o *oracle) followed(s *said, n int8) bool {
	if o.master < 0 {
		return false
	}
	c := &s.claims[o.master]
	return c.candidateEverNamed && c.candidate == n && c.replica && (c.announced || o.lost)
}

func (o *oracle) release(a Action, verified int8) error {
	defer func() { o.gate, o.lost = gateOpen, false; o.fences.open() }()
	switch {
	case o.fences.on[o.master]:
		return fmt.Errorf("I15: %v to a master that may be fenced", a)
	case o.fences.shut == shutFenced && o.gate == gateWrites:
		return fmt.Errorf("I18: %v to a master that somebody has fenced", a)
	case a.Term != o.term || !o.restored:
		return fmt.Errorf("I2: %v in term %d, restored %v", a, o.term, o.restored)
	case o.broken && o.gate == gateRefused:
		return fmt.Errorf("I7: %v without another adoption", a)
	case o.broken:
		return fmt.Errorf("I2: %v in place though links were lost", a)
	case o.gate == gateOpen:
		return fmt.Errorf("I6: %v with nothing held", a)
	}
	for _, s := range o.said {
		if c := s.claims[o.master]; c.stage > c.dismissed {
			return fmt.Errorf("I11: %v while a failover of the master is claimed", a)
		}
	}
	return nil
}
