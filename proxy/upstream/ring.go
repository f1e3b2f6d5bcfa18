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

func (r *ring) grow() {
	slots := make([]Entry, max(16, 2*len(r.slots)))
	for i := range r.n {
		slots[i] = *r.at(i)
	}
	r.slots, r.head = slots, 0
}
