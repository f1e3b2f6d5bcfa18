package upstream

import "testing"

// TestRingTrim: an empty queue that was long gives its slots back, any other keeps them.
func TestRingTrim(t *testing.T) {
	var r ring
	for range keepSlots + 1 {
		r.push()
	}
	for r.len() > 1 {
		r.pop()
	}
	if r.trim(); len(r.slots) <= keepSlots {
		t.Error("trimmed with something in it")
	}
	r.pop()
	if r.trim(); len(r.slots) > 0 {
		t.Errorf("%d slots are kept", len(r.slots))
	}
	r.push().end = 7
	if r.trim(); len(r.slots) == 0 || r.pop().end != 7 {
		t.Error("a short one was trimmed, or lost")
	}
}
