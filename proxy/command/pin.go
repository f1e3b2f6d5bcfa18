package command

// Pin says why a command needs a link of the session's own. String gives the label used in metrics.
type Pin uint8

const (
	// PinNone: no link of its own needed.
	PinNone Pin = iota
	// PinTransaction: MULTI; until EXEC or DISCARD is answered.
	PinTransaction
	// PinWatch: WATCH; until EXEC, DISCARD or UNWATCH is answered.
	PinWatch
	// PinBlocking: the command may wait, and would make everyone behind it wait; until it is answered.
	PinBlocking
	// PinSubscribe: SUBSCRIBE and its family; until the count in the last reply is zero.
	PinSubscribe
	// PinMonitor: MONITOR; until the session ends or is RESET.
	PinMonitor
	// PinTracking: CLIENT TRACKING and CACHING; until CLIENT TRACKING OFF is answered.
	PinTracking
	// PinClientState: CLIENT REPLY, NO-EVICT, NO-TOUCH, ASKING, READONLY, READWRITE: flags of the
	// connection which nothing but the session itself can tell when they are over; until it ends.
	PinClientState
	// PinWait: WAIT and WAITAOF; until answered. A Redis counts the replicas that have got as far as
	// the replication offset was after the previous command of the same connection, and the session's
	// writes went over another: on a link that was idle meanwhile WAIT is satisfied at once and proves
	// nothing (seen with 7.0.15 and a frozen replica). Any command on the pinned link right before it,
	// a PING, makes it count from now, which covers every write answered so far.
	PinWait
	// PinReplication: PSYNC, SYNC, REPLCONF turn the connection into a replica's; until it ends.
	PinReplication
	// PinAdmin: a command after which the server may close links or change its role (SHUTDOWN,
	// REPLICAOF, FAILOVER, CLUSTER's writes), or one that must not wait behind what it is to end (SCRIPT
	// KILL); until answered, or until the link breaks.
	PinAdmin
	// PinDebug: DEBUG and SCRIPT DEBUG can do anything to the connection; until the session ends.
	PinDebug
	// PinUnknown: not in the table, so what it does to the connection is not known. An error as its
	// reply proves that it did nothing (a typing error is the usual case); else until the session ends.
	PinUnknown
	// PinLarge: not of a command but of its size: on a shared link everybody's commands would wait behind it,
	// and it is handed to the link as it is, not copied; until answered.
	PinLarge

	// NumPins is the number of pins, PinNone included: for arrays of counters.
	NumPins
)

var pinNames = [NumPins]string{
	"none", "transaction", "watch", "blocking", "subscribe", "monitor", "tracking", "client-state",
	"wait", "replication", "admin", "debug", "unknown", "large",
}

// String gives the label, "none" for no pin.
func (p Pin) String() string {
	if p >= NumPins {
		return "invalid"
	}
	return pinNames[p]
}

// End says when a pin is over and its link clean again, in the session's hands or not.
type End uint8

const (
	// EndsWithReply: as soon as the command's reply is complete, whatever it says.
	EndsWithReply End = iota
	// EndsWithError: when the reply is an error, which proves that nothing was set up. Otherwise only
	// with the session, and the link is closed then, not given to another.
	EndsWithError
	// EndsByCommand: when another command has been answered: EXEC, DISCARD, UNWATCH, the last
	// UNSUBSCRIBE, CLIENT TRACKING OFF. An error as reply to the first one ends it too.
	EndsByCommand
)

// Ends tells when the pin is over. RESET, which the session handles, ends every pin.
func (p Pin) Ends() End {
	switch p {
	case PinNone, PinBlocking, PinWait, PinAdmin, PinLarge:
		return EndsWithReply
	case PinTransaction, PinWatch, PinSubscribe, PinTracking:
		return EndsByCommand
	default:
		return EndsWithError
	}
}
