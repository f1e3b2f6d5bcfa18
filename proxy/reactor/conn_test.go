package reactor

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"testing"
	"time"
)

func TestEOFAfterData(t *testing.T) {
	l := running(t)
	want := pattern(700 << 10) // more than one turn reads of a connection
	h := &handler{}
	h.onEOF = func() {
		if len(h.got) != len(want) {
			t.Errorf("EOF after %d of %d bytes", len(h.got), len(want))
		}
	}
	_, peer := add(t, l, h)
	write(t, peer, want)
	peer.Close()
	until(t, l, "EOF", func() bool { return h.eofs > 0 })
	time.Sleep(5 * time.Millisecond)
	in(t, l, func() {
		if !bytes.Equal(h.got, want) {
			t.Error("what came is not what was sent")
		}
		if h.eofs != 1 || h.closes != 0 {
			t.Errorf("EOF %d times, closed %d times", h.eofs, h.closes)
		}
	})
}

// TestHalfClosedTakesOutput: after EOF what the handler still writes arrives.
func TestHalfClosedTakesOutput(t *testing.T) {
	l := running(t)
	h := &handler{}
	_, peer := add(t, l, h)
	write(t, peer, []byte("ask"))
	if err := peer.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	until(t, l, "EOF", func() bool { return h.eofs == 1 })
	in(t, l, func() {
		if _, err := h.c.Write([]byte("answer")); err != nil {
			t.Error(err)
		}
		h.c.Close(nil)
	})
	if got, err := io.ReadAll(peer); string(got) != "answer" || err != nil {
		t.Errorf("the peer got %q, %v", got, err)
	}
}

func TestPartialWrites(t *testing.T) {
	l := running(t)
	want := pattern(4 << 20)
	h := &handler{}
	_, peer := add(t, l, h)
	sent := 0
	var blocked int
	h.onFlush = func() {
		n, err := h.c.Write(want[sent:])
		if err != nil {
			t.Error(err)
		}
		sent += n
		if sent < len(want) {
			blocked++
			if m, err := h.c.Write([]byte("x")); m != 0 || err != nil {
				t.Errorf("a blocked socket took %d bytes, %v", m, err)
			}
		}
	}
	in(t, l, h.c.MarkDirty)
	got := make([]byte, 0, len(want))
	buf := make([]byte, 10<<10)
	for len(got) < len(want) {
		n, err := peer.Read(buf[:1+rand.IntN(len(buf))])
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, buf[:n]...)
	}
	if !bytes.Equal(got, want) {
		t.Error("what arrived is not what was written")
	}
	in(t, l, func() {
		if blocked == 0 {
			t.Error("the socket was never full: the test shows nothing")
		}
	})
}

// TestReadsDoNotFlush: a handler with nothing to write is not bothered by every event.
func TestReadsDoNotFlush(t *testing.T) {
	l := running(t)
	flushes := 0
	h := &handler{onFlush: func() { flushes++ }}
	_, peer := add(t, l, h)
	for i := range 20 {
		write(t, peer, []byte("x"))
		until(t, l, "the byte", func() bool { return len(h.got) > i })
	}
	in(t, l, func() {
		if flushes != 0 {
			t.Errorf("%d flushes without output", flushes)
		}
	})
}

// TestPeerGone: a write to a peer that has gone closes, but what the peer had sent before comes first.
func TestPeerGone(t *testing.T) {
	l := running(t)
	h := &handler{}
	_, peer := add(t, l, h)
	in(t, l, func() { h.c.Pause() })
	write(t, peer, []byte("last words"))
	peer.Close()
	until(t, l, "hang-up", func() bool { return h.c.HungUp() })
	in(t, l, func() {
		h.c.Resume()
		if n, err := h.c.Write([]byte("late")); n != 0 || err != nil {
			t.Errorf("wrote %d bytes to nobody, %v", n, err)
		}
		if h.closes != 0 {
			t.Error("closed before the rest was read")
		}
	})
	until(t, l, "the end", func() bool { return h.closes == 1 })
	in(t, l, func() {
		if string(h.got) != "last words" || h.err == nil || !h.c.IsClosed() {
			t.Errorf("got %q, closed with %v", h.got, h.err)
		}
		if _, err := h.c.Write([]byte("x")); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("writing to a closed connection: %v", err)
		}
	})
}

