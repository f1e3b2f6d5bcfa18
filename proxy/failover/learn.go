package failover

import (
	"slices"
	"strings"
	"time"

	"sentinelproxy/proxy/topology"
)

// learn takes the input into what is known. It reports false for what is late: that must not even be looked at.
func (s *stepper) learn(in Input) bool {
	switch in := in.(type) {
	case SentinelSaid:
		if in.Sentinel == "" {
			return false
		}
		s.learnEvent(in.Event)
		s.reach()
	case LaneSaid:
		return s.learnLane(in.LaneReport)
	case Probed:
		return s.learnProbe(in)
	case Ordered:
		return s.learnOrder(in.For)
	case Lifted:
		return s.learnLifted(in)
	case Checked:
		return s.learnChecked(in)
	case Fired:
		if s.m.deadline[in.Timer].IsZero() {
			return false
		}
		s.disarm(in.Timer)
		s.news.fired, s.news.timer = true, in.Timer
		s.learnTimer(in.Timer)
	}
	return true
}

func (s *stepper) learnLane(r LaneReport) bool {
	if r.Term != s.m.term || s.m.term == 0 {
		return false
	}
	switch r.Kind {
	case PinnedLost:
		s.news.look = true
	case Drained:
		s.drained()
	case Restored:
		s.m.restored = true
	case NoReplicas:
		s.learnShut()
	}
	s.news.lane = r.Kind
	return true
}

func (s *stepper) learnOrder(d time.Duration) bool {
	switch {
	case d <= 0:
		if !s.m.ordered {
			return false
		}
		s.endOrder()
	case s.m.state == Serving, s.m.state == Draining:
		s.m.ordered = true
		s.arm(TimerOrder, d)
		if s.armed(TimerHold) { // it is held already
			s.limitHold()
		}
	default:
		return false
	}
	return true
}

// endOrder: what was ordered is over.
func (s *stepper) endOrder() {
	s.m.ordered = false
	s.disarm(TimerOrder)
}

func (s *stepper) learnProbe(in Probed) bool {
	m := &s.m
	i := slices.IndexFunc(m.probes, func(p probe) bool { return p.number == in.Number && p.addr == in.Addr })
	if i < 0 || in.Number == 0 {
		return false
	}
	p := &m.probes[i]
	p.number, p.outcome, p.text = 0, classify(in), in.Role.Raw
	if in.Err != nil {
		p.text = in.Err.Error()
	}
	if p.outcome == outcomeReplica {
		for j := range m.views {
			for _, c := range m.views[j].claims() {
				c.replica = c.replica || m.same(c.candidate, p.addr)
			}
		}
	}
	got := *p
	s.news.probe = &got
	return true
}

func (s *stepper) learnTimer(t Timer) {
	switch t {
	case TimerClaim:
		s.dismiss(func(v *view, c *claim) bool { return !c.stands(v) || s.m.cfg.bugs.impatient }, "no progress")
		if s.m.hasActive() {
			s.arm(TimerClaim, s.m.cfg.Patience)
		}
	case TimerTrust:
		for i := range s.m.views {
			// Those that are active again have got further, and keep their patience.
			for _, c := range s.m.views[i].claims() {
				if c.active() {
					c.dismissed = stageNone
				} else {
					*c = claim{}
				}
			}
		}
	case TimerOrder:
		if s.m.claimed(s.m.master) == stageNone {
			s.note("the order to hold has come to its end without a switch")
		}
		s.suspect(s.m.master)
		s.endOrder()
	case TimerLift:
		s.liftFailed()
	case TimerFence:
		s.outlived()
	case TimerDrain:
		s.m.hold.overdue = true
		s.hurry()
	case TimerAcquaint:
		s.m.acquainted = true
	case TimerMinority:
		s.m.minority = true
	case TimerConfirm:
		s.withdraw("not confirmed by a majority in time")
	}
}

// learnEvent takes in what a Sentinel said, or what is known of it.
func (s *stepper) learnEvent(e topology.Event) {
	if e.Kind == topology.SentinelGone {
		v := s.m.view(e.Sentinel)
		claimed := v.claim.active() || v.onward.active()
		s.m.forget(e.Sentinel)
		if claimed { // it may go on under another address
			s.lifted()
		}
		return
	}
	v := s.m.view(e.Sentinel)
	v.at = e.Time
	v.up, v.denied = e.Kind != topology.SentinelDown, e.Denied
	v.heard = e.Kind != topology.SentinelDown && (v.heard || e.Kind == topology.Opinion || e.Kind == topology.NoOpinion)
	switch e.Kind {
	case topology.SentinelDown, topology.NoOpinion:
		v.master, v.epoch, v.flags, v.text = "", 0, "", e.Text
	case topology.Opinion:
		s.learnOpinion(v, e)
	case topology.TryFailover, topology.FailoverState, topology.SelectedReplica, topology.PromotedReplica,
		topology.SwitchMaster, topology.FailoverEnd:
		s.learnClaim(v, e)
	case topology.FailoverAbort:
		s.abort(v, e)
	case topology.SubjectivelyDown, topology.ObjectivelyDown, topology.ConvertToReplica:
		// Only an opinion yet; but if it is about the master, look for ourselves.
		s.news.look = s.m.isMaster(e.Node)
	case topology.Other:
		s.learnTilt(v, e.Text)
	}
}

func (s *stepper) learnOpinion(v *view, e topology.Event) {
	before, running := v.master, v.inProgress()
	v.fresh, v.master, v.epoch, v.flags, v.known, v.text = true, e.Master, e.Epoch, e.Flags, e.Known, ""
	if before != e.Master && s.m.term > 0 && !s.m.isMaster(e.Master) {
		// One Sentinel alone may be wrong, or the first to know. The others and the master itself will tell.
		s.news.look = true
		s.act(Action{Kind: ActAsk})
	}
	if !running && v.inProgress() && s.slot(v, e.Master).stage == stageNone {
		// Its messages were missed, or are on their way. Only the edge counts: a stuck failover keeps the flag for minutes.
		s.progress(v, stageAnnounced, e.Master, "")
	}
	if lead, epoch := s.m.leading(); s.m.term > 0 && s.m.isMaster(lead) {
		s.confirm(verdict{addr: lead, epoch: epoch, basis: BasisMajority})
	}
}

// learnTilt: in TILT a Sentinel keeps what it knows, but its failover stands still.
func (s *stepper) learnTilt(v *view, text string) {
	switch {
	case strings.HasPrefix(text, "+tilt"):
		v.tilt = true
		addr := v.addr
		s.dismiss(func(v *view, _ *claim) bool { return v.addr == addr }, "TILT")
	case strings.HasPrefix(text, "-tilt"):
		v.tilt = false
		for _, c := range v.claims() {
			if !c.active() {
				*c = claim{}
			}
		}
	}
}
