package upstream

// retained keeps the bytes of commands from the moment they are appended until their replies have come,
// so that they can be sent again. Offsets count from the start of the link's stream.
type retained struct {
	buf  []byte
	base uint64 // offset of buf[0]
	head uint64 // everything before it is answered
	sent uint64 // everything before it is written to the socket
	goal uint64 // nothing from here on may be written yet (the handshake is not answered); 0 = no limit
}

// keepIdle is the capacity in bytes that an idle link may keep.
const keepIdle = 256 << 10

func (r *retained) end() uint64 { return r.base + uint64(len(r.buf)) }

// size is the number of bytes kept.
func (r *retained) size() int { return int(r.end() - r.head) }

func (r *retained) append(b []byte) {
	if len(r.buf)+len(b) > cap(r.buf) {
		r.compact()
	}
	r.buf = append(r.buf, b...)
}

// compact drops answered bytes when they are at least half of the buffer, so that each byte is moved at
// most once on average.
func (r *retained) compact() {
	if dead := int(r.head - r.base); dead > 0 && 2*dead >= len(r.buf) {
		r.buf = r.buf[:copy(r.buf, r.buf[dead:])]
		r.base = r.head
	}
}

// answered says that everything before offset has been answered.
func (r *retained) answered(offset uint64) {
	r.head = offset
	if r.head == r.end() {
		r.base = r.head
		r.buf = r.buf[:0]
		if cap(r.buf) > keepIdle {
			r.buf = nil
		}
	}
}

// unsent is what may be written now.
func (r *retained) unsent() []byte {
	end := len(r.buf)
	if r.goal > 0 {
		end = int(r.goal - r.base)
	}
	return r.buf[r.sent-r.base : end]
}

// forgetUnsent drops what has not been written.
func (r *retained) forgetUnsent() {
	r.buf = r.buf[:r.sent-r.base]
	r.answered(r.sent)
}

// bytes is the stretch between two offsets, aliasing the buffer.
func (r *retained) bytes(from, to uint64) []byte { return r.buf[from-r.base : to-r.base] }
