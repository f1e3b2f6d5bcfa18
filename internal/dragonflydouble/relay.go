package dragonflydouble

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"sentinelproxy/resp"
)

// relay stands between the private redis-server, which takes it for its master, and the master. It sees how far a full
// sync is, has every interruption end in a full sync, and acknowledges as Dragonfly does.
type relay struct {
	backend  *backend
	acks     time.Duration
	listener net.Listener
	serving  sync.WaitGroup

	mu struct {
		sync.Mutex
		target   string        // host:port of the master; "": none
		tried    chan struct{} // closed when the target has been dialled
		stream   *stream       // the present connection
		phase    phase
		replid   string
		received time.Time // when something came from the master
		closed   bool
	}
}

func newRelay(o Options, b *backend) (*relay, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &relay{backend: b, acks: o.AckInterval, listener: listener}
	r.serving.Go(r.accept)
	return r, nil
}

func (r *relay) addr() string { return r.listener.Addr().String() }

func (r *relay) phase() phase {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.mu.phase
}

func (r *relay) now() (phase, string, time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.mu.phase, r.mu.replid, time.Since(r.mu.received)
}

// follow ends the present connection; the private redis-server will dial again. tried is closed when the new target
// has been dialled.
func (r *relay) follow(target string) (tried <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.mu.stream != nil {
		r.mu.stream.close()
	}
	fresh := make(chan struct{})
	r.mu.target, r.mu.tried, r.mu.stream = target, fresh, nil
	r.mu.phase, r.mu.replid, r.mu.received = connecting, "", time.Now()
	return fresh
}

func (r *relay) close() {
	r.listener.Close()
	r.mu.Lock()
	r.mu.closed = true
	r.mu.Unlock()
	r.follow("")
	r.serving.Wait()
}

// accept ends with the listener.
func (r *relay) accept() {
	for {
		conn, err := r.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			r.serving.Go(func() { r.serve(conn) })
		}
	}
}

// serve dials the master for the private redis-server and relays until either side ends or follow does it.
func (r *relay) serve(replica net.Conn) {
	defer replica.Close()
	r.mu.Lock()
	target, tried := r.mu.target, r.mu.tried
	r.mu.Unlock()
	if target == "" {
		return
	}
	master, err := net.DialTimeout("tcp", target, 2*time.Second)
	s := &stream{relay: r, replica: replica, master: master, woken: make(chan struct{}, 1), ended: make(chan struct{})}
	if !r.begin(s, tried, err) {
		if err == nil {
			master.Close()
		}
		return
	}
	var parts sync.WaitGroup
	for _, part := range []func() error{s.up, s.down, s.acknowledge} {
		parts.Go(func() {
			_ = part() // either side has ended
			s.close()
		})
	}
	parts.Wait()
	r.end(s)
}

// begin makes s the present connection, unless it failed or there is another target by now.
func (r *relay) begin(s *stream, tried chan struct{}, failed error) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if tried != r.mu.tried {
		return false
	}
	select {
	case <-tried:
	default:
		close(tried)
	}
	if failed != nil || r.mu.closed {
		return false
	}
	if r.mu.stream != nil { // its end has not been noticed yet
		r.mu.stream.close()
	}
	r.mu.stream, r.mu.phase, r.mu.received = s, preparation, time.Now()
	return true
}

func (r *relay) end(s *stream) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.mu.stream == s {
		r.mu.stream, r.mu.phase = nil, connecting
	}
}

// reached notes a phase of the present connection.
func (r *relay) reached(s *stream, p phase, replid string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.mu.stream != s {
		return
	}
	if r.mu.phase = max(p, r.mu.phase); replid != "" {
		r.mu.replid = replid
	}
	r.mu.received = time.Now()
}

// stream is one connection to the master.
type stream struct {
	relay           *relay
	replica, master net.Conn
	woken           chan struct{} // much has come since the last acknowledgement
	ended           chan struct{}
	closing         sync.Once
	writing         sync.Mutex // to the master
}

func (s *stream) close() {
	s.closing.Do(func() {
		close(s.ended)
		s.replica.Close()
		s.master.Close()
	})
}

// up carries what the private redis-server sends: its handshake, with a full sync asked for. Its acknowledgements,
// among them the answers to GETACK, end here: acknowledge makes others.
func (s *stream) up() error {
	reader := resp.CommandReader{Limits: resp.DefaultLimits()}
	var buf []byte
	used := 0
	for {
		var frame resp.Command
		n, err := reader.Next(buf[used:], &frame)
		if err != nil {
			return err
		}
		if n == 0 {
			if buf, used, err = fill(s.replica, buf, used); err != nil {
				return err
			}
			continue
		}
		used += n
		args := words(frame.AppendArgs(nil))
		out := frame.Raw
		switch {
		case len(args) == 3 && strings.EqualFold(args[0], "PSYNC"):
			out = command("PSYNC", "?", "-1")
		case len(args) > 3 && strings.EqualFold(args[0], "REPLCONF") && strings.EqualFold(args[1], "capa"):
			out = command(append(args, "capa", "dragonfly")...)
		case len(args) == 3 && strings.EqualFold(args[0], "REPLCONF") && strings.EqualFold(args[1], "ACK"):
			continue
		}
		if err := s.toMaster(out); err != nil {
			return err
		}
	}
}

func (s *stream) toMaster(raw []byte) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	_, err := s.master.Write(raw)
	return err
}

// down carries what the master sends. First come lines, until the data set is announced.
func (s *stream) down() error {
	in := bufio.NewReaderSize(s.master, 64<<10)
	for synced := false; ; {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return err
		}
		s.relay.reached(s, preparation, "")
		if full, is := bytes.CutPrefix(line, []byte("+FULLRESYNC ")); is {
			replid, _, _ := strings.Cut(string(full), " ")
			s.relay.reached(s, preparation, replid)
			synced = true
		}
		begins := synced && line[0] == '$'
		if begins {
			s.relay.reached(s, fullSync, "")
		}
		if _, err := s.replica.Write(line); err != nil {
			return err
		}
		if begins {
			s.wake()
			return s.copyDown(in)
		}
	}
}

// copyDown carries the data set and the commands after it.
func (s *stream) copyDown(in io.Reader) error {
	buf := make([]byte, 64<<10)
	for since := 0; ; {
		n, err := in.Read(buf)
		if _, werr := s.replica.Write(buf[:n]); err != nil || werr != nil {
			return errors.Join(err, werr)
		}
		if since += n; since > ackBytes {
			s.wake()
			since = 0
		}
	}
}
