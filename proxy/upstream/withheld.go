package upstream

import (
	"bytes"
	"fmt"
	"time"

	"sentinelproxy/resp"
)

// verdict is what is known of the replicas when replies need not wait any more.
type verdict uint8

const (
	replicated verdict = iota // enough of them have it
	tooFew                    // the master says that they have not
	untold                    // the master has not answered in time, or does not let the proxy ask
	numVerdicts
)

// shortfall is what a client gets in the place of a reply that the replicas have not acknowledged, if it wants to know.
type shortfall struct{ write, read []byte }

// notReplicated is the replies by verdict. The prefix is our own, as that of UnknownOutcome. No time is given as that which was waited: a
// question has the time that the oldest reply has left, so the others have waited for less, and where it was refused nobody has waited.
func notReplicated(o *Acknowledge) *[numVerdicts]shortfall {
	few := fmt.Sprintf("fewer than %d replicas have acknowledged", o.Replicas)
	inTime := fmt.Sprintf("in time (timeout=%v)", o.Timeout)
	whether := fmt.Sprintf("does not tell whether %d replicas have", o.Replicas)
	return &[numVerdicts]shortfall{
		tooFew: {
			fmt.Appendf(nil, "-NOTREPLICATED the master has applied it, but %s it %s\r\n", few, inTime),
			fmt.Appendf(nil, "-NOTREPLICATED %s what the reply would show %s\r\n", few, inTime),
		},
		untold: {
			fmt.Appendf(nil, "-NOTREPLICATED the master has applied it, but %s it\r\n", whether),
			fmt.Appendf(nil, "-NOTREPLICATED the master %s what the reply would show\r\n", whether),
		},
	}
}

var nullReplies = [...]string{"*-1\r\n", "$-1\r\n", "_\r\n"}

// wrote says whether a reply is to a command that has, or may have, changed something.
func wrote(e *Entry, reply []byte) bool {
	switch {
	case e.Class == Read && !e.takes:
		return false
	case e.takes:
		for _, null := range nullReplies {
			if string(reply) == null {
				return false // it has waited in vain
			}
		}
	}
	return e.Class == Script || reply[0] != '-'
}

// keepRaw is up to how many bytes of a write are kept to be sent again while its reply waits.
const keepRaw = 64 << 10

// waiting is a reply that waits, in the order of its link.
type waiting struct {
	Entry
	number     uint64 // of the question that covers it
	raw, reply int    // bytes in the queue's buffer: the command, or none, and its reply
	wrote      bool
}

// withheld are the replies of one link that wait, and those of the same owners behind them.
type withheld struct {
	items  []waiting
	head   int
	buf    []byte // of all items, command and reply in turn
	off    int    // where that of the head begins
	owners map[Owner]int
	listed bool // among those of the acknowledger
	busy   bool // being handed over
}

func (w *withheld) len() int { return len(w.items) - w.head }

// push keeps a reply, and the command it answers.
func (w *withheld) push(e *Entry, number uint64, raw, reply []byte, wrote bool) {
	if w.owners == nil {
		w.owners = map[Owner]int{}
	}
	w.owners[e.Owner]++
	w.items = append(w.items, waiting{*e, number, len(raw), len(reply), wrote})
	w.buf = append(append(w.buf, raw...), reply...)
}

// pop takes the oldest off. What it returns of the buffer is good until the next push.
func (w *withheld) pop() (it waiting, raw, reply []byte) {
	p := &w.items[w.head]
	it = *p
	*p = waiting{}
	w.head++
	raw = w.buf[w.off : w.off+it.raw]
	reply = w.buf[w.off+it.raw : w.off+it.raw+it.reply]
	w.off += it.raw + it.reply
	if w.owners[it.Owner]--; w.owners[it.Owner] == 0 {
		delete(w.owners, it.Owner)
	}
	return it, raw, reply
}

// tidy gives room back. Not while something of the buffer is in use.
func (w *withheld) tidy() {
	switch {
	case w.busy:
	case w.len() == 0:
		w.items, w.head, w.buf, w.off = w.items[:0], 0, w.buf[:0], 0
		if cap(w.buf) > keepIdle {
			w.buf = nil
		}
		if cap(w.items) > keepSlots {
			w.items = nil
		}
	case w.head > len(w.items)/2:
		n := copy(w.items, w.items[w.head:])
		clear(w.items[n:])
		w.items, w.head = w.items[:n], 0
		w.buf = w.buf[:copy(w.buf, w.buf[w.off:])]
		w.off = 0
	}
}

