package upstream

import (
	"strconv"
	"time"

	"sentinelproxy/proxy/reactor"
	"sentinelproxy/resp"
)

// Acknowledge asks that replies to writes are handed over only when replicas have the writes, too: the flag --acknowledge.
// The zero value asks nothing.
type Acknowledge struct {
	Replicas int           // how many; 0: the master's word is enough
	Timeout  time.Duration // longest wait of a reply for them
	Fail     bool          // after Timeout the client gets an error in the place of the reply; false: the reply
	Reads    bool          // replies to reads wait as well, so that nobody sees what may be lost
	Key      Key           // the proxy's own identity at the nodes
	// Failed is told, at most once a minute, that it can't be asked: the server's error reply. May be nil.
	Failed func(text string)
}

// acknowledger asks the master, over a link of its own, whether the replicas have what it had executed by then. Replies that
// wait bear a number, that of the question that will cover them: all that came in before it was written. There is one question at a time.
type acknowledger struct {
	set  *Set
	opt  Acknowledge
	link *Link

	shortfalls *[numVerdicts]shortfall

	asked  uint64    // number of the last question
	open   bool      // it has not been answered
	start  uint64    // where it begins on the link
	until  time.Time // when it must have been
	since  time.Time // when the first reply came in that waits for the next question; zero: none does
	oldest time.Time // the same, of the open question

	deaf   bool // the server has refused what goes before WAIT, so its answer means nothing
	vain   bool // it has refused to answer a moment ago
	timer  *reactor.Timer
	retry  *reactor.Timer
	links  []*Link // that have replies waiting
	again  []*Link // the same, while they are gone through
	warned time.Time
	raw    []byte
}

// announceChannel is where the proxy publishes before each WAIT. WAIT is about the last write of its own connection, so there has
// to be one. PUBLISH changes no data and goes to the replicas. In Redis 7.0 any command counts (server.c, processCommand: c->woff), in later
// ones only what has moved the replication offset (server.c, call).
const announceChannel = "__sentinelproxy__:acknowledge"

const (
	tagAnnounce uint16 = iota
	tagWait
)

const (
	askAgain   = 20 * time.Millisecond  // after a question that was not answered
	askSlack   = 200 * time.Millisecond // that an answer may take beyond the time it was given
	askRefused = time.Second
	warnEvery  = time.Minute
)

// cover is the number of the question that will cover a reply that comes in now.
func (a *acknowledger) cover() uint64 {
	if a.open && a.link != nil && a.link.out.sent <= a.start {
		return a.asked // not written yet: replies of the same turn
	}
	if a.since.IsZero() {
		a.since = a.set.loop.Now()
	}
	if !a.open && a.retry == nil && !a.vain {
		a.ask()
		return a.asked
	}
	return a.asked + 1
}

// ask sends the next question. It is written at the end of the turn.
func (a *acknowledger) ask() {
	s := a.set
	if a.link == nil {
		a.link = s.Pin(a.opt.Key, a)
	}
	now := s.loop.Now()
	if a.since.IsZero() {
		a.since = now
	}
	a.asked++
	a.open, a.deaf = true, false
	a.oldest, a.since = a.since, time.Time{}
	left := max(time.Millisecond, a.opt.Timeout-now.Sub(a.oldest))
	a.until = now.Add(left + askSlack)
	a.start = a.link.out.end()
	var millis [20]byte
	a.raw = resp.AppendCommand(a.raw[:0], []byte("PUBLISH"), []byte(announceChannel), nil)
	a.link.AppendOwn(a, a.raw, 1, tagAnnounce)
	var replicas [20]byte
	a.raw = resp.AppendCommand(a.raw[:0], []byte("WAIT"), strconv.AppendInt(replicas[:0], int64(a.opt.Replicas), 10), strconv.AppendInt(millis[:0], left.Milliseconds(), 10))
	a.link.AppendOwn(a, a.raw, 1, tagWait)
	s.Counters.Questions++
	if a.timer == nil {
		a.timer = s.loop.After(left+askSlack, a.watch)
	}
}

// watch looks after questions that are not answered at all.
func (a *acknowledger) watch() {
	a.timer = nil
	if !a.open {
		return
	}
	if a.set.sealed { // the answer is not read, and no time passes until it may be
		a.until = time.Now().Add(askSlack)
	}
	if left := time.Until(a.until); left > 0 {
		a.timer = a.set.loop.After(left, a.watch)
		return
	}
	a.complain([]byte("no answer to WAIT"))
	if l := a.link; l != nil { // what it says later is not the answer to the next question
		a.link = nil
		l.drop()
	}
	a.fail()
}

