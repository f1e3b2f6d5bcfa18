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
		if !h.c.Large() || !h.c.Mapped() {
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

// TestLargeMemoryIsKept: some of it, up to bounds, what was used last; and is used again, where it fits best.
func TestLargeMemoryIsKept(t *testing.T) {
	l := running(t)
	in(t, l, func() {
		f := &l.large
		addr := func(b []byte) *byte { return &b[:1][0] }
		small, fits, wide := f.get(1<<20, 0), f.get(2<<20, 0), f.get(3<<20, 0)
		for _, b := range [][]byte{wide, small, fits} {
			f.put(b)
		}
		for _, tc := range []struct {
			n, want int
			b       []byte
		}{{1 << 20, 2 << 20, fits}, {1 << 20, 4 << 20, wide}, {1 << 20, 0, small}, {2 << 20, 2 << 20, fits}} {
			b := f.get(tc.n, tc.want)
			if addr(b) != addr(tc.b) {
				t.Errorf("for %d bytes, perhaps %d, memory of %d", tc.n, tc.want, cap(b))
			}
			f.put(b)
		}
		f.put(f.get(keepLarge+1, 0))
		if len(f.free) != 3 || f.kept != 6<<20 {
			t.Errorf("%d of %d bytes are kept", len(f.free), f.kept)
		}
		for range 2 * keepLargeFrees {
			f.put(make([]byte, 0, MappedFrame))
		}
		if n := len(f.free); n != keepLargeFrees || f.kept != n*MappedFrame {
			t.Errorf("%d of %d bytes are kept", n, f.kept)
		}
	})
}

// TestLargeMemoryIsGivenBack: what is more than some is kept for as long as it is used at least once a second, and then no longer.
func TestLargeMemoryIsGivenBack(t *testing.T) {
	const many, some = 96 << 20, 64 << 20
	l := running(t)
	in(t, l, func() {
		f := &l.large
		var lent [][]byte
		take := func(n int) {
			for range n / LargeFrame {
				lent = append(lent, f.get(LargeFrame, LargeFrame))
			}
		}
		give := func() {
			for _, b := range lent {
				l.freeLarge(b)
			}
			lent = nil
		}
		is := func(want int, when string) {
			t.Helper()
			if f.kept != want || len(f.free)*LargeFrame != want {
				t.Errorf("%d blocks, %d bytes are kept %s, want %d", len(f.free), f.kept, when, want)
			}
		}
		take(many)
		give()
		is(many, "when they are freed")
		take(many)
		give()
		l.trimLarge()
		is(many, "after a second in which all of it was used")
		take(some)
		give()
		l.trimLarge()
		is(some, "after a second in which some of it was used")
		if !f.timed || l.Timers() == 0 {
			t.Error("what is left is never looked at again")
		}
		l.trimLarge()
		is(keepLargeBytes, "after a second in which none of it was used")
		if f.timed {
			t.Error("there is something to be given back still")
		}
	})
	in(t, l, func() { l.freeLarge(l.large.get(keepLargeBytes+keepLarge, 0)) }) // which is too large to be kept
	in(t, l, func() {
		for range keepLargeBytes/LargeFrame + 1 {
			l.freeLarge(make([]byte, 0, LargeFrame)) // as if the system had refused
		}
	})
	until(t, l, "the rest to be given back", func() bool { return l.large.kept == keepLargeBytes })
}
