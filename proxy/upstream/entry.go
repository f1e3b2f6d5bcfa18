package upstream

// Owner is who sent a command: a session. It may have ended before the reply comes.
type Owner interface {
	// Reply hands over one whole reply; last is false for a piece of a reply too large to keep, of
	// which more will follow. reply is only lent.
	Reply(e *Entry, reply []byte, last bool)
	// Broken: pieces of the reply have been handed over and the rest will not come.
	Broken(e *Entry)
	// Gone says that nobody waits for replies any more.
	Gone() bool
}

// Class is what sending a command twice would mean. The zero value is the careful one.
type Class uint8

const (
	// Write may have another outcome the second time.
	Write Class = iota
	// Idempotent writes leave the same state and reply when they are applied twice in a row.
	Idempotent
	// Read changes nothing.
	Read
	// Script is a Write whose error replies are made by whoever wrote the script.
	Script
	// Once is a Write that no policy sends again: SHUTDOWN would end the next master, too.
	Once
	// Overwrite is an Idempotent write whose effect and reply depend on nothing that was there before: a row of them can be
	// applied twice as a whole.
	Overwrite
)

// Entry is one command in flight.
type Entry struct {
	Owner Owner
	// canned replaces the server's reply: the command is not sent, it only keeps its place. For
	// commands whose outcome is settled while an earlier one of the same session is not.
	canned []byte
	end    uint64 // offset just behind the command in the link's stream of bytes
	Tag    uint16 // the owner's
	// replies is how many a whole transaction has, 0 for any other command: see transaction.go.
	replies uint16
	tries   uint8 // how often a rejection has sent it around
	losses  uint8 // see Lost
	Class   Class
	before  bool // was on the wire of an earlier link: it may have been applied, whatever becomes of it here
	takes   bool // a Read for what becomes of it, a Write for those before it: it pops, and goes on waiting on the next master
	own     bool // of the proxy, not of a client: not in the accounts, never sent again
}