// Reply is the server's.
func (a *acknowledger) Reply(e *Entry, reply []byte, _ bool) {
	switch {
	case !a.open:
	case e.Tag == tagAnnounce:
		a.deaf = resp.IsError(reply)
		if a.deaf && rejection(reply, Read) == "" {
			a.complain(firstLine(reply[1:]))
		}
	case resp.IsError(reply) && rejection(reply, Read) != "":
		a.later() // the master is changing
	case resp.IsError(reply):
		a.refused(firstLine(reply[1:]))
	case a.deaf:
		a.refused(nil)
	default:
		n, _ := strconv.Atoi(string(firstLine(reply[1:])))
		a.open = false
		a.set.Counters.QuestionTime += a.set.loop.Now().Sub(a.oldest)
		if n >= a.opt.Replicas {
			a.deliver(replicated)
		} else {
			a.deliver(tooFew)
		}
		a.next()
	}
}

// end: all links are dropped, and with them all that waits.
func (a *acknowledger) end() {
	a.open, a.since, a.link = false, time.Time{}, nil
	a.set.loop.Cancel(a.timer)
	a.set.loop.Cancel(a.retry)
	a.timer, a.retry = nil, nil
}

// next asks for those who have come since the last question.
func (a *acknowledger) next() {
	if !a.open && a.retry == nil && !a.vain && !a.since.IsZero() {
		a.ask()
	}
}

// later asks once more, on behalf of the same replies.
func (a *acknowledger) later() {
	if a.open {
		a.open = false
		a.since = a.oldest
	}
	if a.retry == nil {
		a.retry = a.set.loop.After(askAgain, a.tryAgain)
	}
}

// tryAgain is what later promises. While no reply may be passed on it has to wait.
func (a *acknowledger) tryAgain() {
	a.retry = nil
	switch {
	case a.set.sealed:
		a.retry = a.set.loop.After(askAgain, a.tryAgain)
	case len(a.links) == 0:
		a.since = time.Time{}
	case time.Since(a.since) > a.opt.Timeout:
		a.asked++
		a.deliver(untold)
		a.since = time.Time{}
	default:
		a.next()
	}
}

// fail: nothing has been learned of the replicas.
func (a *acknowledger) fail() {
	a.open = false
	a.deliver(untold)
	a.next()
}

// refused: nothing can be learned for want of a right or a password. Nobody waits for a while, and the server's log is not filled.
func (a *acknowledger) refused(why []byte) {
	a.complain(why)
	a.open, a.since = false, time.Time{}
	a.asked++
	a.deliver(untold)
	a.vain = true
	a.set.loop.After(askRefused, func() { a.vain = false })
}

func (a *acknowledger) complain(why []byte) {
	now := time.Now()
	if why != nil && a.opt.Failed != nil && now.Sub(a.warned) > warnEvery {
		a.warned = now
		a.opt.Failed(string(why))
	}
}

// deliver hands over what the last question covers.
func (a *acknowledger) deliver(v verdict) {
	a.again, a.links = a.links, a.again[:0]
	for _, l := range a.again {
		l.handOver(a.asked, v)
		if l.withheld.len() > 0 {
			a.links = append(a.links, l)
		} else {
			l.withheld.listed = false
		}
	}
	clear(a.again)
	a.again = a.again[:0]
}

// Push, Streams, Lost, Refused, Restore and RefuseLost make it the session that the link belongs to.
func (a *acknowledger) Push([]byte) bool { return false }

// Streams is Pinned's.
func (a *acknowledger) Streams() bool { return false }

// Lost is Pinned's: what waits is asked about over another link, unless its own is lost, too.
func (a *acknowledger) Lost(l *Link, _ []Lost) {
	if a.link == l {
		a.link = nil
		a.later()
	}
}

// Refused is Pinned's.
func (a *acknowledger) Refused(l *Link, refusal []byte) {
	if a.link == l {
		a.link = nil
		a.refused(firstLine(refusal[1:]))
	}
}

// Restore is Pinned's. The link is made when it is needed.
func (a *acknowledger) Restore() {}

// RefuseLost is Pinned's.
func (a *acknowledger) RefuseLost([]byte) {}

// Broken is Owner's: replies are short.
func (a *acknowledger) Broken(*Entry) {}

// Gone is Owner's: a question is never sent again over another link.
func (a *acknowledger) Gone() bool { return true }

var (
	_ Pinned = (*acknowledger)(nil)
	_ Owner  = (*acknowledger)(nil)
)
