package reactor

import (
	"bytes"
	"testing"
)

// TestTakeLarge: a large frame is handed over in its own memory, and what was sent behind it comes again.
func TestTakeLarge(t *testing.T) {
	l := running(t)
	want := pattern(3 << 20)
	h := &handler{need: len(want)}
	var frame []byte
	h.data = func(b []byte) int {
		if frame != nil {
			h.got = append(h.got, b...)
			return len(b)
		}
		if len(b) < len(want) {
			return 0
		}
		if !h.c.Large() {
			t.Error("not in memory of its own")
		}
		frame = h.c.TakeLarge(len(want))
		return len(want)
	}
	_, peer := add(t, l, h)
	write(t, peer, want)
	write(t, peer, []byte("rest"))
	until(t, l, "the rest", func() bool { return string(h.got) == "rest" })
	in(t, l, func() {
		if !bytes.Equal(frame, want) {
			t.Error("the frame is not what was sent")
		}
		if n := l.large.memory.Used(); n != int64(len(want)) || h.c.Large() || h.c.Buffered() != nil {
			t.Errorf("%d bytes are counted; large %v, %d bytes buffered", n, h.c.Large(), len(h.c.Buffered()))
		}
		l.FreeLarge(frame)
	})
}

// TestTakeLargeWithMore: what was read together with a frame whose end was not known is kept.
func TestTakeLargeWithMore(t *testing.T) {
	l := running(t)
	want := pattern(2 << 20)
	h := &handler{}
	h.data = func(b []byte) int {
		if !h.c.Large() || len(b) < len(want)+4 {
			h.got = append(h.got[:0], b...)
			return 0
		}
		frame := h.c.TakeLarge(len(want))
		if !bytes.Equal(frame, want) {
			t.Error("the frame is not what was sent")
		}
		l.FreeLarge(frame)
		return len(want)
	}
	_, peer := add(t, l, h)
	write(t, peer, append(want, "rest"...))
	until(t, l, "the rest", func() bool { return string(h.got) == "rest" && string(h.c.Buffered()) == "rest" })
}

// TestLargeMemoryIsKept: some of it, up to a bound; and is used again.
func TestLargeMemoryIsKept(t *testing.T) {
	l := running(t)
	in(t, l, func() {
		a := l.large.get(2 << 20)
		first := &a[:1][0]
		l.large.put(a)
		if b := l.large.get(1 << 20); &b[:1][0] != first {
			t.Error("not used again")
		} else {
			l.large.put(b)
		}
		l.large.put(l.large.get(keepLarge + 1))
		for range 2 * keepLargeFrees {
			l.large.put(make([]byte, 0, LargeFrame)) // as if the system had refused
		}
		if n := len(l.large.free); n != keepLargeFrees {
			t.Errorf("%d are kept", n)
		}
	})
}