// withhold keeps the reply to the head of the pending queue back, if it has to wait for replicas or for one of the same
// owner's that does.
func (l *Link) withhold(reply []byte) bool {
	a := l.set.ack
	e := l.pending.at(0)
	if e.own || l.streamed {
		return false
	}
	w := &l.withheld
	if a.vain && !a.opt.Fail && w.owners[e.Owner] == 0 {
		return false
	}
	wrote := e.canned == nil && wrote(e, reply)
	waits := wrote || a.opt.Reads && e.canned == nil && !resp.IsError(reply) && (l.pinned == nil || e.Tag == 0)
	if !waits && w.owners[e.Owner] == 0 {
		return false
	}
	var number uint64
	if waits {
		number = a.cover()
	} else {
		number = w.items[len(w.items)-1].number
	}
	var raw []byte
	if e.canned == nil && l.mayResend(e.Class) && !(wrote && (e.takes || e.end-l.out.head > keepRaw)) {
		raw = l.out.bytes(l.out.head, e.end)
	}
	w.push(e, number, raw, reply, wrote)
	if !w.listed {
		w.listed = true
		a.links = append(a.links, l)
	}
	l.out.answered(e.end)
	l.pending.pop()
	if a.vain && !a.since.IsZero() {
		a.asked++
		a.since = time.Time{}
		l.set.loop.After(0, func() { a.deliver(untold) })
	}
	return true
}

// handOver gives replies to their owners, up to those that question number covers.
func (l *Link) handOver(number uint64, v verdict) {
	w := &l.withheld
	a := l.set.ack
	c := &l.set.Counters
	w.busy = true
	for w.len() > 0 && w.items[w.head].number <= number && l.state != closed {
		it, _, reply := w.pop()
		if it.canned == nil {
			c.Answered++
		}
		switch {
		case !it.wrote:
			// An error shows nothing that may be lost: it has only waited for its turn.
			if v != replicated && a.opt.Fail && a.opt.Reads && it.Tag == 0 && it.canned == nil && !resp.IsError(reply) {
				c.NotReplicated++
				reply = a.shortfalls[v].read
			}
		case v == replicated:
			c.Acknowledged++
		case a.opt.Fail:
			c.NotReplicated++
			reply = a.shortfalls[v].write
		default:
			c.NotAwaited++
		}
		l.current = it.Entry
		l.current.Owner.Reply(&l.current, reply, true)
		l.current.Owner = nil
	}
	w.busy = false
	w.tidy()
	if w.len() == 0 && l.pinned != nil && !l.paused {
		l.conn.Resume()
	}
	if l.state == condemned {
		l.endCondemned()
	}
	l.endAlone()
}

// awaits: a link of one session is not read on while a reply waits. What comes behind it can change the session (subscriptions, a
// transaction), and nobody else is kept waiting.
func (l *Link) awaits() bool { return l.pinned != nil && l.withheld.len() > 0 }

// loseWithheld takes the replies that wait off: the link is lost, or does not lead to the master any more. Whether the next one has
// the writes is not known, so they are of unknown outcome like those that have no reply. The bytes of a write are sent again where the
// policy says so, unless the same owner has sent one behind it that is not.
// The first commands that are pending, so many, are known not to be executed.
func (l *Link) loseWithheld(first int) (lost []Lost) {
	w := &l.withheld
	if w.len() == 0 {
		return nil
	}
	c := &l.set.Counters
	// From the last to the first, as in notInARow, but for keys: what is behind a write.
	behind := map[Owner]struct{ write, unsent bool }{}
	once := func(o Owner, c Class, may bool) (again bool) {
		b := behind[o]
		again = may && !b.unsent && !(c == Idempotent && b.write && l.set.opt.Policy == ResendIdempotent)
		b.write, b.unsent = true, b.unsent || !again
		behind[o] = b
		return again
	}
	for i := range l.redo { // executed behind a rejection; what was rejected is sent behind it in any case
		if item := &l.redo[i]; item.Canned != nil && item.Class != Read {
			once(item.Owner, item.Class, false)
		}
	}
	for i := l.pending.len() - 1; i >= first; i-- {
		// What was not written is sent behind it in any case.
		if e := l.pending.at(i); !e.own && e.canned == nil && e.end <= l.out.sent && (e.takes || e.Class != Read) {
			once(e.Owner, e.Class, !e.takes && l.mayResend(e.Class))
		}
	}
	resend := make([]bool, w.len())
	for i := len(resend) - 1; i >= 0; i-- {
		it := &w.items[w.head+i]
		resend[i] = it.raw > 0
		if it.wrote {
			resend[i] = once(it.Owner, it.Class, resend[i] && l.mayResend(it.Class))
		}
	}
	for _, again := range resend {
		it, raw, reply := w.pop()
		item := Lost{Owner: it.Owner, Key: l.key, Tag: it.Tag, Class: it.Class, before: it.before, takes: it.takes, tries: it.tries, losses: it.losses}
		switch {
		case it.canned != nil || !it.wrote && (!again || resp.IsError(reply)):
			if it.canned == nil {
				c.Answered++
			}
			item.Canned = bytes.Clone(reply)
		case it.Owner.Gone():
			c.Lost++
			c.Unknown++
			continue
		case again:
			c.Lost++
			item.Raw, item.Sent, item.before = bytes.Clone(raw), true, true
		default:
			c.Lost++
			c.Unknown++
			item.Canned = unknownOutcome
		}
		lost = append(lost, item)
	}
	w.tidy()
	return lost
}
