package reactor

import (
	"slices"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// MappedFrame is from how many bytes on bytes are kept in memory outside the heap. There they grow without being copied
// (where the system can do that), cost what has arrived and not what was announced, can be handed on as they are, and are
// given back to the system at once: with a heap of a few MiB every value would begin a garbage collection, and one of
// 512 MiB be copied several times and stay for minutes.
const MappedFrame = keepBuffer

// LargeFrame is from how many bytes on a frame is a large one: its memory is counted, and may have to be waited for.
const LargeFrame = 1 << 20

// A loop keeps some of this memory for the next frames, those that were used last: page faults are most of what it costs. What
// was in use at some time within the last second (keepFor) is kept, too: where many clients send large values, that is all of it.
const (
	keepLarge      = 8 << 20  // larger ones are given back at once
	keepLargeBytes = 32 << 20 // of all, for as long as it takes
	keepLargeFrees = 512
)

// Memory counts the bytes of large frames of all loops that share it.
type Memory struct{ used atomic.Int64 }

// Used is the bytes of large frames that are being read or have not been freed.
func (m *Memory) Used() int64 { return m.used.Load() }

// largeList keeps some of the freed memory outside the heap for reuse.
type largeList struct {
	memory *Memory
	free   [][]byte // the oldest first
	kept   int      // bytes in free
	unused int      // the least that kept was since the last trim
	timed  bool     // trim is due
}

// get returns empty memory with room for n bytes, from the heap if the system refuses. What will probably become want
// bytes, more than n, gets memory that need not grow, if there is such.
func (f *largeList) get(n, want int) []byte {
	best := -1
	for i := len(f.free) - 1; i >= 0; i-- { // what was used last is in the processor's cache
		if size := cap(f.free[i]); size >= n && (best < 0 || better(size, cap(f.free[best]), want)) {
			best = i
		}
	}
	if best >= 0 {
		return f.remove(best)
	}
	b, err := unix.Mmap(-1, 0, pages(n), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return make([]byte, 0, n)
	}
	return b[:0]
}

// better says whether memory of a bytes suits a frame of want bytes better than that of b: the least that will do, or else
// the most.
func better(a, b, want int) bool {
	if b >= want {
		return a >= want && a < b
	}
	return a > b
}

func (f *largeList) remove(i int) []byte {
	b := f.free[i]
	f.free = slices.Delete(f.free, i, i+1)
	f.kept -= cap(b)
	f.unused = min(f.unused, f.kept)
	return b
}

// freeLarge gives memory back.
func (l *Loop) freeLarge(b []byte) {
	f := &l.large
	if f.put(b); f.kept > keepLargeBytes && !f.timed {
		f.timed, f.unused = true, f.kept
		l.After(keepFor, l.trimLarge)
	}
}

// trimLarge gives back to the system what was not used since the last time.
func (l *Loop) trimLarge() {
	f := &l.large
	for least := f.kept - f.unused; f.kept > max(least, keepLargeBytes); {
		unmap(f.remove(0))
	}
	if f.timed = f.kept > keepLargeBytes; f.timed {
		f.unused = f.kept
		l.After(keepFor, l.trimLarge)
	}
}

// put keeps memory, if it is not too large.
func (f *largeList) put(b []byte) {
	if cap(b) > keepLarge {
		unmap(b)
		return
	}
	f.free = append(f.free, b[:0])
	f.kept += cap(b)
	for len(f.free) > keepLargeFrees {
		unmap(f.remove(0))
	}
}

// copyTo is b in memory of another size.
func (f *largeList) copyTo(b []byte, size int) []byte {
	grown := append(f.get(size, size), b...)
	unmap(b)
	return grown
}

// unmap fails for memory that is not of unix.Mmap, and then the garbage collector has it.
func unmap(b []byte) { _ = unix.Munmap(b[:cap(b)]) }

func (f *largeList) close() {
	for _, b := range f.free {
		unmap(b)
	}
	f.free, f.kept = nil, 0
}

func pages(n int) int {
	page := unix.Getpagesize()
	return (n + page - 1) / page * page
}

// AppendLarge appends data to b, an output buffer that has become large: large says if it is memory of this kind already, else
// it is one of Buffer, which is given back. It is not counted.
func (c *Conn) AppendLarge(b []byte, large bool, data []byte) []byte {
	l := c.loop
	switch need := len(b) + len(data); {
	case !large:
		moved := append(l.large.get(2*need, 2*need), b...)
		l.free.put(b)
		b = moved
	case need > cap(b):
		b = l.large.grow(b, max(2*cap(b), need))
	}
	return append(b, data...)
}

// FreeLargeOut gives back what AppendLarge returned.
func (c *Conn) FreeLargeOut(b []byte) { c.loop.freeLarge(b) }

// CopyLarge is b, at most LargeFrame bytes, in memory of its own. It is not counted.
func (l *Loop) CopyLarge(b []byte) []byte { return append(l.large.get(len(b), len(b)), b...) }

// FreeLarge gives back what TakeLarge or CopyLarge returned.
func (l *Loop) FreeLarge(b []byte) {
	l.large.memory.used.Add(-counted(b))
	l.freeLarge(b)
}

// counted is how much of a frame in memory of its own is counted.
func counted(frame []byte) int64 {
	if len(frame) <= LargeFrame {
		return 0
	}
	return int64(len(frame))
}

// Account makes the loop count the memory of its large frames in m.
func (l *Loop) Account(m *Memory) { l.large.memory = m }

// Large says whether what Data gets is a large frame, and counted.
func (c *Conn) Large() bool { return c.large }

// Mapped says whether what Data gets is in memory of its own: see TakeLarge.
func (c *Conn) Mapped() bool { return c.mapped }

// TakeLarge may be called from Data while Mapped: it makes the first n bytes of data, and the memory they are in, the
// caller's, until it calls FreeLarge. Data has to return n then; what is behind them comes again.
func (c *Conn) TakeLarge(n int) []byte {
	taken := c.in[:n]
	rest := c.in[n:]
	c.count(-len(c.in))
	c.loop.large.memory.used.Add(counted(taken))
	c.in, c.mapped, c.large, c.taken = nil, false, false, true
	if len(rest) > 0 {
		c.keep(rest, 0)
	}
	return taken
}

// count notes that in has become n bytes more.
func (c *Conn) count(n int) {
	if c.large {
		c.loop.large.memory.used.Add(int64(n))
	}
}

// leastMapped is how much of a frame must have come before its announced size counts: an announcement alone costs us no
// more than its sender.
const leastMapped = 16 << 10

// keep makes in what is left of a read, of a frame that needs need bytes in all, 0 if unknown.
func (c *Conn) keep(rest []byte, need int) {
	if len(rest) <= MappedFrame && (need <= MappedFrame || len(rest) < leastMapped) {
		c.in = append(c.loop.free.get(len(rest)), rest...)
		return
	}
	size := max(2*len(rest), 2*firstGrowth)
	if need > 0 {
		size = max(min(size, need+smallBuffer), len(rest))
	}
	c.in, c.mapped = append(c.loop.large.get(size, need), rest...), true
}

// grow makes room behind what Data has left, which needs need bytes in all, 0 if unknown.
func (c *Conn) grow(need int) {
	size := nextSize(c.in, need)
	switch {
	case size == 0:
	case c.mapped:
		c.in = c.loop.large.grow(c.in, size)
	case size > MappedFrame:
		in := append(c.loop.large.get(size, need), c.in...)
		c.loop.free.put(c.in)
		c.in, c.mapped = in, true
	default:
		c.in = c.loop.free.grow(c.in, need)
	}
	if c.mapped && !c.large && len(c.in) >= LargeFrame {
		c.large = true
		c.count(len(c.in))
	}
}

// room is where the next read goes. Of a frame in memory of its own no more is read than it needs, so that it is alone
// there, and before it is large only so much that it becomes so.
func (c *Conn) room(need int) []byte {
	end := cap(c.in)
	if c.mapped {
		if need > len(c.in) {
			end = min(end, need)
		}
		if !c.large {
			end = min(end, LargeFrame)
		}
	}
	return c.in[len(c.in):end]
}
