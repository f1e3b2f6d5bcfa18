package reactor

import (
	"errors"
	"fmt"
	"time"
)

// ReadBufferSize is the size in bytes of the buffer that all connections of a loop read into. One read
// takes at most this much, so it also bounds how long one busy connection can keep the others waiting.
const ReadBufferSize = 128 << 10

// maxReadsPerTurn bounds how often one connection is read in one turn before the others have theirs.
const maxReadsPerTurn = 4

// ErrStopped is returned for work handed to a loop that has ended.
var ErrStopped = errors.New("the lane has stopped")

// Counters of a loop; plain numbers, owned by it. Read them through the mailbox.
type Counters struct {
	Turns   uint64 // turns of the loop
	Waits   uint64 // turns that began by sleeping in the kernel with the scheduler told
	Gathers uint64 // turns that waited for expected replies only, see Conn.Expect
	Reads   uint64 // read system calls on connections
	Writes  uint64 // write system calls on connections
}

// Loop is one event loop. Made by New, run by one goroutine in Run, ended by Stop. All its methods but
// Post and Stop, and all methods of its connections, belong to the goroutine in Run.
type Loop struct {
	Counters Counters

	poll    poller
	conns   []*Conn // by file descriptor
	open    int
	mail    mailbox
	timers  timerHeap
	free    freeList
	large   largeList
	gather  gathering
	readBuf []byte
	dirty   []*Conn // have output, or want Flush, at the end of this turn
	again   []*Conn // have input left to look at although no event will say so
	closing []*Conn // closed in this turn; the descriptor is given back at its end
	now     time.Time
	began   time.Time     // when Run did
	idle    time.Duration // waited for events since then, see Busy
	stop    bool
}

// New returns a loop with its kernel queue open. Call Run, or Close if it is never run.
func New() (*Loop, error) {
	l := &Loop{readBuf: make([]byte, ReadBufferSize), now: time.Now(), large: largeList{memory: &Memory{}}}
	l.free.timer.f = l.free.due
	if err := l.poll.open(); err != nil {
		return nil, fmt.Errorf("event queue: %w", err)
	}
	if err := l.mail.open(&l.poll); err != nil {
		l.poll.close()
		return nil, fmt.Errorf("event queue: %w", err)
	}
	return l, nil
}

// Close gives back the descriptors of a loop that was never run.
func (l *Loop) Close() {
	l.mail.close()
	l.poll.close()
	l.large.close()
}

// Now is the time at the start of this turn.
func (l *Loop) Now() time.Time { return l.now }

// Busy is how long the loop has not waited for events, from the beginning of Run to the start of this turn. It is time by the
// clock: a loop from which others take the processor while it works goes on being busy.
func (l *Loop) Busy() time.Duration { return l.now.Sub(l.began) - l.idle }

// Open is the number of connections.
func (l *Loop) Open() int { return l.open }

// Lent is the number of buffers that connections, or their handlers, hold: none while all are idle.
func (l *Loop) Lent() int { return l.free.lent }

// Timers is the number of deadlines to come, but for the loop's own for its free buffers.
func (l *Loop) Timers() int {
	if l.free.trims {
		return len(l.timers) - 1
	}
	return len(l.timers)
}

// Stop ends Run after the present turn; connections still open are closed. From any goroutine.
func (l *Loop) Stop() {
	l.Post(func() { l.stop = true })
}

// Run turns until Stop. It does not lock the OS thread: a loop that rarely enters the scheduler stays
// where it is by itself, and being preempted (the runtime does so every 10 ms) is much dearer for a
// locked goroutine.
func (l *Loop) Run() {
	l.began = time.Now()
	for !l.stop {
		l.turn()
	}
	// First what was posted and will still run: it may add connections.
	l.mail.drop()
	for _, c := range l.conns {
		if c != nil && !c.closed {
			c.Close(ErrStopped)
		}
	}
	l.finishClosing()
	l.Close()
}

func (l *Loop) turn() {
	from, d := l.leisure()
	n := l.wait(from, d)
	l.Counters.Turns++
	l.now = time.Now()
	if d > 0 {
		l.idle += l.now.Sub(from) // both are read in any case, so to know it costs nothing
	}
	for i := range n {
		fd, ev := l.poll.event(i)
		if fd == l.mail.fd {
			l.mail.drain()
			continue
		}
		if c := l.conns[fd]; c != nil && !c.closed {
			c.ready(ev)
		}
	}
	l.mail.run()
	l.timers.run(l.now)
	l.resume()
	l.flush()
	l.finishClosing()
	l.trimInTime()
}

// leisure is how long the loop may wait for events, and from when on: not at all when something is left to do.
func (l *Loop) leisure() (from time.Time, d time.Duration) {
	if len(l.again) > 0 || l.mail.waiting() {
		return l.now, 0
	}
	now := time.Now()
	return now, l.timers.next(now)
}

// wait returns the number of events that come within d of now. It sleeps in three depths: not at all when d is 0;
// then, unless only expected replies are waited for (see gather.go), a short sleep that the scheduler is not told of, which is where a busy loop spends its waiting and
// which saves giving the processor away and fetching it back for every few microseconds of quiet; and
// only then a sleep that frees the processor for other goroutines.
func (l *Loop) wait(now time.Time, d time.Duration) int {
	if d == 0 {
		return l.poll.now()
	}
	if l.gathers() {
		return l.gatherEvents(now, min(d, shortWait))
	}
	if n := l.poll.short(min(d, shortWait)); n != 0 || d <= shortWait {
		return n
	}
	l.Counters.Waits++
	return l.poll.long(d)
}

// resume looks again at connections that have unread or unparsed input and get no event for it.
func (l *Loop) resume() {
	if len(l.again) == 0 {
		return
	}
	list := l.again
	l.again = nil
	for _, c := range list {
		c.queued = false
		if !c.closed {
			c.read()
		}
	}
	if l.again == nil {
		clear(list) // it may be long, after a hold, and rarely used: it would keep closed connections
		l.again = list[:0]
	}
}

// flush writes what this turn has produced: one write per connection, whatever the number of commands
// or replies. A flush may make other connections dirty (one that closes, say), hence the index.
// A server that has enough to do comes after those who wait for their replies; any other first, so that it works meanwhile.
func (l *Loop) flush() {
	for i := 0; i < len(l.dirty); i++ {
		c := l.dirty[i]
		if c.expected && !c.late {
			c.late = true
			l.dirty = append(l.dirty, c)
			continue
		}
		c.dirty, c.late = false, false
		if !c.closed {
			c.h.Flush()
		}
	}
	clear(l.dirty)
	l.dirty = l.dirty[:0]
}

// finishClosing gives descriptors back only at the end of a turn: an event for the same number that is
// still in this turn's list must not reach a new connection.
func (l *Loop) finishClosing() {
	for _, c := range l.closing {
		if c.fd < 0 {
			continue
		}
		l.conns[c.fd] = nil
		closeFD(c.fd)
		l.open--
	}
	clear(l.closing)
	l.closing = l.closing[:0]
}
