package reactor

import (
	"container/heap"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestTimersRunInOrder(t *testing.T) {
	l := running(t)
	done := make(chan struct{})
	var order []int
	start := time.Now()
	in(t, l, func() {
		for _, ms := range []int{20, 5, 10, 0, 15} {
			l.After(time.Duration(ms)*time.Millisecond, func() {
				if time.Since(start) < time.Duration(ms)*time.Millisecond {
					t.Errorf("the timer of %d ms ran early", ms)
				}
				if order = append(order, ms); len(order) == 5 {
					close(done)
				}
			})
		}
	})
	<-done
	in(t, l, func() {
		if !slices.IsSorted(order) {
			t.Errorf("ran in the order %v", order)
		}
	})
}

func TestTimersCancel(t *testing.T) {
	l := running(t)
	var ran, after bool
	in(t, l, func() {
		l.Cancel(nil)
		a := l.After(time.Millisecond, func() { ran = true })
		b := l.After(2*time.Millisecond, func() {})
		l.Cancel(a)
		l.Cancel(a)
		l.After(5*time.Millisecond, func() { l.Cancel(b); after = true })
	})
	until(t, l, "the last timer", func() bool { return after })
	in(t, l, func() {
		if ran {
			t.Error("a cancelled timer has run")
		}
	})
}

// TestTimerOfNoDelay: it runs in a later turn, so that what this turn has produced is written first, and one
// that sets itself again does not keep the loop from its connections.
func TestTimerOfNoDelay(t *testing.T) {
	l := running(t)
	h := &handler{}
	_, peer := add(t, l, h)
	var turn, ran uint64
	var again func()
	again = func() {
		if l.Counters.Turns == turn {
			t.Error("ran in the turn that set it")
		}
		turn = l.Counters.Turns
		if ran++; len(h.got) == 0 {
			l.After(0, again)
		}
	}
	in(t, l, func() { turn = l.Counters.Turns; l.After(0, again) })
	write(t, peer, []byte("x"))
	until(t, l, "the byte read", func() bool { return len(h.got) == 1 && ran > 0 })
}

// TestTimerHeap compares the heap with a sorted list under random histories.
func TestTimerHeap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := &Loop{}
		base := time.Now()
		var model []*Timer
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			if len(model) > 0 && rapid.Bool().Draw(t, "cancel") {
				i := rapid.IntRange(0, len(model)-1).Draw(t, "which")
				l.Cancel(model[i])
				model = slices.Delete(model, i, i+1)
				continue
			}
			tm := l.After(0, func() {})
			l.Cancel(tm)
			tm.at = base.Add(time.Duration(rapid.IntRange(0, 20).Draw(t, "at")) * time.Second)
			heap.Push(&l.timers, tm)
			model = append(model, tm)
		}
		now := base.Add(time.Duration(rapid.IntRange(0, 20).Draw(t, "now")) * time.Second)
		want := 0
		for _, tm := range model {
			if !tm.at.After(now) {
				want++
			}
		}
		got := 0
		var last time.Time
		for _, tm := range model {
			tm.f = func() {
				got++
				if tm.at.Before(last) {
					t.Fatal("out of order")
				}
				last = tm.at
			}
		}
		l.timers.run(now)
		if got != want || l.timers.Len() != len(model)-want {
			t.Fatalf("%d ran of %d due, %d left of %d", got, want, l.timers.Len(), len(model)-want)
		}
	})
}
