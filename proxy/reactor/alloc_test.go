package reactor

import (
	"io"
	"math"
	"testing"
)

// least is the fewest allocations of some counts: they are of the whole process, in which what earlier tests have started may
// still be ending, and that can only add.
func least(f func()) float64 {
	n := math.Inf(1)
	for range 5 {
		n = min(n, testing.AllocsPerRun(200, f))
	}
	return n
}

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
