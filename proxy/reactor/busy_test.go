package reactor

import (
	"testing"
	"time"
)

func busy(t *testing.T, l *Loop) (d time.Duration) {
	t.Helper()
	in(t, l, func() { d = l.Busy() })
	return d
}

// What a loop works on makes it busy, wherever in a turn it does.
func TestBusy(t *testing.T) {
	const work = 20 * time.Millisecond
	l := running(t)
	h := &handler{data: func(b []byte) int { time.Sleep(work); return len(b) }}
	_, peer := add(t, l, h)
	for what, f := range map[string]func(){
		"mailbox": func() { in(t, l, func() { time.Sleep(work) }) },
		"timer": func() {
			done := make(chan struct{})
			in(t, l, func() { l.After(0, func() { time.Sleep(work); close(done) }) })
			<-done
		},
		"data": func() {
			write(t, peer, []byte("x"))
			_ = busy(t, l) // comes after it, or in the same turn
		},
	} {
		before := busy(t, l)
		f()
		if grown := busy(t, l) - before; grown < work {
			t.Errorf("%s: busy for %v, after work of %v", what, grown, work)
		}
	}
}

// A loop that has nothing to do is not busy, however it waits: one stretch in which it was not for half of the time is enough, since
// the machine may have been so itself.
func TestIdleIsNotBusy(t *testing.T) {
	const stretch = 20 * time.Millisecond // several short waits and a long one
	l := running(t)
	deadline := time.Now().Add(10 * time.Second)
	for {
		began, before := time.Now(), busy(t, l)
		time.Sleep(stretch)
		grown, all := busy(t, l)-before, time.Since(began)
		if grown < 0 {
			t.Fatalf("busy for %v", grown)
		}
		if grown < all/2 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("busy for %v of %v with nothing to do", grown, all)
		}
	}
}