// TestCloseInsideCallbacks closes from each callback: Closed is called once, nothing after it, and the
// buffers go back.
func TestCloseInsideCallbacks(t *testing.T) {
	for _, from := range []string{"data", "data after rest", "readable", "eof", "hungup", "flush", "closed"} {
		t.Run(from, func(t *testing.T) {
			l := running(t)
			h := &handler{}
			var after []string
			shut := func() { h.c.Close(nil) }
			switch from {
			case "data":
				h.data = func(b []byte) int {
					if h.closes > 0 {
						after = append(after, "data")
					}
					shut()
					return 1
				}
			case "data after rest":
				h.data = func(b []byte) int {
					if len(b) > 3 {
						shut()
					}
					return 0
				}
			case "readable":
				h.readable = func() bool { shut(); return false }
			case "eof":
				h.onEOF = shut
			case "hungup":
				h.data = func([]byte) int { h.c.Pause(); return 0 }
				h.onHungUp = shut
			case "flush":
				h.onFlush = shut
				h.data = func(b []byte) int { h.c.MarkDirty(); return 1 }
			case "closed":
				h.onClosed = shut
				h.data = func(b []byte) int { shut(); return len(b) }
			}
			var peer *net.UnixConn
			_, peer = add(t, l, h)
			write(t, peer, []byte("abc"))
			time.Sleep(2 * time.Millisecond)
			_, _ = peer.Write([]byte("def"))
			peer.Close()
			until(t, l, "closed", func() bool { return h.closes > 0 })
			in(t, l, func() {
				h.c.Resume()
				h.c.Poke()
				h.c.MarkDirty()
			})
			in(t, l, func() {
				if h.closes != 1 || h.err != nil || len(after) > 0 {
					t.Errorf("closed %d times (%v), then %v", h.closes, h.err, after)
				}
				if h.c.in != nil {
					t.Error("a closed connection holds a buffer")
				}
				if l.Open() != 0 {
					t.Errorf("%d open", l.Open())
				}
			})
		})
	}
}

// TestDescriptorReuse: two connections have events in one turn; the handler of the first closes the second,
// and a new connection is made at once. The second's event must not reach it.
func TestDescriptorReuse(t *testing.T) {
	l := running(t)
	var conns []*Conn
	handlers := make([]*handler, 8)
	fresh := &handler{}
	var freshConn *Conn
	closed := 0
	for i := range handlers {
		handlers[i] = &handler{}
		handlers[i].data = func(b []byte) int {
			if closed > 0 {
				return len(b)
			}
			closed++
			for j, c := range conns {
				if j != i {
					c.Close(nil)
				}
			}
			fd, _ := pair(t) // would get the lowest free number
			for _, c := range conns {
				if c.fd == fd {
					t.Errorf("descriptor %d was given back within the turn", fd)
				}
			}
			freshConn, _ = l.Add(fd, fresh)
			return len(b)
		}
	}
	var peers []io.Writer
	for _, h := range handlers {
		c, peer := add(t, l, h)
		conns = append(conns, c)
		peers = append(peers, peer)
	}
	in(t, l, func() { // the loop is here while all become readable: one turn has all events
		for _, p := range peers {
			_, _ = p.Write([]byte("x"))
		}
	})
	until(t, l, "a handler's turn", func() bool { return closed == 1 })
	in(t, l, func() {
		if len(fresh.got) != 0 || fresh.eofs != 0 || fresh.closes != 0 {
			t.Errorf("the new connection got %q, %d EOFs, %d closes", fresh.got, fresh.eofs, fresh.closes)
		}
		if l.Open() != 2 {
			t.Errorf("%d open, want 2", l.Open())
		}
		freshConn.Close(nil)
	})
}

func TestDial(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().(*net.TCPAddr).AddrPort()
	l := running(t)
	var c *Conn
	connected := false
	h := &handler{}
	h.onFlush = func() {
		if !connected {
			connected = true
			if n, err := c.Write([]byte("hello")); n != 5 || err != nil {
				t.Errorf("Write: %d, %v", n, err)
			}
		}
	}
	in(t, l, func() {
		if c, err = l.Dial(addr, h); err != nil {
			t.Fatal(err)
		}
		if n, err := c.Write([]byte("too early")); n != 0 || err != nil {
			t.Errorf("Write while connecting: %d, %v", n, err)
		}
	})
	peer, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	buf := make([]byte, 5)
	if _, err := io.ReadFull(peer, buf); err != nil || string(buf) != "hello" {
		t.Errorf("%q, %v", buf, err)
	}
	ln.Close()

	refused := &handler{}
	in(t, l, func() {
		d, err := l.Dial(addr, refused)
		if err != nil { // told at once by some systems
			refused.closes, refused.err = 1, err
			return
		}
		_ = d
	})
	until(t, l, "refusal", func() bool { return refused.closes == 1 })
	in(t, l, func() {
		if refused.err == nil {
			t.Error("refused without an error")
		}
	})
	in(t, l, func() {
		h := &handler{}
		d := l.Dead(h)
		d.MarkDirty()
		if n, err := d.Write([]byte("x")); n != 0 || err != nil {
			t.Errorf("a dead connection took %d bytes, %v", n, err)
		}
		d.Close(io.EOF)
		if h.closes != 1 {
			t.Error("Closed was not called")
		}
	})
	if _, err := l.Dial(netip.AddrPort{}, &handler{}); err == nil {
		t.Error("dialled no address")
	}
}

func TestStopClosesConnections(t *testing.T) {
	l, err := New()
	if err != nil {
		t.Fatal(err)
	}
	var hs []*handler
	for range 5 {
		fd, _ := pair(t)
		h := &handler{}
		hs = append(hs, h)
		if _, err := l.Add(fd, h); err != nil {
			t.Fatal(err)
		}
	}
	l.Stop()
	l.Run()
	for i, h := range hs {
		if h.closes != 1 || !errors.Is(h.err, ErrStopped) {
			t.Errorf("connection %d: closed %d times, with %v", i, h.closes, h.err)
		}
	}
	if got := fmt.Sprint(l.Open()); got != "0" {
		t.Errorf("%s open", got)
	}
}
