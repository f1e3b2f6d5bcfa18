package upstream

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"sentinelproxy/proxy/reactor"
)

// TestRing compares the ring with a slice.
func TestRing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var r ring
		var model []uint64
		next := uint64(1)
		for range rapid.IntRange(1, 300).Draw(t, "steps") {
			if rapid.IntRange(0, 2).Draw(t, "push") > 0 {
				r.push().end = next
				model = append(model, next)
				next++
			} else if len(model) > 0 {
				if e := r.pop(); e.end != model[0] {
					t.Fatalf("popped %d, want %d", e.end, model[0])
				}
				model = model[1:]
			}
			if r.len() != len(model) {
				t.Fatalf("len %d, want %d", r.len(), len(model))
			}
			for i, want := range model {
				if got := r.at(i).end; got != want {
					t.Fatalf("at(%d) is %d, want %d", i, got, want)
				}
			}
		}
		used := 0
		for i := range r.slots {
			if r.slots[i].end != 0 {
				used++
			}
		}
		if used > len(model) {
			t.Fatalf("%d slots hold something for %d entries: they would keep sessions alive", used, len(model))
		}
	})
}

// TestRetained compares the buffer with a log that forgets nothing: commands of random sizes are appended, some in memory
// of their own, written in random pieces and answered in order, the handshake's goal in place at first.
func TestRetained(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		large := map[*byte]bool{} // given to the buffer, and not given back
		r := retained{free: func(b []byte) {
			if !large[&b[0]] {
				t.Fatal("freed what it was not given, or twice")
			}
			delete(large, &b[0])
		}, copy: func(b []byte) []byte {
			b = bytes.Clone(b)
			large[&b[0]] = true
			return b
		}}
		var log, wire []byte
		var ends []uint64 // of commands not answered
		add := func(n int, apart bool) {
			b := make([]byte, n)
			for i := range b {
				b[i] = byte(len(log) + i*7)
			}
			if apart {
				large[&b[0]] = true
				r.appendLarge(b)
			} else {
				r.append(b)
			}
			log = append(log, b...)
			ends = append(ends, r.end())
		}
		add(rapid.IntRange(1, 50).Draw(t, "handshake"), false)
		r.goal = r.end()
		head := uint64(0)
		for range rapid.IntRange(1, 150).Draw(t, "steps") {
			switch rapid.IntRange(0, 2).Draw(t, "step") {
			case 0:
				add(rapid.SampledFrom([]int{1, 14, 100, 5000, ownMemory, keepIdle + 1, keepBusy + 1, reactor.LargeFrame + 1}).Draw(t, "size"), rapid.IntRange(0, 5).Draw(t, "apart") == 0)
			case 1:
				b := r.unsent()
				n := rapid.IntRange(0, len(b)).Draw(t, "written")
				wire = append(wire, b[:n]...)
				r.sent += uint64(n)
			case 2:
				if len(ends) == 0 || ends[0] > r.sent {
					continue
				}
				head = ends[0]
				ends = ends[1:]
				if r.answered(head); r.goal == head {
					r.goal = 0
				}
			}
			limit := uint64(len(log))
			if r.goal > 0 {
				limit = r.goal
			}
			switch {
			case !bytes.HasPrefix(log, wire):
				t.Fatal("something else than the log was written")
			case r.end() != uint64(len(log)) || r.size() != len(log)-int(head):
				t.Fatalf("ends at %d, keeps %d; want %d, %d", r.end(), r.size(), len(log), len(log)-int(head))
			case !bytes.HasPrefix(log[len(wire):limit], r.unsent()) || len(r.unsent()) == 0 && len(wire) < int(limit):
				t.Fatal("what is left to write is wrong")
			case len(large) == 0 && !bytes.Equal(r.bytes(head, r.end()), log[head:]):
				t.Fatal("what is kept is wrong")
			}
			from := head
			for _, end := range ends {
				if !bytes.Equal(r.bytes(from, end), log[from:end]) {
					t.Fatal("a command is not what was appended")
				}
				from = end
			}
		}
		// Some of what is lost is taken away, to be sent again: that is not freed.
		for _, end := range ends {
			if rapid.Bool().Draw(t, "taken") {
				b, apart := r.take(head, end)
				if !bytes.Equal(b, log[head:end]) || apart != large[&b[0]] {
					t.Fatal("a command that is taken is not what was appended")
				}
				delete(large, &b[0])
			}
			head = end
		}
		// Quiet: everything written and answered. Then nothing large is kept.
		r.goal, r.sent = 0, r.end()
		r.answered(r.end())
		if cap(r.buf) > keepBusy || len(r.buf) > 0 || len(large) > 0 || r.front != nil {
			t.Fatalf("an idle link keeps %d bytes, %d large commands, %d segments", cap(r.buf), len(large), len(r.front))
		}
	})
}

// TestRetainedIsBounded: under a steady stream the buffer stays within a few times of what is in flight.
func TestRetainedIsBounded(t *testing.T) {
	var r retained
	command := make([]byte, 100)
	const inFlight = 50
	for i := range 100000 {
		r.append(command)
		r.sent = r.end()
		if i >= inFlight {
			r.answered(r.head + 100)
		}
	}
	if limit := 8 * inFlight * 100; cap(r.buf) > limit {
		t.Errorf("%d bytes for %d in flight", cap(r.buf), inFlight*100)
	}
}
