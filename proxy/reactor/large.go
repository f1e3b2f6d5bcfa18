package reactor

import (
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// LargeFrame is from how many bytes on an unfinished frame is kept in memory outside the heap. There it grows
// without being copied (where the system can do that), costs what has arrived and not what was announced, can be
// handed on as it is, and is given back to the system at once: with a heap of a few MiB one value of 512 MiB would
// otherwise be copied several times, and stay for minutes.
const LargeFrame = 1 << 20

// keepLarge is how much of it a loop keeps for the next large frames; page faults are most of what such memory costs.
const (
	keepLarge      = 8 << 20
	keepLargeFrees = 4
)

// Memory counts the bytes of large frames of all loops that share it.
type Memory struct{ used atomic.Int64 }

// Used is the bytes of large frames that are being read or have not been freed.
func (m *Memory) Used() int64 { return m.used.Load() }

// largeList keeps some of the freed memory of large frames for reuse.
type largeList struct {
	memory *Memory
	free   [][]byte
}

// get returns empty memory with room for n bytes, from the heap if the system refuses.
func (f *largeList) get(n int) []byte {
	for i, b := range f.free {
		if cap(b) >= n {
			f.free[i] = f.free[len(f.free)-1]
			f.free[len(f.free)-1] = nil
			f.free = f.free[:len(f.free)-1]
			return b[:0]
		}
	}
	b, err := unix.Mmap(-1, 0, pages(n), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return make([]byte, 0, n)
	}
	return b[:0]
}

// put gives memory back.
func (f *largeList) put(b []byte) {
	f.memory.used.Add(-int64(len(b)))
	if cap(b) <= keepLarge && len(f.free) < keepLargeFrees {
		f.free = append(f.free, b[:0])
		return
	}
	unmap(b)
}

// copyTo is b in memory of another size.
func (f *largeList) copyTo(b []byte, size int) []byte {
	grown := append(f.get(size), b...)
	unmap(b)
	return grown
}

// unmap fails for memory that is not of unix.Mmap, and then the garbage collector has it.
func unmap(b []byte) { _ = unix.Munmap(b[:cap(b)]) }

func (f *largeList) close() {
	for _, b := range f.free {
		unmap(b)
	}
	f.free = nil
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
		moved := append(l.large.get(2*need), b...)
		l.free.put(b)
		b = moved
	case need > cap(b):
		b = l.large.grow(b, max(2*cap(b), need))
	}
	return append(b, data...)
}

// FreeLargeOut gives back what AppendLarge returned.
func (c *Conn) FreeLargeOut(b []byte) { c.loop.large.put(b[:0]) }

// FreeLarge gives back what TakeLarge returned.
func (l *Loop) FreeLarge(b []byte) { l.large.put(b) }

// Account makes the loop count the memory of its large frames in m.
func (l *Loop) Account(m *Memory) { l.large.memory = m }

// Large says whether what Data gets is the memory of a large frame: see TakeLarge.
func (c *Conn) Large() bool { return c.large }

// TakeLarge may be called from Data while Large: it makes the first n bytes of data, and the memory they are in, the
// caller's, until it calls FreeLarge. Data has to return n then; what is behind them comes again.
func (c *Conn) TakeLarge(n int) []byte {
	taken := c.in[:n]
	rest := c.in[n:]
	c.loop.large.memory.used.Add(-int64(len(rest)))
	c.in, c.large, c.taken = nil, false, true
	if len(rest) > 0 {
		c.in = append(c.loop.free.get(len(rest)), rest...)
	}
	return taken
}

// grow makes room behind what Data has left, which needs need bytes in all, 0 if unknown.
func (c *Conn) grow(need int) {
	if c.large {
		if size := nextSize(c.in, need); size > 0 {
			c.in = c.loop.large.grow(c.in, size)
		}
		return
	}
	if size := nextSize(c.in, need); size > LargeFrame {
		in := append(c.loop.large.get(size), c.in...)
		c.loop.large.memory.used.Add(int64(len(in)))
		c.loop.free.put(c.in)
		c.in, c.large = in, true
		return
	}
	c.in = c.loop.free.grow(c.in, need)
}

// room is where the next read goes. Of a large frame no more is read than it needs, so that it is alone in its memory.
func (c *Conn) room(need int) []byte {
	end := cap(c.in)
	if c.large && need > len(c.in) {
		end = min(end, need)
	}
	return c.in[len(c.in):end]
}
