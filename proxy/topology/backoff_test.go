package topology

import "testing"

func TestBackoffGrowsToItsCap(t *testing.T) {
	var b backoff
	limit := backoffMin
	for i := range 20 {
		if got := b.next(); got < limit/2 || got > limit {
			t.Errorf("wait %d is %v, want %v to %v", i, got, limit/2, limit)
		}
		limit = min(2*limit, backoffMax)
	}
	b.reset()
	if got := b.next(); got > backoffMin {
		t.Errorf("after reset the wait is %v", got)
	}
}
