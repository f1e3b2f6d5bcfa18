package resp

// Partial tells, after Next asked for more, how many bytes at the start of the buffer belong to the unfinished reply and
// won't be looked at again: they may be passed on before the reply is whole. Half an argument counts, half a line does not.
func (r *ReplyReader) Partial() int {
	if r.end > 0 {
		return r.have
	}
	return r.pos
}

// Advance tells that the caller has dropped the first n bytes of its buffer, at most Partial: the next buffer begins n
// bytes later, and what Next returns is counted from there.
func (r *ReplyReader) Advance(n int) {
	if n < 0 || n > r.Partial() {
		panic("resp: BUG: Advance by more than Partial")
	}
	if r.end > 0 {
		r.end -= n
		r.have -= n
	}
	r.pos = max(r.pos-n, 0)
	r.scan = max(r.scan-n, 0)
}

// Need tells, after Next asked for more, how many bytes of the present buffer the reply will have at least, if that is
// known, or 0. It is what the server has announced; nothing bounds it.
func (r *ReplyReader) Need() int { return r.end }

// Begun tells whether part of a reply has been framed or dropped: the stream can't end here.
func (r *ReplyReader) Begun() bool { return r.begun }

// Reset forgets a reply that was begun. MaxDepth stays.
func (r *ReplyReader) Reset() {
	r.nest.depth = 0
	r.restart()
}

// restart makes ready for the next reply.
func (r *ReplyReader) restart() {
	r.begun, r.push, r.pos, r.end, r.scan, r.have = false, false, 0, 0, 0, 0
}
