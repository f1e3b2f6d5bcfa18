package reactor

import (
	"io"
	"math"
	"testing"

	"sentinelproxy/internal/allocs"
)

// least allows for one allocation of the runtime's own in all the calls of a count.
func least(f func()) float64 { return math.Floor(allocs.Least(5, 200, f)) }

// TestTurnDoesNotAllocate: waiting, reading, handing over, marking dirty and writing.
func TestTurnDoesNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	l := running(t)
	fd, peer := pair(t)
	e := &echo{}
	in(t, l, func() { e.c, _ = l.Add(fd, e) })
	buf := make([]byte, 64)
	round := func() {
		if _, err := peer.Write(buf); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(peer, buf); err != nil {
			t.Fatal(err)
		}
	}
	round()
	if n := least(round); n != 0 {
		t.Errorf("%v allocations for a message and its echo", n)
	}
}

// TestPostDoesNotAllocate, to and fro.
func TestPostDoesNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	l := running(t)
	done := make(chan struct{})
	f := func() { done <- struct{}{} }
	round := func() {
		l.Post(f)
		<-done
	}
	for range 10 {
		round() // both of the mailbox's lists reach their size
	}
	if n := least(round); n != 0 {
		t.Errorf("%v allocations for a function that is posted", n)
	}
}
