package session

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sentinelproxy/proxy/gate"
	"sentinelproxy/proxy/reactor"
	"sentinelproxy/proxy/upstream"
	"sentinelproxy/resp"
)

// lane is a loop with the gate, links and sessions of one group, driven as package proxy does, without a
// failover driver: a loss or a rejection holds, adopt makes a master, and Restored releases.
type lane struct {
	t       testing.TB
	loop    *reactor.Loop
	gate    *gate.Gate
	links   *upstream.Set
	g       *Group
	ids     atomic.Int64
	clients atomic.Int64
	budget  *gate.Budget
	large   LargeRequests
	hold    bool // owned by the loop: Restored does not release
	lost    int  // owned by the loop: holds that losses and rejections have begun
}

func newLane(t testing.TB, edit func(*lane, *upstream.Options)) *lane {
	t.Helper()
	loop, err := reactor.New()
	if err != nil {
		t.Fatal(err)
	}
	l := &lane{t: t, loop: loop, budget: gate.NewBudget(1000, 1<<20), large: LargeRequests{Max: 64 << 20}}
	loop.Account(&l.large.Memory)
	l.gate = gate.New(gate.HoldAll, l.budget, loop.Now)
	begin := func(string, error) { l.gate.Hold(gate.HoldAll); l.lost++ }
	opt := upstream.Options{
		StreamingThreshold: 1 << 20,
		ReplyWindow:        1 << 20,
		DialTimeout:        time.Minute, // longer than end waits for timers
		PoolSize:           8,
		Again:              Again,
		Holding:            func() bool { return l.gate.Mode() != gate.Pass },
		Lost:               begin,
		Rejected:           func(addr, _ string) { begin(addr, nil) },
		NoReplicas:         func(string) { l.gate.Hold(gate.HoldWrites); l.lost++ },
		PinnedLost:         func(string, error) {},
		Restored: func() {
			if !l.hold {
				l.release()
			}
		},
	}
	l.g = &Group{Loop: loop, Gate: l.gate, NextID: &l.ids, Clients: &l.clients, Large: &l.large, Refusal: []byte("-NOMASTER none\r\n")}
	l.g.Limits = Limits{Request: resp.DefaultLimits(), Output: 64 << 20, OutputPubSub: 8 << 20}
	if edit != nil {
		edit(l, &opt)
	}
	l.links = upstream.NewSet(loop, opt)
	l.g.Links = l.links
	done := make(chan struct{})
	go func() { defer close(done); loop.Run() }()
	t.Cleanup(func() {
		l.end()
		loop.Stop()
		<-done
	})
	return l
}

func (l *lane) in(f func()) {
	l.t.Helper()
	done := make(chan struct{})
	if !l.loop.Post(func() { defer close(done); f() }) {
		l.t.Fatal("the loop has ended")
	}
	<-done
}

// until waits for cond, asked in the loop.
func (l *lane) until(what string, cond func() bool) {
	l.t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		var ok bool
		l.in(func() { ok = cond() })
		if ok {
			return
		}
		if time.Now().After(deadline) {
			l.t.Fatalf("never happened: %s", what)
		}
		time.Sleep(500 * time.Microsecond)
	}
}

func (l *lane) adopt(addr string) {
	l.t.Helper()
	a, err := netip.ParseAddrPort(addr)
	if err != nil {
		l.t.Fatal(err)
	}
	l.in(func() { l.take(addr, a) })
}

// take is adopt within the loop.
func (l *lane) take(addr string, a netip.AddrPort) {
	l.gate.HoldAgain()
	l.gate.Hold(gate.HoldAll)
	l.links.Adopt(addr, a)
}

// release is called in the loop.
func (l *lane) release() {
	l.links.Resume()
	l.gate.Release()
}

// serve adopts and waits until the lane passes.
func (l *lane) serve(addr string) {
	l.t.Helper()
	l.adopt(addr)
	l.until("release", func() bool { return l.gate.Mode() == gate.Pass })
}

// held waits until n sessions are parked.
func (l *lane) held(n int) {
	l.t.Helper()
	l.until("parked sessions", func() bool { return l.gate.Parked() == n })
}

