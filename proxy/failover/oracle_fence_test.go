package failover

import "fmt"

// fencesSeen is the part of the oracle that is about fences and seals.
type fencesSeen struct {
	on       [8]bool   // a node may carry a fence that the machine has to see off
	lifts    [8]uint64 // number of the ActLift that is not answered
	leaves   [8]uint64 // the same of ActUnfence
	shut     shut
	check    uint64 // number of the ActCheck that is not answered
	stubborn bool   // the master's fence could not be lifted
	sealed   bool
}

func (f *fencesSeen) key(b []byte) []byte {
	b = append(b, byte(f.shut), bits(f.stubborn, f.sealed, f.check != 0))
	for n := range f.on {
		b = append(b, bits(f.on[n], f.lifts[n] != 0, f.leaves[n] != 0))
	}
	return b
}

func (f *fencesSeen) suspect(n int8) {
	f.on[n] = true
	f.shut, f.check = shutNot, 0
}

// open: a hold has ended.
func (f *fencesSeen) open() { f.shut, f.check, f.sealed = shutNot, 0, false }

func (f *fencesSeen) refused(serving bool) {
	if serving && f.shut == shutNot {
		f.shut = shutAsked
	}
}

func (f *fencesSeen) checked(in Checked) {
	if in.Number == 0 || in.Number != f.check {
		return
	}
	f.check = 0
	switch {
	case in.Fenced && !f.stubborn, in.Err != nil && f.shut == shutFenced:
		f.shut = shutFenced
	default:
		f.stubborn = f.stubborn && in.Fenced
		f.shut = shutNot
	}
}

func (f *fencesSeen) lifted(in Lifted, master int8) {
	for n := range f.on {
		if in.Number != 0 && (f.lifts[n] == in.Number || f.leaves[n] == in.Number) {
			f.off(int8(n))
			if int8(n) == master {
				f.stubborn = in.Err != nil
			}
		}
	}
	f.stubborn = f.stubborn && !(in.Err == nil && node(in.Addr) == master) // whenever it comes
}

func (f *fencesSeen) off(n int8) { f.on[n], f.lifts[n], f.leaves[n] = false, 0, 0 }

// notLifted: TimerLift.
func (f *fencesSeen) notLifted(master int8) {
	for n := range f.on {
		if f.lifts[n] != 0 {
			f.off(int8(n))
			f.stubborn = f.stubborn || int8(n) == master
		}
	}
}

func (f *fencesSeen) lift(a Action, master int8) error {
	n := node(a.Addr)
	switch {
	case a.Kind == ActUnfence && n == master:
		return fmt.Errorf("I16: %v, which is the master", a)
	case a.Kind == ActUnfence:
		f.leaves[n], f.lifts[n] = a.Number, 0
	case f.on[n]:
		f.leaves[n], f.lifts[n] = 0, a.Number
	case n != master:
		return fmt.Errorf("I16: %v, which was never fenced", a)
	}
	return nil
}

func (f *fencesSeen) adopted(former, n int8, ordered bool) {
	if former >= 0 && former != n && ordered {
		f.on[former] = true
	}
	f.stubborn = f.stubborn && former == n
	f.open()
}

// fence checks I14.
func (o *oracle) fence(a Action) error {
	n := node(a.Addr)
	switch {
	case n != o.master:
		return fmt.Errorf("I14: %v, which is not the master", a)
	case o.gate == gateOpen, o.gate == gateRefused:
		return fmt.Errorf("I14: %v while the gate is %d", a, o.gate)
	case o.ordered, o.lost:
		return fmt.Errorf("I14: %v, ordered %v, lost %v", a, o.ordered, o.lost)
	case o.furthest() < stageAnnounced:
		return fmt.Errorf("I14: %v, of which no failover is announced", a)
	}
	o.fences.suspect(n)
	return nil
}

// furthest is how far the believed claims about the master have got.
func (o *oracle) furthest() (far stage) {
	if o.master < 0 {
		return stageNone
	}
	for i := range o.said {
		if c := &o.said[i].claims[o.master]; c.stage > c.dismissed {
			far = max(far, c.stage)
		}
	}
	return far
}

// promoted: a claim is so far, or a candidate, verified, has just answered that it is a master.
func (o *oracle) promoted(verified int8) bool {
	if o.furthest() >= stagePromoting {
		return true
	}
	if o.master >= 0 && verified >= 0 && verified != o.master {
		for i := range o.said {
			c := &o.said[i].claims[o.master]
			if c.stage > c.dismissed && c.candidateEverNamed && c.candidate == verified {
				return true
			}
		}
	}
	return false
}

// anotherLeads: a majority names another, though what it says may be from before the promotion.
func (o *oracle) anotherLeads() bool {
	known, votes := 0, [8]int{}
	for _, s := range o.said {
		if s.known {
			known++
		}
		if s.known && s.named {
			votes[s.node]++
		}
	}
	for n, v := range votes {
		if v > known/2 && int8(n) != o.master {
			return true
		}
	}
	return false
}

func (o *oracle) seal(a Action, verified int8) error {
	switch {
	case a.Term != o.term || o.gate != gateAll:
		return fmt.Errorf("I17: %v in term %d while the gate is %d", a, o.term, o.gate)
	case !o.promoted(verified) && !o.anotherLeads():
		return fmt.Errorf("I17: %v too early", a)
	}
	o.fences.sealed = true
	return nil
}

// afterwards checks what must hold at the end of a step.
func (o *oracle) afterwards(after *Machine, verified int8) error {
	f := &o.fences
	if o.gate == gateAll && o.term > 0 && after.state != Restoring && !f.sealed && o.promoted(verified) {
		return fmt.Errorf("I17: not sealed, though another node may be promoted")
	}
	for n := range f.on {
		if f.on[n] && int8(n) != o.master && f.leaves[n] == 0 && f.lifts[n] == 0 {
			return fmt.Errorf("I16: the fence of %c is forgotten", 'A'+n)
		}
	}
	return nil
}
