package session

import (
	"errors"
	"net/netip"
	"time"

	"sentinelproxy/proxy/command"
	"sentinelproxy/proxy/gate"
	"sentinelproxy/proxy/reactor"
	"sentinelproxy/proxy/upstream"
	"sentinelproxy/resp"
)

// Session is one client.
type Session struct {
	g         *Group
	conn      *reactor.Conn
	reader    resp.CommandReader
	stop      stop
	gone      bool // closed; replies that still come are dropped
	ending    bool // close once everything is answered and written
	eof       bool // the client sends no more
	streaming bool // the reply that was handed over last is not whole yet
	forgets   bool // forgetCached is due behind the reply that is being handed over
	muted     bool // the client has asked for no reply to what is being answered

	inflight int // commands without a reply, all on one link
	window   int // how many of them there may be
	bulky    int // so many of the next commands go over a link of its own: see large.go
	cut      int // bytes handed over of a reply that comes in pieces
	link     *upstream.Link
	key      upstream.Key // of the shared link it uses
	pin      *pin         // nil: no link of its own
	ask      *question    // what AUTH, HELLO or SELECT is waiting for

	out      []byte // replies not written yet; nil when there are none
	written  int    // of out
	largeOut bool   // out is memory of large frames, so that what a slow client has left is given back at once
	slow     slowness

	throttled  *throttled // it does not take a large reply as fast as it comes
	redirected redirected // see redirect.go
	search     uint64     // counts those for a target: only the last one counts
	target     bool       // another session has named it as the target of a REDIRECT
	turn       *turn      // of a large request that waits for memory
	ticket     gate.Ticket
	since      time.Time // accepted
	active     time.Time // last sent something
	last       *command.Info
	reason     CloseReason // why it is ending
	id         int64
	name       []byte
	lib        struct{ name, version []byte }
	remote     netip.AddrPort
}

// New begins a session on fd, an accepted non-blocking socket that the session owns from now on.
func New(g *Group, fd int, remote netip.AddrPort) {
	s := &Session{
		g: g, window: firstWindow, key: upstream.Key{Proto: 2}, id: g.NextID.Add(1), remote: remote, since: g.Loop.Now(), active: g.Loop.Now(),
		reader: resp.CommandReader{Limits: g.Limits.Request},
	}
	conn, err := g.Loop.Add(fd, s)
	if err != nil {
		g.Clients.Add(-1)
		return
	}
	s.conn = conn
	if g.sessions == nil {
		g.sessions = map[*Session]struct{}{}
	}
	g.sessions[s] = struct{}{}
	g.Counters.Accepted++
}

// Readable leaves the bytes in the kernel when a hold has used up its budget.
func (s *Session) Readable() bool {
	if s.g.Gate.Mode() != gate.Pass && s.g.Gate.Full() {
		s.park(0, 0)
		return false
	}
	return !s.conn.Large() || s.admitLarge()
}

// Data takes commands off until one has to wait.
func (s *Session) Data(data []byte) int {
	s.active = s.g.Loop.Now()
	if s.relays() {
		s.g.Counters.BytesIn += uint64(len(data))
		return s.relayOut(data)
	}
	done := 0
	mapped := s.conn.Mapped()
	var c resp.Command
	s.reader.Limits.Unauthenticated = s.unauthenticated() // a login ends this call
	for s.stop == 0 {
		n, err := s.reader.Next(data[done:], &c)
		if err != nil {
			s.protocolError(err)
			break
		}
		if n == 0 {
			break
		}
		if c.Args > 0 && !s.dispatch(&c, data[done:]) {
			break // it is looked at again, from its start
		}
		done += max(n, len(c.Raw)) // a whole transaction is longer: see whole.go
		if s.relays() {
			done += s.relayOut(data[done:])
			break
		}
		if mapped && !s.conn.Mapped() {
			break // its memory is the link's now; what follows comes again
		}
	}
	switch {
	case s.turn == nil:
	case s.stop != 0 && done == 0: // it has to wait for something else
		s.keepTurn()
		s.turn.left = 0
	case done > 0 && s.inflight > 0:
		s.keepTurn()
	case done > 0:
		s.endTurn()
	}
	s.g.Counters.BytesIn += uint64(done)
	s.g.forgetArguments()
	return done
}

