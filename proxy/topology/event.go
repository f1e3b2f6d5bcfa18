// Package topology turns what the Sentinels of one group say into events: one go-redis SentinelClient
// per Sentinel, one subscription and one poll each. It decides nothing: package failover weighs what is
// said here.
//
//	event.go        what is told
//	watcher.go      Watcher: all Sentinels of a group
//	directory.go    which Sentinels there are, which of them may speak
//	discovery.go    the Sentinels that others name
//	sentinel.go     one Sentinel's goroutine: session after session, with pauses (backoff.go)
//	session.go      one session: subscription and questions
//	opinion.go      the question: who is master?
//	message.go      what is published, as events; subject.go: whom it is about
//	credentials.go  which errors are about who we are
//	prober.go       Prober: ROLE of a data node; role.go, reply.go, probe_error.go: its answer
package topology

import "time"

// Kind says what an Event tells.
type Kind uint8

// The kinds of events, in three families: the state of one Sentinel as seen from here, the answer to a
// poll of it, and what it published.
const (
	// SentinelUp: the subscription to this Sentinel is established (again). Messages may have been
	// missed before; an Opinion follows without delay.
	SentinelUp Kind = iota + 1
	// SentinelDown: this Sentinel can't be reached or does not answer; its last opinion no longer counts. Denied says that
	// it can be reached and does not let us in; told again when that changes.
	SentinelDown
	// SentinelGone: this Sentinel is no longer configured nor named by any other, or it has turned out to be
	// one that is known by another address; forget it.
	SentinelGone
	// Opinion: answer to a poll. Master (SENTINEL GET-MASTER-ADDR-BY-NAME) and Epoch (config-epoch), Flags, Known
	// (SENTINEL MASTER) are set; see askOpinion for why it takes both.
	Opinion
	// NoOpinion: this Sentinel answers, but does not know the group. Text holds its answer.
	NoOpinion

	// NewEpoch: +new-epoch. Epoch is set.
	NewEpoch
	// SubjectivelyDown and its end: +sdown, -sdown. Node is set; Master is set for a replica or Sentinel.
	SubjectivelyDown
	SubjectivelyUp
	// ObjectivelyDown and its end: +odown, -odown of the master.
	ObjectivelyDown
	ObjectivelyUp
	// TryFailover: +try-failover: this Sentinel starts a failover of Master.
	TryFailover
	// FailoverState: +vote-for-leader, +elected-leader, +failover-state-*. Text names it. Master is set, but for
	// +vote-for-leader, which does not say which group it is about; Node where the state is about the candidate.
	FailoverState
	// SelectedReplica: +selected-slave. Node is the candidate, Master the present master.
	SelectedReplica
	// PromotedReplica: +promoted-slave. Node has acknowledged its promotion.
	PromotedReplica
	// SwitchMaster: +switch-master. Master is the old address, Node the new one.
	SwitchMaster
	// FailoverEnd: +failover-end, +failover-end-for-timeout.
	FailoverEnd
	// FailoverAbort: -failover-abort-*. Text names the reason.
	FailoverAbort
	// ConvertToReplica: +convert-to-slave. Node is the former master.
	ConvertToReplica
	// Other: anything else published about the group; for the switch report only.
	Other
)

// Event is one thing learned about a group. Addresses are "host:port" as the Sentinel wrote them, after
// the address map.
type Event struct {
	Group    string
	Kind     Kind
	Sentinel string // the Sentinel that said it, host:port as configured or discovered
	Master   string // the master that the event is about (for SwitchMaster the old one)
	Node     string // candidate, new master, or the node that is down
	Epoch    uint64 // config-epoch (Opinion) or the new epoch (NewEpoch)
	Known    int    // Opinion: number of Sentinels this one knows, itself included (num-other-sentinels + 1)
	Flags    string // Opinion: e.g. "master,s_down,o_down,failover_in_progress"
	Denied   bool   // SentinelDown: the error is about our credentials
	Text     string // the message as published, channel first, for reports and logs; an error's text for SentinelDown
	Time     time.Time
}
