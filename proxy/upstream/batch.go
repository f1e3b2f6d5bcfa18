package upstream

// Batch is an Owner that takes several replies at once.
type Batch interface {
	Owner
	// Replies hands over n whole replies to as many of its commands in a row, of which each has the tag 0 and none is an error. It is what n calls of
	// Reply would be. replies is only lent.
	Replies(n int, replies []byte)
}

// batchReply is how many bytes a reply may have that is handed over together with others. What is gained is less than that it takes to copy
// a larger one.
const batchReply = 1 << 10

// batches says whether replies may be handed over together: nothing else is to be done for each of them.
func (l *Link) batches() bool {
	return l.state == ready && l.pinned == nil && l.set.ack == nil && !l.streamed && !l.alone && !l.leaving && l.pending.len() > 1 &&
		l.pending.at(0).Owner == l.pending.at(1).Owner
}

// batch hands over the replies at the start of data that are of one owner and as plain as replies can be, and returns how many bytes these are:
// 0 if there are none. A larger reply at the start is handed over by itself, as it has been read already. A pipeline then costs one copy and not one for each reply.
func (l *Link) batch(data []byte) int {
	owner, ok := l.pending.at(0).Owner.(Batch)
	if !ok {
		return 0
	}
	n, done, writes := 0, 0, false
	for n < l.pending.len() && done < len(data) && data[done] != '-' && data[done] != '>' {
		e := l.pending.at(n)
		if e.Owner != Owner(owner) || e.Tag != 0 || e.own || e.canned != nil || e.replies != 0 || e.end > l.out.sent {
			break
		}
		size, err := l.reader.Next(data[done:])
		if size > batchReply && n == 0 {
			l.reply(data[:size])
			return size
		}
		if size == 0 || size > batchReply || err != nil {
			break // Data reads it once more
		}
		writes = writes || e.Class != Read
		done += size
		n++
	}
	if n == 0 {
		return 0
	}
	end := l.pending.at(n - 1).end
	l.pending.drop(n)
	l.out.answered(end)
	l.set.Counters.Answered += uint64(n)
	l.replied(done, n)
	if writes {
		l.set.genuine = false // see deliver
	}
	owner.Replies(n, data[:done])
	l.next()
	return done
}
