package failover

import (
	"strings"

	"sentinelproxy/proxy/topology"
)

// learnClaim takes in a message of a failover.
func (s *stepper) learnClaim(v *view, e topology.Event) {
	if s.m.isMaster(e.Node) {
		// The rest of the story of a switch already made: the leader tells its end up to failover-timeout late.
		return
	}
	master := e.Master
	if master == "" {
		// A vote names no master: Sentinels that watch several give it for any of them, and it may be old. Whoever leads a failover of
		// ours announces it.
		s.news.look = true
		s.act(Action{Kind: ActAsk})
		return
	}
	if s.m.term > 0 && !s.m.isMaster(master) {
		// Late, from a Sentinel that is behind, or about a master that we don't know of yet: a majority will tell.
		s.news.look = true
		s.act(Action{Kind: ActAsk})
		if c := s.slot(v, master); e.Node == "" && e.Kind != topology.TryFailover && (c.stage == stageNone || !s.m.same(c.master, master)) {
			return // the end of a switch already made
		}
	}
	if e.Kind == topology.TryFailover {
		// A new attempt, whatever became of the last one; what it was dismissed for stays dismissed.
		s.slot(v, master).forget()
	}
	s.progress(v, stageOf(e), master, e.Node)
	if e.Kind == topology.SwitchMaster {
		s.act(Action{Kind: ActAsk})
	}
}

// slot is where v's claim about master is kept. Before there is a master, the first one comes first.
func (s *stepper) slot(v *view, master string) *claim {
	if s.m.isMaster(master) || s.m.term == 0 && (v.claim.stage == stageNone || s.m.same(v.claim.master, master)) {
		return &v.claim
	}
	return &v.onward
}

// stageOf tells how far the message says the failover is.
func stageOf(e topology.Event) stage {
	switch e.Kind {
	case topology.TryFailover:
		return stageAnnounced
	case topology.SelectedReplica:
		return stageSelected
	case topology.PromotedReplica:
		return stagePromoted
	case topology.SwitchMaster, topology.FailoverEnd:
		return stageSwitched
	}
	for _, s := range stagesByText {
		if strings.HasPrefix(e.Text, s.prefix) {
			return s.stage
		}
	}
	return stageAnnounced
}

// The messages that topology sums up as FailoverState. Names as Redis's sentinel.c publishes them.
var stagesByText = []struct {
	prefix string
	stage  stage
}{
	{"+failover-state-send-slaveof-noone", stageSelected},
	{"+failover-state-wait-promotion", stagePromoting},
	{"+failover-state-reconf-slaves", stagePromoted},
	{"+failover-state-update-config", stagePromoted},
}

// progress records that v's failover of master has got to st, and is about candidate if that is named.
func (s *stepper) progress(v *view, st stage, master, candidate string) {
	c := s.slot(v, master)
	if !s.m.same(c.master, master) {
		*c = claim{master: master}
	}
	if candidate != "" && !s.m.same(c.candidate, candidate) {
		c.candidate, c.replica = candidate, false
	}
	if st == stageAnnounced {
		c.announced = true
	}
	if st <= c.stage {
		return
	}
	c.stage = st
	if !c.active() || s.m.cfg.bugs.noDismiss {
		return
	}
	if s.armed(TimerClaim) {
		if s.m.hold.renewals >= maxRenewals {
			return
		}
		s.m.hold.renewals++
	}
	s.arm(TimerClaim, s.m.cfg.Patience)
}

// abort ends v's claim.
func (s *stepper) abort(v *view, e topology.Event) {
	lifted := false
	for _, c := range v.claims() {
		if s.m.same(c.master, e.Master) {
			lifted = lifted || c.active()
			c.forget()
		}
	}
	if s.armed(TimerConfirm) && s.m.follow == v.addr && !s.m.isMaster(e.Master) {
		s.withdraw("its failover was aborted")
	}
	if lifted {
		s.lifted()
	}
}

// dismiss stops believing the claims of the Sentinels that match, until they get further than they are.
func (s *stepper) dismiss(match func(*view, *claim) bool, why string) {
	n := 0
	for i := range s.m.views {
		v := &s.m.views[i]
		for _, c := range v.claims() {
			if c.active() && match(v, c) {
				c.dismissed = c.stage
				s.note("failover of %s claimed by %s is dismissed: %s", c.master, v.addr, why)
				n++
			}
		}
	}
	if n > 0 {
		s.arm(TimerTrust, s.m.cfg.TrustAfter)
		s.lifted()
	}
}

// stands tells of a claim without progress that it is not to be dismissed: the Sentinel has ordered the promotion, or is about to, and
// answers that its failover goes on. A candidate that hangs is promoted as soon as it goes on, and what the old master takes until then would be
// thrown away. It ends by the Sentinel's abort (after failover-timeout), or when the Sentinel does not answer any more.
func (c *claim) stands(v *view) bool { return c.stage >= stageSelected && v.inProgress() }

// lifted: one claim less. What the Sentinels said while it was believed may be from before the promotion, so they
// are all asked anew before the old master can be gone on with.
func (s *stepper) lifted() {
	if !s.m.hasActive() {
		s.disarm(TimerClaim)
	}
	for i := range s.m.views {
		s.m.views[i].fresh = false
	}
	s.act(Action{Kind: ActAsk})
}

// withdraw takes back the epoch that an adoption by BasisFollowed had set in advance.
func (s *stepper) withdraw(why string) {
	s.disarm(TimerConfirm)
	if s.m.epoch == s.m.confirmed {
		return
	}
	s.note("the switch to %s is in doubt: %s", s.m.master, why)
	s.m.epoch = s.m.confirmed
	s.lifted()
}

// confirm moves the floor to where the verdict is.
func (s *stepper) confirm(v verdict) {
	switch v.basis {
	case BasisMajority:
		s.m.epoch, s.m.confirmed = v.epoch, v.epoch
		s.disarm(TimerConfirm)
	case BasisFollowed:
		s.m.epoch = v.epoch
		s.arm(TimerConfirm, s.m.cfg.Confirm)
	}
}

// dropClaims forgets, after an adoption, all claims but those about the new master.
func (s *stepper) dropClaims() {
	for i := range s.m.views {
		v := &s.m.views[i]
		if !s.m.isMaster(v.claim.master) {
			v.claim = v.onward
		}
		v.onward = claim{}
		if !s.m.isMaster(v.claim.master) || s.m.isMaster(v.claim.candidate) {
			v.claim = claim{}
		}
	}
	if !s.m.hasActive() {
		s.disarm(TimerClaim)
	}
}
