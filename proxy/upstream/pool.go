package upstream

import "slices"

// pool is the idle links of one key, for the next sessions that need one of their own. Who gives one back gives it for the next to take, so those that
// nobody needs stay at the bottom. All are kept until the next Trim: clients in transactions come and go many times a second, and there may be more of
// them at once than links are kept for long.
type pool struct {
	links []*Link
	least int // how many there were at least since the last Trim: so many were not needed
}

// take takes an idle link; nil if there is none.
func (s *Set) take(key Key) *Link {
	p := s.pools[key]
	if p == nil || len(p.links) == 0 {
		return nil
	}
	last := len(p.links) - 1
	l := p.links[last]
	p.links[last], p.links = nil, p.links[:last]
	p.least = min(p.least, last)
	return l
}

// put keeps an idle link.
func (s *Set) put(l *Link) {
	p := s.pools[l.key]
	if p == nil {
		p = &pool{}
		s.pools[l.key] = p
	}
	p.links = append(p.links, l)
}

// remove takes a link out that is closed.
func (s *Set) remove(l *Link) {
	p := s.pools[l.key]
	if p == nil {
		return
	}
	if i := slices.Index(p.links, l); i >= 0 {
		p.links = slices.Delete(p.links, i, i+1)
		p.least = min(p.least, len(p.links))
	}
}

// DropIdle closes all idle links: the server has no room for others.
func (s *Set) DropIdle() {
	for _, p := range s.pools {
		for range len(p.links) {
			p.links[0].drop()
		}
	}
}

// full makes room for the next link.
func (s *Set) full() {
	s.DropIdle()
	if s.opt.Full != nil {
		s.opt.Full()
	}
}

// trimPools closes the links that were not needed since the last time, but for PoolSize of each key.
func (s *Set) trimPools() {
	for key, p := range s.pools {
		for range p.least - s.opt.PoolSize {
			p.links[0].drop() // which removes it
		}
		if p.least = len(p.links); p.least == 0 {
			delete(s.pools, key) // it may be of a password that has changed
		}
	}
}
