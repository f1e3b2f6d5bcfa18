package upstream

import (
	"fmt"
	"testing"

	"sentinelproxy/resp"
)

// TestRingAllocates nothing while it is no longer than it once was, wherever its head stands.
func TestRingAllocates(t *testing.T) {
	var q ring
	for range 100 {
		q.push()
	}
	for range 90 {
		q.pop()
	}
	if n := testing.AllocsPerRun(100, func() {
		for range 50 {
			q.push().Tag = 1
		}
		for range 50 {
			q.pop()
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// classes are all that a command may be.
var classes = []Class{Write, Idempotent, Read, Script, Once, Overwrite}

// turnOf is turn with commands of a class.
func turnOf(l *Link, o Owner, class Class, command, replies []byte, n int) {
	for range n {
		l.Append(o, command, class, 0)
	}
	l.out.sent = l.out.end()
	l.Data(replies)
}

// TestLinkAllocatesForNoClass: what a write needs besides to be judged after a loss is no allocation either.
func TestLinkAllocatesForNoClass(t *testing.T) {
	r, l := connected(t)
	command := resp.AppendCommand(nil, []byte("SET"), []byte("key"), []byte("value"))
	replies := repliesOf(50)
	o := &sink{}
	for _, class := range classes {
		r.in(func() {
			turnOf(l, o, class, command, replies, 50)
			if n := testing.AllocsPerRun(100, func() { turnOf(l, o, class, command, replies, 50) }); n != 0 {
				t.Errorf("class %d: %v allocations for 50 commands", class, n)
			}
		})
	}
}

// BenchmarkLinkClass is BenchmarkLink for each class.
func BenchmarkLinkClass(b *testing.B) {
	r, l := connected(b)
	command := resp.AppendCommand(nil, []byte("SET"), []byte("key"), []byte("value"))
	replies := repliesOf(50)
	o := &sink{}
	for _, class := range classes {
		b.Run(fmt.Sprint(class), func(b *testing.B) {
			b.ReportAllocs()
			r.in(func() {
				for i := 0; i < b.N; i += 50 {
					turnOf(l, o, class, command, replies, 50)
				}
			})
		})
	}
}
