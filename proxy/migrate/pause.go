package migrate

import (
	"context"
	"sync"
	"time"
)

// A pause keeps Sentinel's own PUBLISH waiting, too. So it is short, and renewed: where this program is killed, the Sentinels do not
// take the master for dead because of what it has left.
const (
	pauseFor   = 500 * time.Millisecond
	pauseAgain = 150 * time.Millisecond
)

// pausing keeps writes on the master waiting until stop is called, which waits for the last renewal. The pause itself is then for
// fence.unpause to end.
func (s *switchover) pausing(ctx context.Context) (stop func(), err error) {
	pause := func() error { return s.master.do(ctx, "CLIENT", "PAUSE", pauseFor.Milliseconds(), "WRITE") }
	if err := pause(); err != nil {
		return func() {}, err
	}
	done := make(chan struct{})
	var renewal sync.WaitGroup
	renewal.Go(func() {
		ticker := time.NewTicker(pauseAgain)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				_ = pause() // where it fails, writes pass for a moment: the replicas are looked at once more behind the fence
			}
		}
	})
	return sync.OnceFunc(func() { close(done); renewal.Wait() }), nil
}
