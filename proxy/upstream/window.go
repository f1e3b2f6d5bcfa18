package upstream

// Redis executes what it finds in one read, up to 16 KiB of commands, before it writes (networking.c, readQueryFromClient). Over
// a link that many sessions share that can be hundreds of commands. Where each asks for some kB, their replies are
// megabytes by then, beyond what the processor's cache holds, and each costs the server more. So no more is written to
// a link than what will be answered with about askedBytes; the rest follows as replies come (docs/decisions/0015-window.md).

const (
	// askedBytes of replies, about, are asked for at a time. A link to a server that is a millisecond away carries 1 GB/s with it.
	askedBytes = 1 << 20
	// longReply is from how many bytes on replies are counted so. Below that the window would be wider than what sessions may
	// have in flight.
	longReply = 1 << 10
	// leastAsked is how many commands are in the window at least.
	leastAsked = 16
)

// replied notes that data of so many bytes had l.replies in it.
func (l *Link) replied(bytes int) {
	if l.replies > 0 {
		l.replySize = (3*l.replySize + bytes/l.replies) / 4
	}
}

// within is what of b, the next bytes to be written, the window has room for. It moves on when half of it is answered, so that the
// server has always something to do.
func (l *Link) within(b []byte) []byte {
	l.windowed = false
	if l.replySize < longReply || !l.isShared() || l.leaving {
		return b
	}
	window := max(leastAsked, askedBytes/l.replySize)
	if l.pending.len() <= window {
		return b
	}
	if l.out.sent > l.pending.at(window/2).end {
		l.windowed = true
		return nil
	}
	if left := int(l.pending.at(window-1).end - l.out.sent); left < len(b) {
		l.windowed = true
		return b[:left]
	}
	return b
}
