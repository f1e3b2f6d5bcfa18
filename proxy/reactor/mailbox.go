package reactor

import "sync"

// mailbox carries work from other goroutines into the loop. Posting locks a mutex, but nothing on the
// data's way posts: only new connections, the control plane and collectors do.
type mailbox struct {
	wakePipe

	mu struct {
		sync.Mutex
		posts  []func()
		closed bool
	}
	taken []func() // owned by the loop: the slice that run works on, kept for its capacity
	rung  bool     // owned by the loop: the wake descriptor was readable in this turn
}

// Post runs f in the loop's goroutine, after those posted before it. It never blocks. False: the loop
// has ended and f will not run.
func (l *Loop) Post(f func()) bool {
	m := &l.mail
	m.mu.Lock()
	if m.mu.closed {
		m.mu.Unlock()
		return false
	}
	first := len(m.mu.posts) == 0
	m.mu.posts = append(m.mu.posts, f)
	if first {
		m.wake() // under the lock, so that the descriptor can't be closed and reused in between
	}
	m.mu.Unlock()
	return true
}

func (m *mailbox) waiting() bool { return m.rung }

// drain empties the wake descriptor; what was posted is run later in the turn.
func (m *mailbox) drain() {
	m.rung = true
	m.empty()
}

func (m *mailbox) run() {
	if !m.rung {
		return
	}
	m.rung = false
	m.mu.Lock()
	m.taken, m.mu.posts = m.mu.posts, m.taken[:0]
	m.mu.Unlock()
	for i, f := range m.taken {
		m.taken[i] = nil
		f()
	}
}

// drop ends the mailbox; what was posted before still runs, so that nobody waits for it in vain.
func (m *mailbox) drop() {
	m.mu.Lock()
	m.mu.closed = true
	posts := m.mu.posts
	m.mu.posts = nil
	m.mu.Unlock()
	for _, f := range posts {
		f()
	}
}
