package upstream

import "time"

// Counters of a set, in commands unless said otherwise. Once nothing is in flight
// sent = answered + lost, and once the backlog is empty lost = resent + unknown.
type Counters struct {
	Pushed        uint64 // appended to a link and not taken back unsent: what is called sent
	Answered      uint64
	Rejected      uint64        // of the answered ones: by a rejection, so they were sent again
	Lost          uint64        // on the wire when their link was lost
	Resent        uint64        // of the lost ones: sent again
	Unknown       uint64        // of the lost ones: answered as UNKNOWNOUTCOME, or nobody was there to be told
	Dials         uint64        // links opened
	Broken        uint64        // of them: closed other than by this side
	Questions     uint64        // put to the master about its replicas (WAIT)
	Acknowledged  uint64        // writes that replicas have acknowledged
	QuestionTime  time.Duration // from the first reply that waited for a question to its answer, summed
	NotAwaited    uint64        // writes that they have not in time; answered all the same
	NotReplicated uint64        // writes and reads, answered as NOTREPLICATED instead
	Windowed      uint64        // times that a link had more to write than the reply window let through
	BytesIn       uint64
	BytesOut      uint64
}

// Usage is what a set has right now.
type Usage struct {
	Shared, Pinned, Idle int // links; idle ones are in the pool
	InFlight, Writes     int // commands without a reply; of these, all that are not reads
	Backlog, LostWaiting int // commands that wait for the next master; of these, those that were on the wire
	Withheld             int // commands answered by the master whose replies wait for replicas; in flight
	Users                int // sessions that have chosen a shared link
	Setting              int // links whose handshake is under way
	Waiting              int // sessions that wait for a master, for a link of their own or to have a question settled
}

// Usage counts anew: for collectors and for draining, not for the data's way.
func (s *Set) Usage() Usage {
	u := Usage{Backlog: len(s.backlog), Setting: s.setting, Waiting: len(s.orphans) + len(s.askers)}
	for l := range s.links {
		u.Users += l.users
		switch {
		case s.ack != nil && l == s.ack.link:
		case l.pinned != nil:
			u.Pinned++
		case l.pooled:
			u.Idle++
		default:
			u.Shared++
		}
		for i := range l.withheld.len() {
			it := &l.withheld.items[l.withheld.head+i]
			if it.canned != nil {
				continue
			}
			u.InFlight++
			u.Withheld++
			if it.wrote {
				u.Writes++
			}
		}
		for i := range l.pending.len() {
			e := l.pending.at(i)
			if e.own || e.canned != nil {
				continue
			}
			u.InFlight++
			if e.Class != Read {
				u.Writes++
			}
		}
	}
	for i := range s.backlog {
		if s.backlog[i].Sent {
			u.LostWaiting++
		}
	}
	return u
}

// Settle gives a lost command the reply that it gets in its turn: it is not sent again.
func (s *Set) Settle(item *Lost, reply []byte) {
	s.free(item)
	s.Abandon([]Lost{*item})
	item.Canned, item.Sent = reply, false
}

// Abandon says that nobody waits any more for what was lost.
func (s *Set) Abandon(lost []Lost) {
	for i := range lost {
		s.free(&lost[i])
		if lost[i].Sent {
			s.Counters.Unknown++
		}
	}
}
