package reactor

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"
)

// TestLargeFrame: Data consumes nothing until the whole frame is there; the buffer grows to what is needed,
// but no faster than bytes come.
func TestLargeFrame(t *testing.T) {
	for _, size := range []int{5000, 64 << 10, ReadBufferSize, ReadBufferSize + 1, 3 << 20} {
		for _, announced := range []bool{true, false} {
			l := running(t)
			want := pattern(size)
			h := &handler{}
			if announced {
				h.need = size
			}
			var widest int
			h.data = func(b []byte) int {
				if len(b) < size {
					if limit := 2*max(len(b), ReadBufferSize) + 2*firstGrowth; cap(h.c.in) > limit {
						widest = cap(h.c.in)
					}
					return 0
				}
				h.got = append(h.got, b[:size]...)
				return size
			}
			_, peer := add(t, l, h)
			write(t, peer, want)
			write(t, peer, []byte("x")) // of the next frame
			until(t, l, "the frame", func() bool { return len(h.got) == size && len(h.c.Buffered()) == 1 })
			in(t, l, func() {
				if !bytes.Equal(h.got, want) {
					t.Errorf("size %d: the frame is not what was sent", size)
				}
				if widest > 0 {
					t.Errorf("size %d: a buffer of %d bytes ahead of what had come", size, widest)
				}
			})
		}
	}
}

// TestIdleHoldsNoBuffer: neither between frames nor after closing.
func TestIdleHoldsNoBuffer(t *testing.T) {
	l := running(t)
	h := &handler{}
	h.data = func(b []byte) int { // frames of 4 bytes
		n := len(b) / 4 * 4
		h.got = append(h.got, b[:n]...)
		return n
	}
	_, peer := add(t, l, h)
	write(t, peer, []byte("aaaab"))
	until(t, l, "a rest", func() bool { return string(h.c.Buffered()) == "b" })
	write(t, peer, []byte("bbb"))
	until(t, l, "both", func() bool { return len(h.got) == 8 })
	in(t, l, func() {
		if h.c.in != nil || l.free.kept == 0 {
			t.Errorf("holds %d bytes, %d buffers free", cap(h.c.in), l.free.kept)
		}
	})
}

func TestFreeList(t *testing.T) {
	var f freeList
	a := f.get(10)
	if cap(a) != smallBuffer || len(a) != 0 {
		t.Errorf("len %d, cap %d", len(a), cap(a))
	}
	f.put(append(a, 1, 2, 3))
	if b := f.get(0); len(b) != 0 || &b[:1][0] != &a[:1][0] {
		t.Error("the buffer was not used again, empty")
	}
	f.put(make([]byte, 0, keepBuffer+1))
	f.put(make([]byte, 0, smallBuffer-1))
	f.put(nil)
	if f.kept != 0 {
		t.Errorf("%d buffers of no use were kept", f.kept)
	}
	for range keepBuffers + 10 {
		f.put(make([]byte, 0, smallBuffer))
	}
	if f.kept != keepBuffers {
		t.Errorf("%d buffers kept", f.kept)
	}
}

// TestFreeListOfMixedSizes: there are never more buffers of a size than were in use at once.
func TestFreeListOfMixedSizes(t *testing.T) {
	var f freeList
	for i := range 100 {
		large, medium, small := f.get(keepBuffer), f.get(smallBuffer+1), f.get(0)
		if i%2 == 0 {
			large, small = small, large
		}
		f.put(large)
		f.put(medium)
		f.put(small)
	}
	if f.kept != 3 || f.lent != 0 {
		t.Errorf("%d buffers kept, %d lent", f.kept, f.lent)
	}
}

// TestAppendTakesFreeBuffers: output that outgrows its buffers goes from one of the list's to the next, and allocates nothing in
// the long run. No byte is lost on the way.
func TestAppendTakesFreeBuffers(t *testing.T) {
	l := running(t)
	fd, _ := pair(t)
	in(t, l, func() {
		c, err := l.Add(fd, &handler{})
		if err != nil {
			t.Error(err)
			return
		}
		piece := pattern(1000)
		output := func(n int) {
			b := c.Buffer()
			for range n {
				b = c.Append(b, piece)
			}
			if !bytes.Equal(b, bytes.Repeat(piece, n)) {
				t.Errorf("%d bytes are not what was appended", len(b))
			}
			c.PutBuffer(b)
		}
		for n := range 100 { // up to 100 kB, which is more than a buffer of the list has
			output(n)
		}
		if l.free.kept != len(bufferSizes) || l.free.lent != 0 {
			t.Errorf("%d buffers kept, %d lent", l.free.kept, l.free.lent)
		}
		round := func() {
			b := c.Buffer()
			for range 60 {
				b = c.Append(b, piece)
			}
			c.PutBuffer(b)
		}
		if n := testing.AllocsPerRun(100, round); n != 0 {
			t.Errorf("%v allocations for 60 kB of output", n)
		}
		grown := 0
		b := c.Buffer()
		for range 10_000 { // 10 MB
			before := cap(b)
			if b = c.Append(b, piece); cap(b) != before {
				grown++
			}
		}
		if grown > 12 {
			t.Errorf("copied %d times", grown)
		}
		c.PutBuffer(b)
	})
}

// TestUnusedBuffersGo: what was in use since the last trim stays, and no more; an idle loop keeps nothing.
func TestUnusedBuffersGo(t *testing.T) {
	l := running(t)
	use := func(n, size int) {
		var lent [][]byte
		for range n {
			lent = append(lent, l.free.get(size))
		}
		for _, b := range lent {
			l.free.put(b)
		}
	}
	in(t, l, func() {
		use(20, 0)
		use(10, keepBuffer)
		l.free.trim()
		if l.free.kept != 30 {
			t.Errorf("%d buffers kept of 30 in use", l.free.kept)
		}
		use(5, 0)
		use(5, 0)
		l.free.trim()
		if l.free.kept != 5 || len(l.free.bufs[0]) != 5 {
			t.Errorf("%d buffers kept of 5 in use", l.free.kept)
		}
		l.free.trim()
		if l.free.kept != 0 {
			t.Errorf("%d buffers kept that nobody uses", l.free.kept)
		}
		use(20, 0)
	})
	until(t, l, "all to go by themselves", func() bool { return l.free.kept == 0 && len(l.timers) == 0 && l.Timers() == 0 })
}

// TestGrowTakesFreeBuffers: frames that come in pieces allocate nothing in the long run.
func TestGrowTakesFreeBuffers(t *testing.T) {
	var f freeList
	round := func() {
		b := append(f.get(1), 'x')
		b = f.grow(b, 0)
		f.put(b)
	}
	round()
	if n := testing.AllocsPerRun(100, round); n != 0 {
		t.Errorf("%v allocations for each frame", n)
	}
}

// TestGrow: always room, never what was announced before it has come, and no byte lost.
func TestGrow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var f freeList
		size := rapid.IntRange(1, 1<<20).Draw(t, "size")
		need := rapid.SampledFrom([]int{0, size + 1, size + 5000, size + 1<<20, 1 << 30}).Draw(t, "need")
		content := pattern(size)
		extra := rapid.IntRange(0, 1<<16).Draw(t, "extra")
		b := append(make([]byte, 0, size+extra), content...)
		g := f.grow(b, need)
		switch {
		case !bytes.Equal(g, content):
			t.Fatal("lost bytes")
		case cap(g) == len(g):
			t.Fatal("no room")
		case cap(g) > max(2*cap(b), firstGrowth, size+smallBuffer):
			t.Fatalf("from %d to %d bytes", cap(b), cap(g))
		}
	})
}
