package reactor

import (
	"slices"
	"time"
)

const (
	smallBuffer = 4 << 10  // what most connections need for a turn
	keepBuffer  = 64 << 10 // larger ones are left to the garbage collector
	keepBuffers = 1024     // per loop: at most 64 MiB kept for reuse
	keepFor     = time.Second
	firstGrowth = 64 << 10 // a frame that does not fit is likely large
)

// bufferSizes are those that buffers are made in. Each has a list of its own: in a common one a large buffer under a small one would not be
// found, and one more be made, for as long as there is room for one more.
var bufferSizes = [...]int{smallBuffer, 16 << 10, keepBuffer}

// freeList keeps buffers between uses, so that only connections with something in hand hold one. Those that were not needed for keepFor are left to
// the garbage collector: after its busiest moment a loop is as small as before.
type freeList struct {
	bufs   [len(bufferSizes)][][]byte // by the greatest size that they have room for
	unused [len(bufferSizes)]int      // how many of each there were at least since the last trim
	kept   int                        // buffers in bufs
	lent   int                        // buffers that have not been given back
	trims  bool                       // trim is due
	timer  Timer                      // for it: a loop at work is not to allocate one every second
}

// get returns an empty buffer with room for at least n bytes.
func (f *freeList) get(n int) []byte {
	f.lent++
	for i, size := range bufferSizes {
		if n > size {
			continue
		}
		list := f.bufs[i]
		last := len(list) - 1
		if last < 0 {
			return make([]byte, 0, size)
		}
		b := list[last]
		list[last] = nil
		f.bufs[i] = list[:last]
		f.unused[i] = min(f.unused[i], last)
		f.kept--
		return b
	}
	return make([]byte, 0, n)
}

func (f *freeList) put(b []byte) {
	f.lent--
	if cap(b) > keepBuffer || f.kept >= keepBuffers {
		return
	}
	for i := len(bufferSizes) - 1; i >= 0; i-- {
		if cap(b) >= bufferSizes[i] {
			f.bufs[i] = append(f.bufs[i], b[:0])
			f.kept++
			return
		}
	}
}

// trim drops what was not used since the last time.
func (f *freeList) trim() {
	for i, n := range f.unused {
		f.bufs[i] = slices.Delete(f.bufs[i], 0, n) // the last ones are used first
		f.kept -= n
		if f.unused[i] = len(f.bufs[i]); f.unused[i] == 0 {
			f.bufs[i] = nil
		}
	}
}

// trimInTime sees to it that buffers which lie unused are dropped.
func (l *Loop) trimInTime() {
	if f := &l.free; f.kept > 0 && !f.trims {
		f.trims = true
		l.start(&f.timer, keepFor)
	}
}

func (f *freeList) due() {
	f.trims = false // and trimInTime begins again at the end of this turn
	f.trim()
}

// grow makes room behind b for a frame that needs need bytes in all.
func (f *freeList) grow(b []byte, need int) []byte {
	size := nextSize(b, need)
	if size == 0 {
		return b
	}
	return f.move(b, size)
}

// move is b in a buffer with room for size bytes in all. One that is too large to be kept at least doubles.
func (f *freeList) move(b []byte, size int) []byte {
	if size > keepBuffer {
		size = max(size, 2*cap(b))
	}
	moved := append(f.get(size), b...)
	f.put(b)
	return moved
}

// nextSize is how large the buffer b of an unfinished frame should become, 0 if it will do. need is the size that the
// frame has announced, 0 if unknown: it is only approached by doubling, so that an announced length costs its sender
// as many bytes as it costs us.
func nextSize(b []byte, need int) int {
	if cap(b)-len(b) >= smallBuffer || (need > 0 && cap(b) >= need && cap(b) > len(b)) {
		return 0
	}
	size := max(firstGrowth, 2*cap(b))
	if need > len(b) {
		size = min(size, need+smallBuffer)
	}
	return max(size, len(b)+smallBuffer)
}
