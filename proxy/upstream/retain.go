package upstream

import "sentinelproxy/proxy/reactor"

// retained keeps the bytes of commands from the moment they are appended until their replies have come,
// so that they can be sent again. Offsets count from the start of the link's stream.
type retained struct {
	buf   []byte
	base  uint64    // offset of buf[0]
	head  uint64    // everything before it is answered
	sent  uint64    // everything before it is written to the socket
	goal  uint64    // nothing from here on may be written yet (the handshake is not answered); 0 = no limit
	front []segment // what comes before buf, where there is a large command; nearly always empty

	free func([]byte)        // takes the memory of a large command back
	copy func([]byte) []byte // makes memory of its own for one
}

// segment is a stretch of the stream in memory of its own: a large command that was handed over as it is, or what
// was appended before one.
type segment struct {
	b     []byte
	base  uint64
	end   uint64
	large bool
}

func (r *retained) end() uint64 { return r.base + uint64(len(r.buf)) }

// size is the number of bytes kept.
func (r *retained) size() int { return int(r.end() - r.head) }

// ownMemory is from how many bytes on a command is copied into memory of its own: behind many of them buf would be
// copied again and again as it grows, and be left to the garbage collector.
const ownMemory = 32 << 10

func (r *retained) append(b []byte) {
	if len(b) >= ownMemory && len(b) <= reactor.LargeFrame {
		r.appendLarge(r.copy(b))
		return
	}
	if len(r.buf)+len(b) > cap(r.buf) {
		r.compact()
	}
	r.buf = append(r.buf, b...)
}

// appendLarge keeps b itself, until it is answered.
func (r *retained) appendLarge(b []byte) {
	if len(r.buf) > 0 {
		r.front = append(r.front, segment{b: r.buf, base: r.base, end: r.end()})
		r.base, r.buf = r.end(), nil
	}
	end := r.base + uint64(len(b))
	r.front = append(r.front, segment{b: b, base: r.base, end: end, large: true})
	r.base = end
}

// compact drops answered bytes when they are at least half of the buffer, so that each byte is moved at
// most once on average.
func (r *retained) compact() {
	if len(r.front) > 0 {
		return // nothing of buf is answered
	}
	if dead := int(r.head - r.base); dead > 0 && 2*dead >= len(r.buf) {
		r.buf = r.buf[:copy(r.buf, r.buf[dead:])]
		r.base = r.head
	}
}

// answered says that everything before offset has been answered.
func (r *retained) answered(offset uint64) {
	r.head = max(r.head, offset)
	for len(r.front) > 0 && r.front[0].end <= offset {
		r.drop(0)
	}
	if r.head == r.end() {
		r.base = r.head
		r.buf = r.buf[:0]
		if cap(r.buf) > keepBusy {
			r.buf = nil
		}
	}
}

// drop forgets segment i.
func (r *retained) drop(i int) {
	if s := r.front[i]; s.large && s.b != nil {
		r.free(s.b)
	}
	if r.front = append(r.front[:i], r.front[i+1:]...); len(r.front) == 0 {
		r.front = nil
	}
}

// unsent is what may be written now, or a first part of it.
func (r *retained) unsent() []byte {
	if len(r.front) > 0 {
		for i := range r.front {
			if s := &r.front[i]; r.sent < s.end {
				return s.b[r.sent-s.base : r.limit(s.end)-s.base]
			}
		}
	}
	return r.buf[r.sent-r.base : r.limit(r.end())-r.base]
}

func (r *retained) limit(end uint64) uint64 {
	if r.goal > 0 {
		return min(end, r.goal)
	}
	return end
}

// forgetUnsent drops what has not been written, and takes the rest for answered.
func (r *retained) forgetUnsent() {
	r.release()
	r.buf = r.buf[:0]
	r.base = r.sent
	r.answered(r.sent)
}

// bytes is one command, between two offsets, aliasing the buffer.
func (r *retained) bytes(from, to uint64) []byte {
	if s := r.segmentOf(from, to); s != nil {
		return s.b[from-s.base : to-s.base]
	}
	return r.buf[from-r.base : to-r.base]
}

// take is bytes to be kept by the caller: a copy, or a large command itself.
func (r *retained) take(from, to uint64) (b []byte, large bool) {
	if s := r.segmentOf(from, to); s != nil && s.large {
		b, s.b = s.b, nil
		return b, true
	}
	return append([]byte(nil), r.bytes(from, to)...), false
}

// segmentOf is where a command is that begins at from, nil for buf. No command is in two.
func (r *retained) segmentOf(from, to uint64) *segment {
	for i := range r.front {
		if s := &r.front[i]; from >= s.base && to <= s.end {
			return s
		}
	}
	return nil
}

// release gives back what is left of large commands.
func (r *retained) release() {
	for len(r.front) > 0 {
		r.drop(0)
	}
}
