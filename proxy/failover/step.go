package failover

import (
	"fmt"
	"slices"
	"time"
)

// Step is the whole decision: what was known, what is new, what to do. It has no clock, no goroutine and does no I/O;
// now is only used to set timers and to stamp, never compared.
func Step(m Machine, in Input, now time.Time) (Machine, []Action) {
	s := stepper{m: m.clone(), now: now}
	if !s.learn(in) {
		return s.m, s.acts
	}
	switch s.m.state {
	case Serving:
		s.stepServing()
	case Draining:
		s.stepDraining()
	case Restoring:
		s.stepRestoring()
	case Starting, Holding, Verifying:
		s.stepWaiting()
	case Refusing:
		s.stepRefusing()
	}
	s.defend()
	s.seal()
	s.inspect()
	return s.m, s.acts
}

// stepper is one call of Step: the machine being changed, what the input brought, and the actions so far.
type stepper struct {
	m    Machine
	now  time.Time
	acts []Action
	news news
}

// news is what the input brought beyond what the machine now knows. At most one of lane, probe and timer is set.
type news struct {
	lane  LaneReportKind // of the present term
	probe *probe         // an outstanding probe that was answered
	fired bool           // a timer: which one is in timer
	timer Timer
	look  bool // something makes it worth while to check the master's ROLE at once
}

func (s *stepper) act(a Action) {
	if a.Kind == ActAsk && slices.Contains(s.acts, a) {
		return // several reasons, one poll
	}
	s.acts = append(s.acts, a)
}

func (s *stepper) note(format string, args ...any) {
	s.act(Action{Kind: ActNote, Text: fmt.Sprintf(format, args...)})
}

func (s *stepper) arm(t Timer, d time.Duration) { s.m.deadline[t] = s.now.Add(d) }
func (s *stepper) disarm(t Timer)               { s.m.deadline[t] = time.Time{} }
func (s *stepper) armed(t Timer) bool           { return !s.m.deadline[t].IsZero() }
func (s *stepper) fired(t Timer) bool           { return s.news.fired && s.news.timer == t }

// enter changes the state, after looking it up in the table.
func (s *stepper) enter(to State) {
	from := s.m.state
	if from == to {
		return
	}
	if !allowed[from][to] {
		text := fmt.Sprintf("BUG: failover: %v -> %v is not a transition", from, to)
		if s.m.cfg.Strict {
			panic(text)
		}
		s.act(Action{Kind: ActNote, Text: text, Bug: true})
	}
	s.m.state = to
	s.act(Action{Kind: ActEnter, From: from, To: to})
}

// tighten tells the lanes to hold more than they do; never less.
func (s *stepper) tighten(g gate, reason HoldReason) {
	if g <= s.m.gate || g == gateAll && s.m.cfg.bugs.noHold {
		return
	}
	if s.m.gate == gateReads {
		// The limit has passed for writes only. What waits from now on has one of its own.
		s.m.refused = RefuseNone
		s.arm(TimerHold, s.m.cfg.HoldTimeout)
	}
	s.m.gate = g
	kind := ActHoldAll
	if g == gateWrites {
		kind = ActHoldWrites
	}
	s.act(Action{Kind: kind, Term: s.m.term, Hold: reason})
}

// trouble is why the present master can't be gone on with as before.
type trouble struct {
	reason HoldReason
	broken bool
	lost   bool
}

// trouble judges what is known about the adopted master, and what the input said of it.
func (s *stepper) trouble() trouble {
	switch s.news.lane {
	case LinkLost:
		return trouble{HoldLinkLost, true, true}
	case Rejected:
		return trouble{HoldRejected, true, false}
	}
	if p := s.news.probe; p != nil && s.m.isMaster(p.addr) {
		switch p.outcome {
		case outcomeFailed:
			return trouble{HoldProbeFailed, false, true}
		case outcomeReplica:
			// It may have thrown its data away and become master again: sessions must be built anew.
			return trouble{HoldRoleChanged, true, false}
		case outcomeLoading:
			return trouble{HoldLoading, true, true}
		}
	}
	lead, _ := s.m.leading()
	switch st := s.m.claimed(s.m.master); {
	case st == stageSwitched:
		return trouble{reason: HoldSwitchPublished}
	case st >= stageSelected:
		return trouble{reason: HoldCandidateNamed}
	case lead != "" && !s.m.isMaster(lead):
		return trouble{reason: HoldAnotherNamed}
	case st > stageNone:
		return trouble{reason: HoldFailoverAnnounced}
	case s.m.ordered:
		return trouble{reason: HoldOrdered}
	case s.m.shut != shutNot:
		return trouble{reason: HoldFenced}
	case s.m.minority:
		return trouble{reason: HoldMinority}
	}
	return trouble{}
}

// writesOnly: the master still works, and goes on answering reads.
func (t trouble) writesOnly() bool {
	switch t.reason {
	case HoldFailoverAnnounced, HoldOrdered, HoldFenced, HoldMinority:
		return true
	}
	return false
}

// refuseWrites ends the waiting of writes. Nothing speaks against the master's answering reads but that the Sentinels may have made another
// one on the other side of a partition; that they may be old was so before the limit, too.
func (s *stepper) refuseWrites() {
	s.m.gate, s.m.refused = gateReads, s.m.unmet()
	s.act(Action{Kind: ActRefuseWrites, Term: s.m.term, Refuse: s.m.refused})
}

// refuse ends the waiting, not the search. It is ordered again when an adoption out of Refusing comes to nothing: for
// that the lanes had begun to hold again.
func (s *stepper) refuse() {
	reason := s.m.unmet()
	s.m.gate, s.m.refused = gateRefused, reason
	s.m.hold.sealed = false
	s.open()
	s.disarm(TimerDrain)
	s.m.hold.broken = true // what held until now has been answered: begin anew with an adoption
	s.act(Action{Kind: ActRefuse, Term: s.m.term, Refuse: reason})
	s.disarm(TimerHold)
	s.enter(Refusing)
	if !s.m.cfg.bugs.deafRefuse {
		s.arm(TimerAsk, s.m.cfg.AskEvery)
		s.aim()
	}
}
