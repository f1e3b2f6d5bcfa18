package failover

import (
	"fmt"
	"time"

	"sentinelproxy/proxy/topology"
)

// Input is one thing that Step is told: SentinelSaid, LaneSaid, Probed, Fired, Ordered, Lifted or Checked.
type Input interface{ input() }

// SentinelSaid is an event of the topology.
type SentinelSaid struct{ topology.Event }

// LaneSaid is a report of the lanes. One of another term than the present is late and ignored.
type LaneSaid struct{ LaneReport }

// Probed is the result of the ROLE probe that an ActProbe of this Number asked for. A number that is not
// outstanding is late and ignored: it was started for a question that is no longer asked.
type Probed struct {
	Number uint64
	Addr   string
	Role   Role
	Err    error
}

// Ordered is an operator's: hold writes as if a failover of the master had been announced, for so long at most; or, with 0,
// no more. The order is over with the hold: when another master is adopted, or this one is let go in place. One that
// comes when the group does not serve is ignored.
type Ordered struct{ For time.Duration }

// Fired tells that a timer of the machine has run out (Machine.Next).
type Fired struct{ Timer Timer }

// Lifted answers the ActLift or ActUnfence of this Number: Addr carries no fence, or, with an error, that could not be made sure
// of. A number that is not outstanding is late and ignored.
type Lifted struct {
	Number uint64
	Addr   string
	Err    error
}

// Checked answers the ActCheck of this Number: whether Addr carries the fence of a switchover. With an error it could not be
// told. A number that is not outstanding is late and ignored.
type Checked struct {
	Number uint64
	Addr   string
	Fenced bool
	Err    error
}

func (Lifted) input()       {}
func (Checked) input()      {}
func (SentinelSaid) input() {}
func (LaneSaid) input()     {}
func (Probed) input()       {}
func (Fired) input()        {}
func (Ordered) input()      {}

// Timer names the machine's timers. The decisions know time only through them.
type Timer uint8

// The timers.
const (
	// TimerProbe: ask ROLE (again).
	TimerProbe Timer = iota
	// TimerHold: the hold limit.
	TimerHold
	// TimerClaim: a claimed failover has made no progress for Config.Patience.
	TimerClaim
	// TimerTrust: claims dismissed for lack of progress are forgotten; the same Sentinel may announce anew.
	TimerTrust
	// TimerConfirm: a master adopted by following a failover must have been confirmed by a majority by now.
	TimerConfirm
	// TimerAsk: ask all Sentinels (again).
	TimerAsk
	// TimerOrder: an operator's order to hold has come to its end.
	TimerOrder
	// TimerMinority: fewer Sentinels than a majority have been in reach for Config.MinorityGrace.
	TimerMinority
	// TimerLift: Lifted has not come.
	TimerLift
	// TimerCheck: look again whether the master carries a fence.
	TimerCheck
	// TimerFence: somebody's fence has been on the master for Config.FenceLimit.
	TimerFence
	// TimerAcquaint: Config.Acquaint has passed.
	TimerAcquaint
	// TimerDrain: what is in flight has been waited for as long as Config.Drain.
	TimerDrain

	numTimers
)

var timers = [numTimers]string{"probe", "hold", "claim", "trust", "confirm", "ask", "order", "minority", "lift", "check", "fence", "acquaint", "drain"}

// String is the timer's word for logs and scripts.
func (t Timer) String() string { return word(timers[:], int(t)) }

// ActionKind says what an Action orders.
type ActionKind uint8

// The actions.
const (
	// ActEnter: the state is now To (from From). For logs and reports.
	ActEnter ActionKind = iota + 1
	// ActHoldWrites, ActHoldAll: order the lanes to hold, for Hold.
	ActHoldWrites
	ActHoldAll
	// ActProbe: ask ROLE of Addr on a fresh connection; the answer comes back as Probed with Number.
	ActProbe
	// ActAsk: poll all Sentinels now. Each must be heard of afterwards (Opinion, NoOpinion or SentinelDown), also
	// when nothing changed.
	ActAsk
	// ActAdopt: make Addr the master, by Basis, with Term and Epoch.
	ActAdopt
	// ActRelease: let go what is held in Term.
	ActRelease
	// ActRefuse: the hold limit has passed; Refuse says what was missing.
	ActRefuse
	// ActRefuseWrites: the same, of a hold of writes that nothing speaks for but that too few Sentinels are in reach: reads go on.
	ActRefuseWrites
	// ActFence: a failover of Addr, the master, was announced: let it take no more writes from anybody, and see to it that
	// who follows it has all that it has taken. It goes on until an ActLift or ActUnfence of Addr.
	ActFence
	// ActLift: take the fence off Addr, if there is one: ours, or that of a switchover that has died. An ActFence that has not
	// been carried out yet must not be any more. Answered with Lifted and Number.
	ActLift
	// ActUnfence: Next is the master now: take the fence off Addr as soon as it is no master any more. Answered with Lifted and Number.
	ActUnfence
	// ActCheck: find out whether Addr carries the fence of a switchover, and answer with Checked and Number.
	ActCheck
	// ActSeal: another node may take writes from now on: pass no reply of the master on that is not begun, until Release
	// in the same Term, or Adopt.
	ActSeal
	// ActGenuine: the NOREPLICAS that the lanes have told of is the master's own: pass it on.
	ActGenuine
	// ActNote: Text is worth a line in the log and the report; Bug marks what must not happen.
	ActNote
)

// Action is one order of the machine, to be carried out in the order given. Fields that the kind does not name are zero.
type Action struct {
	Kind     ActionKind
	Addr     string
	Next     string // ActUnfence: who is the master now
	Term     uint64
	Epoch    uint64
	Number   uint64
	Hold     HoldReason
	Refuse   RefuseReason
	Basis    Basis
	From, To State
	Text     string
	Bug      bool
}

// String is the action as scripts and reports show it.
func (a Action) String() string {
	switch a.Kind {
	case ActEnter:
		return fmt.Sprintf("%v -> %v", a.From, a.To)
	case ActHoldWrites:
		return fmt.Sprintf("hold-writes term=%d reason=%v", a.Term, a.Hold)
	case ActHoldAll:
		return fmt.Sprintf("hold-all term=%d reason=%v", a.Term, a.Hold)
	case ActProbe:
		return "probe " + a.Addr
	case ActAsk:
		return "ask-sentinels"
	case ActAdopt:
		return fmt.Sprintf("adopt %s term=%d epoch=%d basis=%v", a.Addr, a.Term, a.Epoch, a.Basis)
	case ActRelease:
		return fmt.Sprintf("release term=%d", a.Term)
	case ActRefuse:
		return fmt.Sprintf("refuse reason=%v", a.Refuse)
	case ActRefuseWrites:
		return fmt.Sprintf("refuse-writes term=%d reason=%v", a.Term, a.Refuse)
	case ActFence:
		return "fence " + a.Addr
	case ActLift:
		return "lift " + a.Addr
	case ActUnfence:
		return "unfence " + a.Addr
	case ActCheck:
		return "check " + a.Addr
	case ActSeal:
		return fmt.Sprintf("seal term=%d", a.Term)
	case ActGenuine:
		return fmt.Sprintf("genuine term=%d", a.Term)
	case ActNote:
		return "note: " + a.Text
	}
	return fmt.Sprintf("action %d", a.Kind)
}
