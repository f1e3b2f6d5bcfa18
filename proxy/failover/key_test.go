package failover

import (
	"encoding/binary"
	"slices"
)

// key is everything of the machine (and the oracle) that decisions can depend on, without what only counts up: two
// states with one key behave alike. Sentinels are sorted by what they say, because none of them is special.
func key(m *Machine, o *oracle) []byte {
	b := []byte{byte(m.state), byte(m.gate), byte(node(m.master) + 1), byte(min(m.flaps, 1)), byte(min(m.term, 1))}
	b = append(b, bits(m.hold.broken, m.hold.masterLost, m.restored, m.hold.since.IsZero(), m.ordered, m.minority, m.acquainted))
	b = append(b, byte(m.shut), bits(m.check != 0, m.stubborn, m.hold.sealed, m.drained, m.hold.overdue))
	b = append(b, fenceKey(m)...)
	b = binary.AppendUvarint(b, m.epoch)
	b = binary.AppendUvarint(b, m.confirmed)
	var armed uint16
	for i, d := range m.deadline {
		if !d.IsZero() {
			armed |= 1 << i
		}
	}
	b = binary.BigEndian.AppendUint16(b, armed)
	ps := make([]uint16, 0, 8)
	for _, p := range m.probes {
		ps = append(ps, uint16(node(p.addr))<<8|uint16(bits(p.number != 0)))
	}
	slices.Sort(ps)
	for _, p := range ps {
		b = binary.BigEndian.AppendUint16(b, p)
	}
	b = append(b, '|')
	var vs []string
	for i := range m.views {
		v := &m.views[i]
		c := &v.claim
		e := []byte{
			bits(v.up, v.fresh, v.tilt, c.announced, c.replica, m.follow == v.addr, v.inProgress(), v.heard), byte(node(v.master) + 1), byte(v.epoch),
			byte(c.stage), byte(c.dismissed), byte(node(c.master) + 1), byte(node(c.candidate) + 1),
		}
		c = &v.onward
		e = append(e, bits(c.announced, c.replica), byte(c.stage), byte(c.dismissed), byte(node(c.master)+1), byte(node(c.candidate)+1))
		if o != nil {
			e = o.saidKey(e, sentinel(v.addr))
		}
		vs = append(vs, string(e))
	}
	slices.Sort(vs)
	for _, v := range vs {
		b = append(b, v...)
	}
	if o != nil {
		b = append(b, byte(o.master+1), byte(o.epoch), byte(o.raised), byte(o.sure), byte(o.gate), bits(o.fell, o.restored, o.broken, o.lost, o.ordered, o.cut), byte(o.follow+1))
		b = o.fences.key(b)
	}
	return b
}

func (o *oracle) saidKey(b []byte, i int) []byte {
	s := &o.said[i]
	b = append(b, bits(s.known, s.named, s.running, s.heard), byte(s.node+1), byte(s.epoch))
	for _, c := range s.claims {
		b = append(b, bits(c.announced, c.replica, c.candidateEverNamed), byte(c.stage)<<4|byte(c.dismissed), byte(c.candidate+1))
	}
	return b
}

func bits(flags ...bool) (b byte) {
	for i, f := range flags {
		if f {
			b |= 1 << i
		}
	}
	return b
}

// fenceKey is the fences in the order of the nodes.
func fenceKey(m *Machine) []byte {
	var b [8]byte
	for i := range m.fences {
		f := &m.fences[i]
		b[node(f.addr)] = bits(true, f.lifting(), f.left)
	}
	return b[:]
}
