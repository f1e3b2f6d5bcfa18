package chaos

import (
	"fmt"
	"sync"
)

// sequence is numbers that one client sends and another receives, once each and in their order.
type sequence struct {
	*tally
	name string
	// again: a number was received a second time.
	again func(note string)
	mu    struct {
		sync.Mutex
		sent     int64          // the last number
		unproven map[int64]bool // sent, and not acknowledged
		received int64          // the last number
		blind    bool           // what was sent since the last number can have been missed: the receiver's connection was closed
	}
}

func newSequence(t *tally, name string) *sequence {
	s := &sequence{tally: t, name: name, again: func(note string) { t.twice(1, note) }}
	s.mu.unproven = map[int64]bool{}
	return s
}

// next is the next number. It counts as not acknowledged until proven.
func (s *sequence) next() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.sent++
	s.mu.unproven[s.mu.sent] = true
	return s.mu.sent
}

func (s *sequence) proven(n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.mu.unproven, n)
}

func (s *sequence) blinded() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.blind = true
}

func (s *sequence) isBlind() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mu.blind
}

// got takes a number that was received. All before it were sent, and acknowledged or not, earlier.
func (s *sequence) got(n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := s.mu.received
	switch {
	case n > s.mu.sent:
		s.foreign(fmt.Sprintf("%s: %d was received, %d was the last sent", s.name, n, s.mu.sent))
		return
	case n <= last:
		s.again(fmt.Sprintf("%s: %d was received after %d", s.name, n, last))
	}
	for i := last + 1; i < n; i++ {
		if !s.mu.unproven[i] && !s.mu.blind {
			s.undelivered(fmt.Sprintf("%s: %d was received after %d", s.name, n, last))
		}
	}
	s.mu.received, s.mu.blind = max(last, n), false
}
