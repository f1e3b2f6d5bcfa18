package reactor

const (
	smallBuffer = 4 << 10  // what most connections need for a turn
	keepBuffer  = 64 << 10 // larger ones are left to the garbage collector
	keepBuffers = 1024     // per loop: at most 64 MiB in use and kept for reuse
	firstGrowth = 64 << 10 // a frame that does not fit is likely large
)

// freeList keeps buffers between uses, so that only connections with something in hand hold one.
type freeList struct {
	bufs [][]byte
	lent int // buffers that have not been given back
}

// get returns an empty buffer with room for at least n bytes.
func (f *freeList) get(n int) []byte {
	f.lent++
	if last := len(f.bufs) - 1; last >= 0 && cap(f.bufs[last]) >= n {
		b := f.bufs[last]
		f.bufs[last] = nil
		f.bufs = f.bufs[:last]
		return b
	}
	return make([]byte, 0, max(smallBuffer, n))
}

func (f *freeList) put(b []byte) {
	f.lent--
	if cap(b) >= smallBuffer && cap(b) <= keepBuffer && len(f.bufs) < keepBuffers {
		f.bufs = append(f.bufs, b[:0])
	}
}

// grow makes room behind b for a frame that needs need bytes in all.
func (f *freeList) grow(b []byte, need int) []byte {
	size := nextSize(b, need)
	if size == 0 {
		return b
	}
	grown := append(f.get(size), b...)
	f.put(b)
	return grown
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
