package migrate

import (
	"context"
	"errors"
	"testing"
	"time"
)

// TestUntilToldToEnd: who is told to end does not say that time has run out.
func TestUntilToldToEnd(t *testing.T) {
	s := newSwitchover(Options{Limits: DefaultLimits()})
	defer s.close()
	ctx, cancel := context.WithCancel(t.Context())
	never := func(context.Context) error { return errors.New("not so far") }
	fails(t, "in time", s.until(ctx, time.Millisecond, "it is", never), "after 1ms: not yet: it is: not so far")
	cancel()
	if err := s.until(ctx, time.Minute, "it is", never); !errors.Is(err, context.Canceled) {
		t.Errorf("told to end: %v", err)
	}
}
