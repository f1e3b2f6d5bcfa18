package session

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"sentinelproxy/proxy/command"
	"sentinelproxy/proxy/reactor"
	"sentinelproxy/proxy/upstream"
)

// LargeRequests bounds the memory of requests larger than reactor.LargeFrame, which are kept until they are answered so
// that they can be sent to another master. Shared by all lanes.
//
// Beyond the bound a client's next bytes are left in the kernel. So that requests of which each has come in part
// do not wait for one another for ever, they are read on one at a time even then, in the order in which they began to
// wait; one whose client sends nothing for a second loses its turn. It is the next one's turn when a request is answered,
// not when it has been read, unless that takes long: a server that does not keep up is felt by the clients.
type LargeRequests struct {
	Memory reactor.Memory
	Max    int64
	Waited atomic.Uint64 // times that one began to wait

	mu struct {
		sync.Mutex
		queue []*turn
	}
}

// turn is a request's place among those that wait.
type turn struct {
	asked time.Time // guarded by the queue's lock; when it was read, if whole
	whole bool      // written under the queue's lock: all of it has been read
	polls bool      // owned by the session: a timer is set
	left  int       // owned by the session: replies until it is answered, 0 while it is not sent
}

const (
	turnPoll  = 5 * time.Millisecond // how often one that waits asks again
	turnStall = time.Second
	turnWhole = 10 * time.Second // how long others wait for one to be answered
)

// admit says whether s may read more of the large request that it has begun.
func (s *Session) admitLarge() bool {
	m := s.g.Large
	if m == nil || m.Memory.Used() < m.Max {
		s.endTurn()
		return true
	}
	if s.turn == nil {
		s.turn = &turn{}
		m.Waited.Add(1)
	}
	if !s.turn.whole && m.mine(s.turn) { // else there is another one before it
		return true
	}
	if !s.turn.polls {
		t := s.turn
		t.polls = true
		s.g.Loop.After(turnPoll, func() {
			t.polls = false
			s.conn.Poke()
		})
	}
	return false
}

// mine says whether it is t's turn, and puts it into the queue if it is not there.
func (m *LargeRequests) mine(t *turn) bool {
	now := time.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	t.asked = now
	if !slices.Contains(m.mu.queue, t) {
		m.mu.queue = append(m.mu.queue, t)
	}
	patience := turnStall
	if m.mu.queue[0].whole {
		patience = turnWhole
	}
	if now.Sub(m.mu.queue[0].asked) > patience {
		m.mu.queue = m.mu.queue[1:] // it comes to the end when it asks again
	}
	return m.mu.queue[0] == t
}

// keepTurn: the large request is whole, and on its way or held.
func (s *Session) keepTurn() {
	m := s.g.Large
	m.mu.Lock()
	defer m.mu.Unlock()
	s.turn.whole, s.turn.asked = true, time.Now()
	s.turn.left = s.inflight
}

// answeredTurn is told of one reply.
func (s *Session) answeredTurn() {
	if s.turn.left > 0 {
		if s.turn.left--; s.turn.left == 0 {
			s.endTurn()
		}
	}
}

// bulkyFor is how many commands of a client go over a link of its own after a large command or reply: it is likely that there
// will be more of them, and others would have to wait behind each.
const bulkyFor = 16

// sendsBulky notes a command of so many bytes that is about to be sent over the session's own link, though it would be
// one for a shared link.
func (s *Session) sendsBulky(size int) {
	switch {
	case size >= reactor.LargeFrame:
		s.bulky = bulkyFor
	case s.bulky > 0:
		s.bulky--
	default:
		return
	}
	s.pin.reasons[command.PinLarge]++
}

// writtenAtOnce is from how many bytes on a command behind others is written before the turn's end: the server is awake for
// the next one then, and executes this one meanwhile. For one that is alone that does not pay.
const writtenAtOnce = 32 << 10

// appendTo sends a command over l: what is in memory of its own as it is, anything else copied.
func (s *Session) appendTo(l *upstream.Link, raw []byte, class upstream.Class, tag command.ID) {
	if len(raw) < writtenAtOnce {
		l.Append(s, raw, class, uint16(tag))
		return
	}
	if s.conn.Mapped() && unsafe.SliceData(raw) == unsafe.SliceData(s.conn.Buffered()) {
		l.AppendLarge(s, s.conn.TakeLarge(len(raw)), class, uint16(tag))
	} else {
		l.Append(s, raw, class, uint16(tag))
	}
	if len(raw) < reactor.LargeFrame && l.Busy() {
		l.Flush()
	}
}

// endTurn: the large request is answered, or waits no more.
func (s *Session) endTurn() {
	if s.turn == nil {
		return
	}
	m := s.g.Large
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mu.queue = slices.DeleteFunc(m.mu.queue, func(t *turn) bool { return t == s.turn })
	s.turn = nil
}
