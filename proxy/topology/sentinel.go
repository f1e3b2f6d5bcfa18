package topology

import (
	"context"
	"errors"
	"time"
)

// sentinel is one address at which a Sentinel is, or should be. Its goroutine (run) is started by
// Watcher.watch, ended by stop, and waited for by Watcher.Run.
type sentinel struct {
	w          *Watcher
	addr       string
	configured bool
	ask        chan struct{} // a note to poll now
	peersDue   chan struct{} // a note to ask for the other Sentinels now
	stop       context.CancelFunc

	// Guarded by Watcher.mu.
	runID        string // by its own last word; "" when it never said
	identified   bool   // it has said who it is, at least once
	up           bool   // admitted: it may speak
	announced    bool   // those who listen know of it: SentinelUp or SentinelDown was the last they heard, not SentinelGone
	denied       bool   // the last that was announced of it is that it does not let us in
	namedAlive   bool   // another Sentinel lists it, and not as down
	peers        []peer // the others, by its last list
	unnamedSince time.Time
}

// errTwin ends a session that was not admitted.
var errTwin = errors.New("another address leads to the same Sentinel")

// run keeps a session with the Sentinel, one after the other.
func (s *sentinel) run(ctx context.Context) {
	var retry backoff
	for {
		began := time.Now()
		err := s.session(ctx)
		if ctx.Err() != nil {
			return
		}
		s.w.fell(s, err)
		if time.Since(began) > backoffMax { // it worked for a while: not one that accepts and closes
			retry.reset()
		}
		wait := retry.next()
		if errors.Is(err, errTwin) {
			wait = twinRetry
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}
