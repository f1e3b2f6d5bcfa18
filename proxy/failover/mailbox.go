package failover

import "sync"

// mailbox is the driver's queue of inputs. Putting never blocks. It is bounded in the only two ways that outsiders can
// make it grow: Sentinel events beyond maxEvents are dropped, and make the loop ask all Sentinels anew, which restores everything that
// dropped messages could have told; PinnedLost reports are one while they wait. Lane reports otherwise and probe results
// are answers to the driver's own orders, so there are only as many as it gave.
type mailbox struct {
	wake chan struct{} // one token while there is something to take
	mu   struct {
		sync.Mutex
		queue   []Input
		events  int
		pinned  bool
		dropped uint64
		missed  bool
	}
}

const maxEvents = 4096

func newMailbox() *mailbox { return &mailbox{wake: make(chan struct{}, 1)} }

func (b *mailbox) put(item Input) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch item := item.(type) {
	case SentinelSaid:
		if b.mu.events >= maxEvents {
			b.mu.dropped++
			b.mu.missed = true
			return
		}
		b.mu.events++
	case LaneSaid:
		if item.Kind == PinnedLost {
			if b.mu.pinned {
				return
			}
			b.mu.pinned = true
		}
	}
	b.mu.queue = append(b.mu.queue, item)
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// take empties the mailbox. missed: events were dropped since the last time.
func (b *mailbox) take() (items []Input, missed bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	items, missed = b.mu.queue, b.mu.missed
	b.mu.queue, b.mu.events, b.mu.pinned, b.mu.missed = nil, 0, false, false
	return items, missed
}

func (b *mailbox) droppedEvents() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.mu.dropped
}
