package reactor

import (
	"container/heap"
	"time"
)

// Timer is one deadline of a loop.
type Timer struct {
	at    time.Time
	f     func()
	index int // in the heap; -1 when not in it
}

// After runs f in the loop's goroutine once d has passed, to the millisecond.
func (l *Loop) After(d time.Duration, f func()) *Timer {
	t := &Timer{f: f}
	l.start(t, d)
	return t
}

func (l *Loop) start(t *Timer, d time.Duration) {
	t.at = time.Now().Add(d)
	heap.Push(&l.timers, t)
}

// Cancel ends a timer that has not run; nil and spent timers are fine.
func (l *Loop) Cancel(t *Timer) {
	if t != nil && t.index >= 0 {
		heap.Remove(&l.timers, t.index)
	}
}

// timerHeap orders timers by deadline. A lane has few: dials, and retries of dials.
type timerHeap []*Timer

func (h timerHeap) Len() int           { return len(h) }
func (h timerHeap) Less(i, j int) bool { return h[i].at.Before(h[j].at) }

func (h timerHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

// Push and Pop are container/heap's.
func (h *timerHeap) Push(x any) {
	t := x.(*Timer)
	t.index = len(*h)
	*h = append(*h, t)
}

// Pop is container/heap's.
func (h *timerHeap) Pop() any {
	old := *h
	t := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	t.index = -1
	return t
}

// next is the time until the first deadline, negative if there is none.
func (h *timerHeap) next(now time.Time) time.Duration {
	if len(*h) == 0 {
		return noDeadline
	}
	return max(0, (*h)[0].at.Sub(now))
}

func (h *timerHeap) run(now time.Time) {
	for len(*h) > 0 && !(*h)[0].at.After(now) {
		heap.Pop(h).(*Timer).f()
	}
}

// noDeadline is longer than any loop sleeps.
const noDeadline = time.Hour
