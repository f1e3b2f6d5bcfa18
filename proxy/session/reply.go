package session

import (
	"sentinelproxy/proxy/command"
	"sentinelproxy/proxy/reactor"
	"sentinelproxy/proxy/upstream"
)

// slowReader is how many bytes of unsent output make a session stop reading commands: a client that
// does not read its replies gets no more of them made.
const slowReader = 1 << 20

// Reply takes a reply, or a piece of one, in the order of the commands.
func (s *Session) Reply(e *upstream.Entry, reply []byte, last bool) {
	if last {
		s.inflight--
	}
	if s.gone {
		return
	}
	if last && s.turn != nil {
		s.answeredTurn()
	}
	if s.streaming = !last; s.streaming {
		s.bulky = bulkyFor
	}
	if last && s.pin != nil && s.pin.caching != nil && s.ask == nil {
		s.pin.cached(command.ID(e.Tag) &^ unanswered)
	}
	if e.Tag != 0 {
		s.hooked(e, reply, last)
	} else {
		s.answer(reply)
	}
	s.cut += len(reply)
	if !last {
		s.throttle(s.g.Links.Streaming())
		return
	}
	s.resize(s.cut)
	s.cut = 0
	if s.pin != nil && s.inflight > 0 && (s.pin.has(command.PinBlocking) || s.pin.has(command.PinWait)) {
		s.pin.blocking = s.g.Loop.Now() // the next one's turn
	}
	if s.forgets {
		s.forgetCached()
	}
	s.settled()
}

// Replies is Reply for n small replies in a row to commands that nothing is known of.
func (s *Session) Replies(n int, replies []byte) {
	s.inflight -= n
	if s.gone {
		return
	}
	for range n {
		if s.turn == nil {
			break
		}
		s.answeredTurn()
	}
	s.streaming = false
	s.answer(replies)
	s.cut = 0
	s.window = max(s.window, min(s.window+n, maxInFlight)) // as in resize
	if s.forgets {
		s.forgetCached()
	}
	s.settled()
}

// resize fits the window to the size of a reply.
func (s *Session) resize(reply int) {
	switch {
	case reply > smallReply:
		s.window = max(leastWindow, min(s.window, windowBytes/reply))
	case s.window < maxInFlight:
		s.window++
	}
}

// settled looks at what waited for replies.
func (s *Session) settled() {
	if s.inflight == 0 {
		if s.pin != nil {
			s.pinSettled()
		}
		s.proceed(stopIdle | stopWindow)
		if s.ending {
			s.conn.MarkDirty()
		}
	} else if s.stop&stopWindow != 0 && s.inflight <= s.window/2 {
		s.proceed(stopWindow)
	}
}

// directReply is from how many bytes on a reply before which nothing waits is written at once: to copy it would cost more
// than the system call that is saved if there is another reply in this turn.
const directReply = 32 << 10

// answer appends to the output; it is written at the end of the turn.
func (s *Session) answer(reply []byte) {
	if s.gone || s.muted {
		return
	}
	if s.out == nil {
		if len(reply) >= directReply {
			if reply = reply[s.writeNow(reply):]; len(reply) == 0 || s.gone {
				return
			}
		}
		s.out = s.conn.Buffer()
	}
	if s.largeOut || len(s.out)+len(reply) > reactor.MappedFrame {
		s.out = s.conn.AppendLarge(s.out, s.largeOut, reply)
		s.largeOut = true
	} else {
		s.out = s.conn.Append(s.out, reply)
	}
	s.conn.MarkDirty()
	if unsent := len(s.out) - s.written; unsent > slowReader {
		s.tooMuch(unsent)
	}
}

func (s *Session) tooMuch(unsent int) {
	limit := s.g.Limits.Output
	if s.pin != nil && s.pin.subscribed() {
		limit = s.g.Limits.OutputPubSub
	}
	if unsent > limit && !s.streaming { // of a large reply no more than fits is read: see throttle.go
		// One more try: it may only be this turn's output that has not been written yet.
		if s.write(); len(s.out)-s.written > limit {
			if s.pin != nil && s.pin.subscribed() {
				s.g.Counters.OutputPubSub++
			}
			s.close(CloseOutput)
			return
		}
	}
	s.slowDown(unsent)
}

// Flush writes the output of this turn.
func (s *Session) Flush() {
	s.write()
	if s.gone {
		return
	}
	if (s.stop&stopOutput != 0 || s.throttled != nil) && len(s.out)-s.written < slowReader/2 {
		s.unthrottle()
		s.proceed(stopOutput)
	}
	if s.ending && s.inflight == 0 && s.out == nil && s.ask == nil {
		s.conn.Close(nil)
	}
}

func (s *Session) write() {
	if s.out == nil {
		return
	}
	n := s.writeNow(s.out[s.written:])
	if s.gone {
		return // closed
	}
	if s.written += n; s.written < len(s.out) {
		if s.written > len(s.out)/2 {
			s.out = s.out[:copy(s.out, s.out[s.written:])]
			s.written = 0
		}
		return
	}
	s.freeOut()
}

// writeNow writes as much as the client takes, and returns how much that is.
func (s *Session) writeNow(b []byte) int {
	n, _ := s.conn.Write(b) // an error is that of a closed connection
	s.g.Counters.BytesOut += uint64(n)
	if s.throttled != nil && n > 0 {
		s.throttled.moved = true
	}
	s.slow.progress = s.slow.progress || n > 0
	return n
}

func (s *Session) freeOut() {
	switch {
	case s.largeOut:
		s.conn.FreeLargeOut(s.out)
	case s.out != nil:
		s.conn.PutBuffer(s.out)
	}
	s.out, s.written, s.largeOut = nil, 0, false
}

// Broken: a reply was passed on in pieces and its rest will not come. There is no honest way to go on.
func (s *Session) Broken(e *upstream.Entry) {
	if command.ID(e.Tag)&unanswered != 0 && !s.gone { // nobody misses the rest; it has been executed
		s.pin.lost = append(s.pin.lost, upstream.Lost{Owner: s, Tag: e.Tag, Canned: []byte("*0\r\n")})
		return
	}
	s.inflight--
	s.close(CloseCutReply)
}

var _ upstream.Batch = (*Session)(nil)
