package reactor

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"
)

// TestPauseLosesNothing pauses and resumes at random, takes random parts of what is offered, and compares
// what was consumed with what was sent.
func TestPauseLosesNothing(t *testing.T) {
	l := running(t)
	want := pattern(3 << 20)
	var got []byte
	seen := 0 // of what is not consumed, so much has been offered before
	h := &handler{}
	rnd := rand.New(rand.NewPCG(1, 2))
	h.data = func(b []byte) int {
		if len(b) < seen {
			t.Errorf("offered %d bytes after %d", len(b), seen)
		}
		if !bytes.HasPrefix(want[len(got):], b) {
			t.Error("offered something else than what was sent")
		}
		n := len(b)
		if rnd.IntN(3) == 0 {
			n = rnd.IntN(len(b) + 1)
		}
		got = append(got, b[:n]...)
		seen = len(b) - n
		switch rnd.IntN(4) {
		case 0:
			h.c.Pause()
			l.After(0, h.c.Resume)
		case 1:
			h.c.Pause()
			h.c.Resume() // within Data
		default:
			if n < len(b) { // nothing else would offer the rest again
				h.c.Pause()
				l.After(0, h.c.Resume)
			}
		}
		return n
	}
	var peer interface {
		Write([]byte) (int, error)
		Close() error
	}
	_, peer = add(t, l, h)
	for rest := want; len(rest) > 0; {
		n := min(len(rest), 1+rand.IntN(100<<10))
		write(t, peer, rest[:n])
		rest = rest[n:]
	}
	peer.Close()
	until(t, l, "EOF", func() bool { return h.eofs == 1 })
	in(t, l, func() {
		if !bytes.Equal(got, want) {
			t.Errorf("consumed %d bytes of %d", len(got), len(want))
		}
	})
}

func TestPausedReadsNothing(t *testing.T) {
	l := running(t)
	h := &handler{}
	calls := 0
	h.data = func(b []byte) int { calls++; h.c.Pause(); return 0 }
	_, peer := add(t, l, h)
	write(t, peer, []byte("first"))
	until(t, l, "data", func() bool { return calls == 1 })
	var before uint64
	in(t, l, func() { before = l.Counters.Reads })
	for range 10 {
		write(t, peer, []byte("more"))
		time.Sleep(time.Millisecond)
	}
	in(t, l, func() {
		if l.Counters.Reads != before || calls != 1 {
			t.Errorf("%d reads and %d calls of Data while paused", l.Counters.Reads-before, calls-1)
		}
		if string(h.c.Buffered()) != "first" {
			t.Errorf("kept %q", h.c.Buffered())
		}
		h.data = nil
		h.c.Resume()
	})
	until(t, l, "the rest", func() bool { return len(h.got) == len("first")+10*len("more") })
}

// TestNotReadable: a handler that says no leaves the bytes in the kernel until it is poked.
func TestNotReadable(t *testing.T) {
	l := running(t)
	open := false
	asked := 0
	h := &handler{readable: func() bool { asked++; return open }}
	_, peer := add(t, l, h)
	write(t, peer, []byte("abc"))
	until(t, l, "the question", func() bool { return asked > 0 })
	in(t, l, func() {
		if len(h.got) != 0 || l.Counters.Reads != 0 {
			t.Errorf("got %q in %d reads", h.got, l.Counters.Reads)
		}
		open = true
		h.c.Poke()
	})
	until(t, l, "data", func() bool { return string(h.got) == "abc" })
}

func TestHungUpWhilePaused(t *testing.T) {
	for _, how := range []string{"close", "half-close"} {
		t.Run(how, func(t *testing.T) {
			l := running(t)
			h := &handler{}
			_, peer := add(t, l, h)
			in(t, l, h.c.Pause)
			write(t, peer, []byte("unread"))
			if how == "close" {
				peer.Close()
			} else if err := peer.CloseWrite(); err != nil {
				t.Fatal(err)
			}
			until(t, l, "the hang-up", func() bool { return h.hangUps > 0 && h.c.HungUp() })
			in(t, l, func() {
				if len(h.got) != 0 || h.eofs != 0 {
					t.Errorf("got %q and %d EOFs while paused", h.got, h.eofs)
				}
				h.c.Resume()
			})
			until(t, l, "EOF", func() bool { return h.eofs == 1 })
			in(t, l, func() {
				if string(h.got) != "unread" {
					t.Errorf("got %q", h.got)
				}
			})
		})
	}
}
