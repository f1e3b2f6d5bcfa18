package migrate

import (
	"context"
	"testing"
	"time"
)

// stuck is a proxy that takes an order and does not answer.
type stuck struct{ Proxy }

func (stuck) Hold(ctx context.Context, _ string, _ time.Duration) error {
	<-ctx.Done()
	return ctx.Err()
}

// TestHoldLimit: nobody waits for a proxy longer than the others hold, and no failover is begun when they may have released.
func TestHoldLimit(t *testing.T) {
	s := newSwitchover(Options{Own: stuck{}, Limits: Limits{Hold: 20 * time.Millisecond}, Prefix: "--"})
	defer s.close()
	fails(t, "hold", s.hold(context.Background()), "deadline")
	fails(t, "failover", s.failover(context.Background()), "longer than --hold-limit 20ms")
}