// Need sizes the next read.
func (s *Session) Need() int { return s.reader.Need() }

// EOF: the client sends no more. What it has sent is still answered, as Redis does with what it has
// read; but a client that waits for something that may never come is gone.
func (s *Session) EOF() {
	s.eof = true
	if s.inflight == 0 && len(s.out) == 0 || s.waits() {
		s.leave()
		return
	}
	s.end(ClosePeer)
}

// HungUp: the client has closed its side while it is not read. If it is parked, what it has sent is
// cancelled: nobody waits for the answer, and applying it after a hold would surprise whoever has
// given up on it.
func (s *Session) HungUp() {
	switch {
	case s.waits():
		s.leave()
	case s.ticket.Parked():
		s.g.Gate.Cancel(&s.ticket)
		s.end(ClosePeer) // what is in flight is still answered
	}
}

// leave closes for a client that sends no more; it may still read the answers to what was executed.
func (s *Session) leave() {
	s.write()
	s.close(ClosePeer)
}

// waits says whether the answer that is due, if any, may never come.
func (s *Session) waits() bool {
	p := s.pin
	return p != nil && (p.link == nil || p.subscribed() || p.has(command.PinBlocking) || p.has(command.PinWait) || p.has(command.PinMonitor) || p.relay)
}

// Closed is the reactor's: the connection is gone.
func (s *Session) Closed(err error) {
	reason := s.reason
	if err != nil && reason == ClosePeer && !errors.Is(err, reactor.ErrStopped) {
		reason = CloseError
	}
	if errors.Is(err, reactor.ErrStopped) {
		reason = CloseShutdown
	}
	s.gone = true
	s.stop |= stopEnd // it may have been closed for what it is answered here
	s.endTurn()
	s.unthrottle()
	s.g.Gate.Cancel(&s.ticket)
	s.choose(nil)
	s.unpin()
	s.ask = nil
	s.freeOut()
	delete(s.g.sessions, s)
	s.g.Clients.Add(-1)
	s.g.Counters.Closed[reason]++
}

func (s *Session) close(reason CloseReason) {
	if !s.gone {
		s.reason = reason
		s.conn.Close(nil)
	}
}

// end reads no more and closes when everything is answered and written.
func (s *Session) end(reason CloseReason) {
	if s.ending {
		return
	}
	s.ending, s.reason = true, reason
	s.halt(stopEnd)
	s.conn.MarkDirty()
}

func (s *Session) protocolError(err error) {
	if s.inflight > 0 {
		s.reader.Reset()
		s.halt(stopIdle)
		return
	}
	switch err.Error() {
	case "Protocol error: invalid bulk length":
		s.g.Counters.TooLong[TooLongArgument]++
	case "Protocol error: invalid multibulk length":
		s.g.Counters.TooLong[TooManyArguments]++
	case "Protocol error: too big inline request":
		s.g.Counters.TooLong[TooLongInline]++
	}
	s.answer(append(append([]byte("-ERR "), err.Error()...), "\r\n"...))
	s.end(CloseProtocol)
}

// isHTTP: these begin lines that a browser sends on behalf of a page of somebody else's, whose body may be commands. Redis
// closes the connection on them without a word, and so must we: the commands behind them are not to be executed.
func isHTTP(name []byte) bool { return is(name, "post") || is(name, "host:") }

// unauthenticated: the client has not logged in where it must. Redis allows it few and small arguments, and closes its
// connection otherwise; here that would be a link of others.
func (s *Session) unauthenticated() bool {
	return s.key.Username == "" && s.key.Password == "" && s.g.Links.WantsPassword()
}

// choose makes l the shared link that the session uses.
func (s *Session) choose(l *upstream.Link) {
	if s.link != nil {
		s.link.Unuse()
	}
	s.link = l
	if l != nil {
		l.Use()
	}
}

// Gone is upstream's: nobody waits for replies.
func (s *Session) Gone() bool { return s.gone }
