package topology

import (
	"math/rand/v2"
	"time"
)

// The waits between attempts to reach a Sentinel: 50 ms at first, doubled up to a second. No more than
// that, because during an outage every second counts that a Sentinel which is back goes unheard.
const (
	backoffMin = 50 * time.Millisecond
	backoffMax = time.Second
	// twinRetry: how often an address that leads to a Sentinel we hear already is looked at again.
	twinRetry = 5 * time.Second
)

// backoff is ready for use.
type backoff struct{ base time.Duration }

// next is how long to wait: between half the base and all of it, so that many proxies do not come back
// at the same instant.
func (b *backoff) next() time.Duration {
	b.base = min(max(2*b.base, backoffMin), backoffMax)
	return b.base/2 + rand.N(b.base/2)
}

func (b *backoff) reset() { b.base = 0 }
