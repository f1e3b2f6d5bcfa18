package failover

// HoldReason says why a hold began. The set is closed: logs, metrics, the status page and switch reports all use
// String's word.
type HoldReason uint8

// The reasons for a hold.
const (
	// HoldNone: nothing is held.
	HoldNone HoldReason = iota
	// HoldStarting: the process has just started and no master has been verified yet.
	HoldStarting
	// HoldLinkLost: a shared link to the master broke.
	HoldLinkLost
	// HoldRejected: the master answered READONLY, LOADING, MASTERDOWN or UNBLOCKED.
	HoldRejected
	// HoldFailoverAnnounced: a Sentinel began a failover of the master, which still works. Writes only.
	HoldFailoverAnnounced
	// HoldCandidateNamed: a Sentinel has selected or promoted a replica.
	HoldCandidateNamed
	// HoldSwitchPublished: a Sentinel published +switch-master away from the master.
	HoldSwitchPublished
	// HoldAnotherNamed: a majority of the known Sentinels names another master.
	HoldAnotherNamed
	// HoldProbeFailed: ROLE of the master was not answered.
	HoldProbeFailed
	// HoldRoleChanged: the master answers that it is a replica.
	HoldRoleChanged
	// HoldLoading: the master answers that it is loading its data set.
	HoldLoading
	// HoldOrdered: an operator has asked for it, to prepare a switchover. Writes only.
	HoldOrdered
	// HoldMinority: fewer than a majority of the known Sentinels have been in reach for the grace. Writes only.
	HoldMinority
	// HoldFenced: the master refuses writes (NOREPLICAS), and whether that is the fence of a switchover is found out, or it is. Writes only.
	HoldFenced

	numHoldReasons
)

var holdReasons = [numHoldReasons]string{
	"none", "starting", "link_lost", "rejected", "failover_announced", "candidate_named",
	"switch_published", "another_named", "probe_failed", "role_changed", "loading", "ordered", "minority", "fenced",
}

// String is the word for logs, metric labels and reports.
func (r HoldReason) String() string { return word(holdReasons[:], int(r)) }

// HoldReasons lists every reason that a hold can have, for metrics that want all their labels from the start.
func HoldReasons() []HoldReason {
	all := make([]HoldReason, 0, numHoldReasons-1)
	for r := HoldNone + 1; r < numHoldReasons; r++ {
		all = append(all, r)
	}
	return all
}

// RefuseReason says what was missing when the hold limit passed. Closed, like HoldReason.
type RefuseReason uint8

// The reasons for refusing.
const (
	// RefuseNone: nothing is refused.
	RefuseNone RefuseReason = iota
	// RefuseSentinelsUnreachable: no Sentinel answers.
	RefuseSentinelsUnreachable
	// RefuseSentinelsDeny: no Sentinel lets the proxy in.
	RefuseSentinelsDeny
	// RefuseGroupUnknown: Sentinels answer, and none of them knows the group.
	RefuseGroupUnknown
	// RefuseNoMajority: no address is named by more than half of the known Sentinels.
	RefuseNoMajority
	// RefuseFailoverPending: a failover is running and its candidate is not master yet.
	RefuseFailoverPending
	// RefuseMasterUnreachable: the address that the Sentinels name does not answer ROLE.
	RefuseMasterUnreachable
	// RefuseRoleDenied: the address that the Sentinels name does not let the proxy in, or not ask ROLE.
	RefuseRoleDenied
	// RefuseNotMaster: the address that the Sentinels name answers, but not as a master that is ready.
	RefuseNotMaster
	// RefuseNotRestored: a master is verified, but links to it could not be made.
	RefuseNotRestored

	numRefuseReasons
)

var refuseReasons = [numRefuseReasons]struct{ word, text string }{
	{"none", ""},
	{"sentinels_unreachable", "no Sentinel answers"},
	{"sentinels_refuse", "the Sentinels refuse the password: check --sentinel-username and --sentinel-password"},
	{"group_unknown", "no Sentinel knows this master name"},
	{"no_majority", "no majority of the Sentinels names a master"},
	{"failover_pending", "a failover has not ended"},
	{"master_unreachable", "the master named by the Sentinels does not answer"},
	{"role_refused", "the master named by the Sentinels refuses to tell its role: check --username and --password"},
	{"not_master", "the master named by the Sentinels is not a master that is ready"},
	{"not_restored", "links to the master could not be made"},
}

// RefuseReasons lists every reason for refusing, for metrics.
func RefuseReasons() []RefuseReason {
	all := make([]RefuseReason, 0, numRefuseReasons-1)
	for r := RefuseNone + 1; r < numRefuseReasons; r++ {
		all = append(all, r)
	}
	return all
}

// String is the word for logs, metric labels and reports.
func (r RefuseReason) String() string {
	if r >= numRefuseReasons {
		return "unknown"
	}
	return refuseReasons[r].word
}

// Text is a sentence part for the error that clients get.
func (r RefuseReason) Text() string {
	if r >= numRefuseReasons {
		return "unknown"
	}
	return refuseReasons[r].text
}

// Basis says on whose word an address was adopted; its ROLE has been verified in any case.
type Basis uint8

// The bases of an adoption.
const (
	// BasisNone: not to be adopted.
	BasisNone Basis = iota
	// BasisMajority: more than half of the known Sentinels name it, at an epoch not below the last adopted.
	BasisMajority
	// BasisFollowed: candidate of a failover that was followed from its announcement (or since the master was
	// lost), and seen turning from replica to master.
	BasisFollowed
	// BasisUndisputed: it was the master before, too few Sentinels answer for a majority, and none of those that
	// do names another at a higher epoch.
	BasisUndisputed

	numBases
)

var bases = [numBases]string{"none", "majority", "followed", "undisputed"}

// String is the word for logs and reports.
func (b Basis) String() string { return word(bases[:], int(b)) }

func word(words []string, i int) string {
	if i >= len(words) {
		return "unknown"
	}
	return words[i]
}
