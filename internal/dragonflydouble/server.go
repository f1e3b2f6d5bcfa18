package dragonflydouble

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// server is one running double. Its fields but mu's are set once, before the first client.
type server struct {
	options     Options
	backend     *backend
	replication *replication
	scripts     scripts
	config      config
	started     time.Time
	replid      string // of this server as a master; it never changes
	salt        uint64 // of its cursors
	quit        context.CancelFunc
	pausedUntil atomic.Int64 // CLIENT PAUSE, Unix nanoseconds

	mu struct {
		sync.Mutex
		lastID   int64
		sessions map[int64]*session
		monitors map[*session]bool
	}
	clients sync.WaitGroup
}

// Run serves until ctx ends, a client sends SHUTDOWN, or the private redis-server ends, which is an error. It must be
// called from the main goroutine, locked to its thread.
func Run(ctx context.Context, o Options) error {
	// Before anything is started: a taken port is the usual reason to end.
	listener, err := net.Listen("tcp", net.JoinHostPort(o.Bind, strconv.Itoa(o.Port)))
	if err != nil {
		return err
	}
	defer listener.Close()
	b, err := startBackend(o)
	if err != nil {
		return err
	}
	defer b.stop()
	ctx, quit := context.WithCancel(ctx)
	defer quit()
	s, err := newServer(o, b, quit)
	if err != nil {
		return err
	}
	defer s.close()
	go s.accept(listener)
	select {
	case <-ctx.Done():
		return nil
	case <-b.exited:
		return errors.New("the private redis-server has ended")
	}
}

func newServer(o Options, b *backend, quit context.CancelFunc) (*server, error) {
	var random [28]byte
	if _, err := rand.Read(random[:]); err != nil {
		return nil, err
	}
	s := &server{options: o, backend: b, quit: quit, started: time.Now(), replid: hex.EncodeToString(random[:20])}
	for _, c := range random[20:] {
		s.salt = s.salt<<8 | uint64(c)
	}
	s.mu.sessions, s.mu.monitors = map[int64]*session{}, map[*session]bool{}
	s.scripts.mu.bodies = map[string]string{}
	s.config.mu.values = startConfig(o)
	var err error
	s.replication, err = newReplication(o, b)
	return s, err
}

// accept ends with the listener.
func (s *server) accept(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // out of descriptors
			time.Sleep(10 * time.Millisecond)
			continue
		}
		s.serve(conn)
	}
}

// serve begins a session, which ends by itself, or by close.
func (s *server) serve(conn net.Conn) {
	link, err := s.backend.dial()
	if err != nil {
		conn.Close()
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mu.sessions == nil { // closed
		conn.Close()
		link.Close()
		return
	}
	s.mu.lastID++
	c := newSession(s, s.mu.lastID, conn, link)
	s.mu.sessions[c.id] = c
	s.clients.Add(2)
	go func() {
		defer s.clients.Done()
		c.receive()
		s.forget(c)
	}()
	go func() {
		defer s.clients.Done()
		c.answer()
	}()
}

func (s *server) forget(c *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.mu.sessions, c.id)
	delete(s.mu.monitors, c)
}

// all sessions, by id from the oldest on.
func (s *server) all() []*session {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]*session, 0, len(s.mu.sessions))
	for id := int64(1); id <= s.mu.lastID; id++ {
		if c := s.mu.sessions[id]; c != nil {
			list = append(list, c)
		}
	}
	return list
}

func (s *server) close() {
	s.mu.Lock()
	sessions := s.mu.sessions
	s.mu.sessions = nil
	s.mu.Unlock()
	for _, c := range sessions {
		c.close()
	}
	s.replication.close()
	s.clients.Wait()
}
