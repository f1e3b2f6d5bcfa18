package reactor

import (
	"testing"
	"time"
)

// TestReadsOfThePeerAreNoEvents: a Unix socket has room again each time that its peer reads, and tells whoever watches for room.
func TestReadsOfThePeerAreNoEvents(t *testing.T) {
	const messages = 20
	l := running(t)
	c, peer := add(t, l, &handler{})
	var before, after uint64
	in(t, l, func() {
		for range messages {
			if n, err := c.Write([]byte{1}); n != 1 || err != nil {
				t.Error(n, err)
			}
		}
		before = l.Counters.Turns
	})
	for range messages {
		if n, err := peer.Read(make([]byte, 1)); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		time.Sleep(time.Millisecond) // for a turn of its own, if there is to be one
	}
	in(t, l, func() { after = l.Counters.Turns })
	if turns := after - before; turns > messages/2 { // this one, and those that the runtime's signals begin
		t.Errorf("%d turns while the peer has read %d times", turns, messages)
	}
}
