package upstream

import (
	"testing"

	"sentinelproxy/proxy/internal/scripted"
	"sentinelproxy/resp"
)

// sink is an owner that takes replies and does nothing with them.
type sink struct{ replies int }

func (s *sink) Reply(*Entry, []byte, bool) { s.replies++ }
func (s *sink) Replies(n int, _ []byte)    { s.replies += n }
func (s *sink) Broken(*Entry)              {}
func (s *sink) Gone() bool                 { return false }

// connected is a link that is ready, for tests that feed it themselves; it is only used in the loop.
func connected(t testing.TB) (*rig, *Link) {
	r, l, _ := served(t)
	return r, l
}

// served is a link that is ready, and the server's end of it.
func served(t testing.TB) (*rig, *Link, *scripted.Conn) {
	s := scripted.Listen(t)
	r := newRig(t, nil)
	r.adopt(s.Addr())
	var l *Link
	r.in(func() { l = r.set.Shared(plain) })
	server := s.AcceptReady()
	r.until("the handshake", func() bool { return l.state == ready })
	return r, l, server
}

// turn is what one turn of the loop does to a link with n commands and their replies, without the sockets.
func turn(l *Link, o Owner, command, replies []byte, n int) {
	for range n {
		l.Append(o, command, Read, 0)
	}
	l.out.sent = l.out.end()
	l.Data(replies)
}

func repliesOf(n int) (replies []byte) {
	for range n {
		replies = append(replies, "$5\r\nvalue\r\n"...)
	}
	return replies
}

// TestLinkAllocates nothing, once its buffers have their size.
func TestLinkAllocates(t *testing.T) {
	r, l := connected(t)
	command := resp.AppendCommand(nil, []byte("GET"), []byte("key"))
	replies := repliesOf(50)
	o := &sink{}
	r.in(func() {
		turn(l, o, command, replies, 50)
		if n := testing.AllocsPerRun(100, func() { turn(l, o, command, replies, 50) }); n != 0 {
			t.Errorf("%v allocations for 50 commands", n)
		}
		if o.replies != 102*50 {
			t.Errorf("%d replies", o.replies)
		}
	})
}

// BenchmarkLink is a command's way out and its reply's way in, 50 per turn, without the sockets.
func BenchmarkLink(b *testing.B) {
	r, l := connected(b)
	command := resp.AppendCommand(nil, []byte("GET"), []byte("key"))
	replies := repliesOf(50)
	o := &sink{}
	b.ReportAllocs()
	r.in(func() {
		for i := 0; i < b.N; i += 50 {
			turn(l, o, command, replies, 50)
		}
	})
}

// BenchmarkRing is one entry through the pending queue with 100 before it.
func BenchmarkRing(b *testing.B) {
	var q ring
	for range 100 {
		q.push()
	}
	b.ReportAllocs()
	for b.Loop() {
		q.push().Tag = 1
		q.pop()
	}
}
