package load

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"
)

// TestPaceShowsAStall: what TestStallDelaysAllThatWereDue asks of Loop.
func TestPaceShowsAStall(t *testing.T) {
	const stall = 100 * time.Millisecond
	var still sync.Mutex
	bad := errors.New("bad")
	calls := Pace(t.Context(), 1000, 300*time.Millisecond, 2, func(_ context.Context, i int) error {
		still.Lock()
		defer still.Unlock()
		if i == 50 {
			time.Sleep(stall)
			return bad
		}
		return nil
	})
	slow := 0
	for i, c := range calls {
		if c.Due != time.Duration(i)*time.Millisecond || (c.Err != nil) != (i == 50) {
			t.Errorf("call %d: %+v", i, c)
		}
		if c.Latency > stall/2 {
			slow++
		}
	}
	if len(calls) != 300 || slow < 45 {
		t.Errorf("%d of %d calls took longer than half of the stall, want 50", slow, len(calls))
	}
}
