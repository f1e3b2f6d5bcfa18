package upstream

// ring is a queue of entries by value that grows by doubling and never allocates otherwise.
type ring struct {
	slots []Entry // a power of two
	head  int
	n     int
}

func (r *ring) len() int { return r.n }

// push returns the new last entry, to be filled in place.
func (r *ring) push() *Entry {
	if r.n == len(r.slots) {
		r.grow()
	}
	e := &r.slots[(r.head+r.n)&(len(r.slots)-1)]
	r.n++
	return e
}

// at returns entry i counted from the head.
func (r *ring) at(i int) *Entry { return &r.slots[(r.head+i)&(len(r.slots)-1)] }

// pop removes the head.
func (r *ring) pop() (out Entry) {
	r.popTo(&out)
	return out
}

// popTo is pop without copying twice. The slot is cleared: an idle queue must not keep sessions alive.
func (r *ring) popTo(out *Entry) {
	e := &r.slots[r.head]
	*out = *e
	*e = Entry{}
	r.head = (r.head + 1) & (len(r.slots) - 1)
	r.n--
}

// drop removes the first n.
func (r *ring) drop(n int) {
	for i := range n {
		*r.at(i) = Entry{}
	}
	r.head = (r.head + n) & (len(r.slots) - 1)
	r.n -= n
}

// keepSlots is how many slots an idle queue may keep beyond one Trim: about as many bytes as keepIdle.
const keepSlots = 4096

// trim gives back what an idle link does not need: what is more than keepIdle and keepSlots, and all of its memory if it has
// carried nothing since the last time. Not as soon as it is idle: a link that carries deep pipelines is so again and again.
func (l *Link) trim() {
	unused := l.trimmed == l.out.end()
	l.trimmed = l.out.end()
	if l.pending.n > 0 {
		return
	}
	if unused || len(l.pending.slots) > keepSlots {
		l.pending = ring{}
	}
	if l.out.size() == 0 && (unused || cap(l.out.buf) > keepIdle) {
		l.out.buf = nil
	}
}

func (r *ring) grow() {
	slots := make([]Entry, max(16, 2*len(r.slots)))
	for i := range r.n {
		slots[i] = *r.at(i)
	}
	r.slots, r.head = slots, 0
}
