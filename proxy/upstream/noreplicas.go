package upstream

import "time"

// NOREPLICAS says that nothing was applied. It is either the fence of a switch, which will be over, or the master's own
// (min-replicas-to-write), which the client has to be told. Whoever sees one holds writes, and finds out which it is: see Options.NoReplicas
// and Genuine.
const noReplicas = "NOREPLICAS"

// genuineFor is how long a master's own NOREPLICAS is passed on without being asked about again.
const genuineFor = 10 * time.Second

// Genuine says that the NOREPLICAS told of was the master's own. It is passed on for a while, or until a write succeeds.
func (s *Set) Genuine() { s.genuine, s.genuineAt = true, s.loop.Now() }

// SettleGenuine makes a master's own NOREPLICAS the reply to an EXEC that was refused with it. Sent again, the commands of the transaction would be
// refused, one by one, whose replies the client has already.
func (s *Set) SettleGenuine(lost []Lost) {
	for i := range lost {
		if item := &lost[i]; s.genuine && item.refused != nil && item.Canned == nil {
			s.Settle(item, item.refused)
		}
	}
}

func (s *Set) passesNoReplicas() bool {
	if s.genuine && s.loop.Now().Sub(s.genuineAt) >= genuineFor {
		s.genuine = false
	}
	return s.genuine && !s.opt.Holding()
}

// Sorting says whether a link that has answered with a rejection still owes replies. What it is rid of comes before all
// that is sent to the same master then.
func (s *Set) Sorting() bool {
	for l := range s.links {
		if l.state == condemned && !l.leaving {
			return true
		}
	}
	return false
}
