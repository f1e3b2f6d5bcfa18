package reactor

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// running starts a loop that ends with the test, and checks that it has given everything back.
func running(t testing.TB) *Loop {
	t.Helper()
	l, err := New()
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); l.Run() }()
	t.Cleanup(func() {
		l.Stop()
		<-done
		if l.Open() != 0 {
			t.Errorf("%d connections are open after the loop has ended", l.Open())
		}
		if n := l.large.memory.Used(); n != 0 {
			t.Errorf("%d bytes of large frames are left", n)
		}
	})
	return l
}

// in runs f in the loop and waits for it.
func in(t testing.TB, l *Loop, f func()) {
	t.Helper()
	done := make(chan struct{})
	if !l.Post(func() { defer close(done); f() }) {
		t.Fatal("the loop has ended")
	}
	<-done
}

// until waits for cond, which is asked in the loop. It only ends early: nothing rests on how long it takes.
func until(t testing.TB, l *Loop, what string, cond func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		var ok bool
		in(t, l, func() { ok = cond() })
		if ok {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("never happened: %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}

// handler is a Handler made of what a test cares about.
type handler struct {
	c        *Conn // set in the loop, before any callback
	readable func() bool
	data     func([]byte) int
	need     int
	eofs     int
	hangUps  int
	closes   int
	err      error
	onEOF    func()
	onHungUp func()
	onFlush  func()
	onClosed func()
	got      []byte // without data: all that came
}

func (h *handler) Readable() bool { return h.readable == nil || h.readable() }

func (h *handler) Data(b []byte) int {
	if h.data != nil {
		return h.data(b)
	}
	h.got = append(h.got, b...)
	return len(b)
}

func (h *handler) Need() int { return h.need }

func (h *handler) EOF() {
	h.eofs++
	if h.onEOF != nil {
		h.onEOF()
	}
}

func (h *handler) HungUp() {
	h.hangUps++
	if h.onHungUp != nil {
		h.onHungUp()
	}
}

func (h *handler) Flush() {
	if h.onFlush != nil {
		h.onFlush()
	}
}

func (h *handler) Closed(err error) {
	h.closes++
	h.err = err
	if h.onClosed != nil {
		h.onClosed()
	}
}

// pair is a connected pair of sockets: our end's descriptor, non-blocking, and the peer.
func pair(t testing.TB) (int, *net.UnixConn) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.SetNonblock(fds[0], true); err != nil {
		t.Fatal(err)
	}
	f := os.NewFile(uintptr(fds[1]), "peer")
	conn, err := net.FileConn(f)
	f.Close()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return fds[0], conn.(*net.UnixConn)
}

// add puts one end of a pair into the loop.
func add(t testing.TB, l *Loop, h *handler) (*Conn, *net.UnixConn) {
	t.Helper()
	fd, peer := pair(t)
	var c *Conn
	var err error
	in(t, l, func() {
		c, err = l.Add(fd, h)
		h.c = c
	})
	if err != nil {
		t.Fatal(err)
	}
	return c, peer
}

func write(t testing.TB, w io.Writer, b []byte) {
	t.Helper()
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
}

// pattern is n bytes of which no two stretches look alike.
func pattern(n int) []byte {
	b := make([]byte, n)
	x := uint32(1)
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = byte(x >> 24)
	}
	return b
}

func isOpen(fd int) bool {
	_, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
	return !errors.Is(err, unix.EBADF)
}
