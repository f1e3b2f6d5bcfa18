package upstream

import (
	"errors"
	"time"
)

// A reply larger than the streaming threshold is passed on while it comes. Meanwhile its link takes no more commands:
// sessions that want one get another link with the same key, which stays for the next large replies. Of its commands
// only those wait behind it that were there before it began.

// isShared: neither of one session, nor idle in the pool.
func (l *Link) isShared() bool { return l.pinned == nil && !l.pooled && !l.alone }

// spare is another shared link for key: one that had a large reply and has it no more.
func (s *Set) spare(key Key) *Link {
	for l := range s.links {
		if l.key == key && l.isShared() && l.Usable() {
			return l
		}
	}
	return nil
}

// Streaming is, while a part of a large reply is handed over, the link that it has come from. That is not always the one that
// its owner sends commands over: what was lost is sent again over another.
func (s *Set) Streaming() *Link { return s.streaming }

// Throttle stops reading a large reply, whose owner does not take it as fast as it comes, until Unthrottle. False: others
// wait behind it, and it is read on, unless force says so.
func (l *Link) Throttle(force bool) bool {
	if !l.paused && (force || !l.OthersWait()) {
		l.paused = true
		l.conn.Pause()
	}
	return l.paused
}

// Unthrottle is the opposite of Throttle.
func (l *Link) Unthrottle() {
	if l.paused {
		l.paused = false
		l.conn.Resume()
	}
}

// OthersWait says whether there are commands of others behind the one that is being answered.
func (l *Link) OthersWait() bool {
	for i := 1; i < l.pending.len(); i++ {
		if l.pending.at(i).Owner != l.pending.at(0).Owner {
			return true
		}
	}
	return false
}

// leavePatience is how long a former master may be silent in the middle of a reply.
const leavePatience = 10 * time.Second

var errSilent = errors.New("silent in the middle of a reply")

// leave lets the reply that has begun come to its end, although there is another master: to cut it would cost the client
// its connection, and in a planned switch the former master is well. What comes behind it goes to the new one: that
// of the same session when the reply is complete, so that its order holds.
func (l *Link) leave() {
	s := l.set
	if s.shared[l.key] == l {
		delete(s.shared, l.key)
	}
	l.leaving = true
	l.answered(l.awaited)
	head := l.pending.pop()
	l.streamed = false
	others := l.loseWithheld(0)
	for _, item := range l.loseFrom(head.end) {
		if item.Owner == head.Owner {
			l.redo = append(l.redo, item)
		} else {
			others = append(others, item)
		}
	}
	l.out.forgetUnsent()
	*l.pending.push() = head
	l.streamed = true
	s.keep(others)
	l.unstall()
	l.watchLeaving(l.moved)
}

// wholeOnly: the reply that comes has to wait for replicas, or for an earlier one of its owner's that does. So it is kept until it is whole.
func (l *Link) wholeOnly() bool {
	e := l.pending.at(0)
	return !e.own && (e.Class != Read || e.takes || l.set.ack.opt.Reads || l.withheld.owners[e.Owner] > 0)
}

// watchLeaving closes a link that leaves and says nothing, unless it is its client that does not read.
func (l *Link) watchLeaving(moved uint64) {
	l.timer = l.set.loop.After(leavePatience, func() {
		if !l.paused && l.moved == moved {
			l.conn.Close(errSilent)
			return
		}
		l.watchLeaving(l.moved)
	})
}

// left: a link that was leaving is closed. What was behind the reply is sent to the present master.
func (s *Set) left(lost []Lost) {
	s.loop.After(0, func() { // not from within the link's own calls
		if s.opt.Holding() {
			s.keep(lost)
			return
		}
		s.redoAll(lost)
	})
}
