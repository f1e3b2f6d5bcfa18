package upstream

import (
	"testing"

	"sentinelproxy/proxy/internal/scripted"
)

// TestPoolGrows: as many links stay as sessions needed at once since the last Trim, however many that were, and PoolSize more.
func TestPoolGrows(t *testing.T) {
	node := scripted.StartNode(t, scripted.NoFaults)
	r := newRig(t, nil) // PoolSize is 2
	r.adopt(node.Addr())
	owners := make([]*pinOwner, 9)
	visit := func(n int) {
		t.Helper()
		for _, o := range owners[:n] {
			r.in(func() { o.link = r.set.Pin(plain, o) })
		}
		for _, o := range owners[:n] {
			r.until("handshake", func() bool { return o.link.state == ready })
		}
		for _, o := range owners[:n] {
			r.in(func() { r.set.Unpin(o.link, true) })
		}
	}
	for i := range owners {
		owners[i] = &pinOwner{client: r.client("a")}
	}
	for _, step := range []struct{ visitors, dialed, idle int }{
		{9, 9, 9}, // all were needed
		{9, 9, 9}, // and used again
		{4, 9, 6}, // five were not: two of them are kept
		{1, 9, 3},
		{0, 9, 2},
		{9, 16, 9}, // seven more
	} {
		visit(step.visitors)
		r.in(r.set.Trim)
		var idle, dialed int
		r.in(func() { idle, dialed = r.set.Usage().Idle, int(r.set.Counters.Dials) })
		if idle != step.idle || dialed != step.dialed {
			t.Errorf("after %d at once %d are idle of %d that were dialed, want %d of %d", step.visitors, idle, dialed, step.idle, step.dialed)
		}
	}
	r.in(func() {
		p := r.set.pools[plain]
		p.links[3].conn.Close(nil)
		if len(p.links) != 8 || p.least != 8 {
			t.Errorf("one of nine is closed, %d are left, %d at least", len(p.links), p.least)
		}
	})
}

// TestPoolMakesRoom: when the server has no room for a further link, the idle ones are closed.
func TestPoolMakesRoom(t *testing.T) {
	s := scripted.Listen(t)
	r := newRig(t, nil)
	r.adopt(s.Addr())
	o, other := &pinOwner{client: r.client("a")}, &pinOwner{client: r.client("b")}
	r.in(func() { o.link = r.set.Pin(plain, o) })
	idle := s.AcceptReady()
	r.until("handshake", func() bool { return o.link.state == ready })
	r.in(func() {
		r.set.Unpin(o.link, true)
		other.link = r.set.Pin(Key{Proto: 3}, other)
	})
	told := false
	r.in(func() { r.set.opt.Full = func() { told = true } })
	s.Accept().Send("-ERR max number of clients reached\r\n")
	idle.ExpectClosed()
	r.in(func() {
		if !told {
			t.Error("other lanes were not told")
		}
	})
	r.in(func() {
		if n := r.set.Usage().Idle; n != 0 {
			t.Errorf("%d are idle", n)
		}
	})
}
