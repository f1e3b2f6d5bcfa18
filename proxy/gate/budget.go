package gate

import "sync/atomic"

// Budget bounds what all gates of the process hold together; it is exceeded by at most what one read of
// each lane brings. It is only touched when a session is parked
// or goes on, never on the way of a command that passes.
type Budget struct {
	maxCommands, maxBytes int64
	commands, bytes       atomic.Int64
}

// NewBudget returns a budget of so many commands and bytes.
func NewBudget(commands int, bytes int64) *Budget {
	return &Budget{maxCommands: int64(commands), maxBytes: bytes}
}

func (b *Budget) take(commands, bytes int) {
	b.commands.Add(int64(commands))
	b.bytes.Add(int64(bytes))
}

func (b *Budget) give(commands, bytes int) { b.take(-commands, -bytes) }
