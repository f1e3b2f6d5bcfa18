package reactor

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
)

func TestPostFromManyGoroutines(t *testing.T) {
	l := running(t)
	const posters, posts = 16, 500
	last := make([]int, posters) // owned by the loop
	total := 0
	var wg sync.WaitGroup
	for p := range posters {
		wg.Go(func() {
			for i := range posts {
				l.Post(func() {
					if last[p] != i {
						t.Errorf("poster %d: post %d came when %d was due", p, i, last[p])
					}
					last[p]++
					total++
				})
			}
		})
	}
	wg.Wait()
	in(t, l, func() {
		if total != posters*posts {
			t.Errorf("%d of %d posts have run", total, posters*posts)
		}
	})
}

// TestPostFromPost: a post from inside the loop runs too, after those that are waiting.
func TestPostFromPost(t *testing.T) {
	l := running(t)
	done := make(chan int, 2)
	l.Post(func() {
		l.Post(func() { done <- 2 })
		done <- 1
	})
	if a, b := <-done, <-done; a != 1 || b != 2 {
		t.Errorf("ran in the order %d, %d", a, b)
	}
}

// TestPostAgainstStop: what Post has accepted runs, and what it has refused does not, while the loop ends.
func TestPostAgainstStop(t *testing.T) {
	for range 50 {
		l, err := New()
		if err != nil {
			t.Fatal(err)
		}
		var accepted, ran atomic.Int64
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 100 {
					if l.Post(func() { ran.Add(1) }) {
						accepted.Add(1)
					}
				}
			})
		}
		wg.Go(l.Stop)
		l.Run()
		wg.Wait()
		if accepted.Load() != ran.Load() {
			t.Fatalf("%d accepted, %d run", accepted.Load(), ran.Load())
		}
		if l.Post(func() {}) {
			t.Fatal("a loop that has ended accepts posts")
		}
	}
}

// TestAddedWhileStopping: a connection that is added by a post which only runs when the loop has been
// told to stop is closed with the others.
func TestAddedWhileStopping(t *testing.T) {
	l, err := New()
	if err != nil {
		t.Fatal(err)
	}
	fd, _ := pair(t)
	h := &handler{}
	l.Post(func() {
		l.stop = true
		// Posted in the last turn: only drop runs it.
		l.Post(func() {
			if _, err := l.Add(fd, h); err != nil {
				t.Error(err)
			}
		})
	})
	l.Run()
	if h.closes != 1 || !errors.Is(h.err, ErrStopped) {
		t.Errorf("closed %d times, with %v", h.closes, h.err)
	}
	if isOpen(fd) {
		t.Error("its descriptor is still open")
	}
}
