package upstream

// Redis executes what it finds in one read, up to 16 KiB of commands, before it writes (networking.c, readQueryFromClient). Over
// a link that many sessions share that can be hundreds of commands. Where each asks for some kB, their replies are
// megabytes by then, beyond what the processor's cache holds, and each costs the server more. So no more is written to
// a link than what will be answered with about Options.ReplyWindow; the rest follows as replies come (docs/decisions/0015-window.md).

const (
	// longReply is from how many bytes on, on average, there is a window. Below that it would be wider than what sessions may have in flight.
	longReply = 1 << 10
	// countedReply is the most that one reply counts.
	countedReply = 64 << 10
	// leastAsked is how many commands are in the window at least, however long their replies are.
	leastAsked = 16
	// rememberedReplies is of how many replies, about, the average is.
	rememberedReplies = 128
)

// replied notes so many replies. One of more than countedReply counts as that: a few of them among many short ones are not to close
// the window.
func (l *Link) replied(bytes, replies int) {
	l.lately.bytes += min(bytes, replies*countedReply)
	l.lately.replies += replies
}

// measure makes the average of what was noted.
func (l *Link) measure() {
	sum := &l.lately
	if sum.replies == 0 {
		return
	}
	l.replySize = sum.bytes / sum.replies
	if sum.replies > rememberedReplies {
		sum.replies = rememberedReplies / 2
		sum.bytes = sum.replies * l.replySize
	}
}

// within is what of b, the next bytes to be written, the window has room for. It moves on when half of it is answered, so that the
// server has always something to do.
func (l *Link) within(b []byte) []byte {
	held := l.windowed
	l.windowed = false
	if l.replySize < longReply || l.set.opt.ReplyWindow == 0 || !l.isShared() || l.leaving {
		return b
	}
	window := max(leastAsked, l.set.opt.ReplyWindow/l.replySize)
	if l.pending.len() <= window {
		return b
	}
	if l.out.sent > l.pending.at(window/2).end {
		b = nil
	} else if left := int(l.pending.at(window-1).end - l.out.sent); left < len(b) {
		b = b[:left]
	} else {
		return b
	}
	l.windowed = true
	if !held {
		l.set.Counters.Windowed++
	}
	return b
}