// end waits for all clients to be gone, and looks for what they have left.
func (l *lane) end() {
	l.t.Helper()
	if l.t.Failed() {
		l.in(func() { l.g.CloseAll(CloseShutdown) })
	}
	l.until("all sessions closed", func() bool { return l.g.Sessions() == 0 })
	l.in(func() {
		c := l.g.Counters
		closed := uint64(0)
		for _, n := range c.Closed {
			closed += n
		}
		if c.Accepted != closed || l.clients.Load() != 0 {
			l.t.Errorf("accepted %d, closed %d, open %d", c.Accepted, closed, l.clients.Load())
		}
		if commands, bytes := l.gate.Pending(); commands+bytes+l.gate.Parked() > 0 {
			l.t.Errorf("still held: %d commands, %d bytes, %d sessions", commands, bytes, l.gate.Parked())
		}
		if g := l.gate.Counters; g.Held != g.Released+g.Expired+g.Cancelled {
			l.t.Errorf("held %d, released %d, expired %d, cancelled %d", g.Held, g.Released, g.Expired, g.Cancelled)
		}
		if u := l.links.Usage(); u.Pinned+u.Users > 0 {
			l.t.Errorf("left: %+v", u)
		}
		l.gate.Hold(gate.HoldAll)
		l.links.Trim() // closes every idle link that no session uses
		for range 2 {
			l.links.Drop()
			l.links.Refuse(l.g.Refusal)
		}
		if u := l.links.Usage(); u != (upstream.Usage{}) {
			l.t.Errorf("left: %+v", u)
		}
		if n := l.large.Memory.Used(); n != 0 || len(l.large.mu.queue) > 0 {
			l.t.Errorf("%d bytes of large frames are left, %d wait for a turn", n, len(l.large.mu.queue))
		}
		n := l.links.Counters
		if n.Pushed != n.Answered+n.Lost || n.Lost != n.Resent+n.Unknown {
			l.t.Errorf("sent %d, answered %d, lost %d, resent %d, unknown %d", n.Pushed, n.Answered, n.Lost, n.Resent, n.Unknown)
		}
		for _, a := range l.g.args[:cap(l.g.args)] {
			if a != nil {
				l.t.Errorf("a buffer is kept by an argument of %d bytes", len(a))
				break
			}
		}
	})
	// Descriptors are given back at the end of the turn. A session that has gone may have a short timer left.
	l.until("no connection, buffer or timer is left", func() bool { return l.loop.Open()+l.loop.Lent()+l.loop.Timers() == 0 })
}

// client is a test's connection to the lane, or directly to a server.
type client struct {
	t    testing.TB
	conn net.Conn
	sent atomic.Uint64 // bytes
}

// client connects to the lane through a pair of sockets.
func (l *lane) client() *client {
	l.t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		l.t.Fatal(err)
	}
	if err := unix.SetNonblock(fds[0], true); err != nil {
		l.t.Fatal(err)
	}
	f := os.NewFile(uintptr(fds[1]), "client")
	conn, err := net.FileConn(f)
	f.Close()
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { conn.Close() })
	l.clients.Add(1)
	l.in(func() { New(l.g, fds[0], netip.AddrPort{}) })
	return &client{t: l.t, conn: conn}
}

// direct connects to a server.
func direct(t testing.TB, addr string) *client {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &client{t: t, conn: conn}
}

func (c *client) send(raw string) {
	c.t.Helper()
	if _, err := io.WriteString(c.conn, raw); err != nil {
		c.t.Fatalf("sending: %v", err)
	}
	c.sent.Add(uint64(len(raw)))
}

// do sends commands, each given as words.
func (c *client) do(commands ...string) {
	c.t.Helper()
	c.send(wire(commands...))
}

// expect waits for exactly these bytes.
func (c *client) expect(want string) {
	c.t.Helper()
	_ = c.conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	got := make([]byte, len(want))
	n, err := io.ReadFull(c.conn, got)
	if string(got[:n]) != want || err != nil {
		c.t.Fatalf("got %q (%v), want %q", got[:n], err, want)
	}
}

// silence fails when something comes that should not; it can miss a fault, but not fail without one.
func (c *client) silence() {
	c.t.Helper()
	_ = c.conn.SetReadDeadline(time.Now().Add(15 * time.Millisecond))
	var b [512]byte
	n, err := c.conn.Read(b[:])
	if n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Fatalf("got %q, %v", b[:n], err)
	}
}

// all reads until the other side closes.
func (c *client) all() string {
	c.t.Helper()
	_ = c.conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	b, err := io.ReadAll(c.conn)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Fatalf("not closed after %q", b)
	}
	return string(b)
}

func (c *client) close() { c.conn.Close() }

// wire is commands as clients send them, each given as words; "" is an empty argument.
func wire(commands ...string) string {
	var b []byte
	for _, command := range commands {
		var args [][]byte
		for _, w := range strings.Fields(command) {
			args = append(args, []byte(strings.ReplaceAll(w, `""`, "")))
		}
		b = resp.AppendCommand(b, args...)
	}
	return string(b)
}
