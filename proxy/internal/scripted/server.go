package scripted

import (
	"net"
	"net/netip"
	"testing"
	"time"
)

// patience is how long a test waits for something that must come. It only ever ends a test that has failed.
const patience = 10 * time.Second

// Server is a listener. Its connections are handed over by Accept in the order they came; what the test
// has not closed is closed when it ends.
type Server struct {
	t  testing.TB
	ln *net.TCPListener
}

// Listen opens a server on a free port of 127.0.0.1.
func Listen(t testing.TB) *Server {
	t.Helper()
	ln, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	return &Server{t: t, ln: ln}
}

// Addr is where it listens.
func (s *Server) Addr() netip.AddrPort { return s.ln.Addr().(*net.TCPAddr).AddrPort() }

// Close refuses further connections.
func (s *Server) Close() { s.ln.Close() }

// Accept waits for the next connection.
func (s *Server) Accept() *Conn {
	s.t.Helper()
	_ = s.ln.SetDeadline(time.Now().Add(patience))
	c, err := s.ln.AcceptTCP()
	if err != nil {
		s.t.Fatalf("no connection came: %v", err)
	}
	return newConn(s.t, c)
}

// AcceptReady is Accept and Conn.Handshake.
func (s *Server) AcceptReady() *Conn {
	s.t.Helper()
	c := s.Accept()
	c.Handshake()
	return c
}
