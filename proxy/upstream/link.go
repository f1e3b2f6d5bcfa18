package upstream

import (
	"errors"
	"fmt"
	"io"

	"sentinelproxy/proxy/reactor"
	"sentinelproxy/resp"
)

type state uint8

const (
	dialing   state = iota // connecting, or the handshake is on its way
	ready                  // carries commands
	refused                // the server has refused the handshake; why is in refusal
	condemned              // has answered with a rejection: takes no more commands, its replies are sorted out
	closed                 // broken, dropped, or given up
)

// Link is one connection to a node. Commands may be appended at once; they are written when the
// handshake is answered.
type Link struct {
	set   *Set
	conn  *reactor.Conn
	key   Key
	addr  string
	state state

	pending    ring
	current    Entry // the one whose reply is being handed over; here, because a local one would be allocated
	out        retained
	framed     framed   // see transaction.go
	tail       int      // where, in the replies to a transaction, that to EXEC begins; else 0
	open       bool     // a transaction on it may not be over
	withheld   withheld // see acknowledge.go
	reader     resp.ReplyReader
	timer      *reactor.Timer
	refusal    []byte // the error reply that refused the handshake
	rejectedBy []byte // condemned: the rejection
	reselect   []byte // the error reply to stepSelect
	streamed   bool   // pieces of the head's reply have been handed over
	dropping   bool   // the set closes it; that is no loss to be reported
	leaving    bool   // of a former master, or replaced: see large.go
	paused     bool   // see Throttle
	fenced     bool   // condemned by NOREPLICAS
	relay      Relay  // see relay.go
	moved      uint64 // replies' bytes so far: see large.go
	windowed   bool   // there is more to be written than the window lets through: see window.go
	trimmed    uint64 // how many bytes it had carried at the last Trim

	unselected bool // the user who has selected the database can't do so here

	lately    struct{ bytes, replies int } // see measure
	replySize int                          // bytes of a reply, of late, on average

	awaited  int    // see Await
	serverID int64  // of a pinned link: what the server calls it, 0 if unknown
	pinned   Pinned // whose alone it is; nil for a shared link
	users    int    // sessions that have chosen it (shared)
	alone    bool   // of a suspect: see poison.go
	remade   bool   // of a session that has lost its former one
	pooled   bool   // idle in the warm pool
	waiting  []Waiter
	stalled  []Stalled // sessions that wait until there is room
	redo     []Lost    // pinned and condemned: what to do again, in order
}

// Waiter wants to know how a link's handshake ends.
type Waiter interface {
	// LinkReady: refusal is the server's error reply, nil if the link carries commands now.
	LinkReady(l *Link, refusal []byte)
	// LinkFailed: the link was lost before it was ready.
	LinkFailed(l *Link)
}

// WhenReady calls w once the handshake has ended; at once if it has.
func (l *Link) WhenReady(w Waiter) {
	switch l.state {
	case dialing:
		l.waiting = append(l.waiting, w)
	case refused:
		w.LinkReady(l, l.refusal)
	case ready:
		w.LinkReady(l, nil)
	default:
		w.LinkFailed(l)
	}
}

// Stalled is a session that waits for room on a link.
type Stalled interface{ Unstall() }

// highWater is how many bytes of unanswered commands a link takes before it makes sessions wait. A
// server that does not keep up is then felt by the clients, instead of growing the proxy.
const highWater = 8 << 20

// Usable says whether commands can be appended. Not while a large reply is on its way: they would have to wait behind it.
func (l *Link) Usable() bool { return l.state <= ready && !l.streamed && !l.leaving }

// Ready says whether commands that are appended now go to the present master: the link is set up, and is not leaving.
func (l *Link) Ready() bool { return l.state == ready && !l.leaving }

// ServerID is the server's CLIENT ID of a link of one session, 0 if it is not known.
func (l *Link) ServerID() int64 { return l.serverID }

// Key is what the link is set up as.
func (l *Link) Key() Key { return l.key }

// Append queues a command: raw is copied, and written at the end of the loop's turn.
func (l *Link) Append(o Owner, raw []byte, class Class, tag uint16) {
	l.out.append(raw)
	l.queue(o, class, tag)
}

func (l *Link) queue(o Owner, class Class, tag uint16) {
	e := l.pending.push()
	e.Owner, e.Class, e.Tag, e.end = o, class, tag, l.out.end()
	l.set.Counters.Pushed++
	l.conn.MarkDirty()
}

// AppendLarge is Append for a command in memory of its own (see reactor.LargeFrame), which is the link's from now on.
func (l *Link) AppendLarge(o Owner, raw []byte, class Class, tag uint16) {
	l.out.appendLarge(raw)
	l.queue(o, class, tag)
}

// AppendOwn queues commands of the proxy itself, n of them in raw, for o to see the replies.
func (l *Link) AppendOwn(o Owner, raw []byte, n int, tag uint16) {
	start := l.out.end()
	l.out.append(raw)
	for i := range n {
		e := l.pending.push()
		e.Owner, e.Class, e.Tag, e.own, e.end = o, Read, tag, true, start
		if i == n-1 {
			e.end = l.out.end()
		}
	}
	l.conn.MarkDirty()
}

// Await has Restored wait for the reply to what was appended last, until Answered; not for longer than the link lives. What is sent on
// one link before something on another is not executed before it: a server takes its connections in the order that suits it.
func (l *Link) Await() {
	l.awaited++
	l.set.awaited++
}

// Answered is called once for each Await.
func (l *Link) Answered() {
	l.answered(min(l.awaited, 1))
	l.set.checkRestored()
}

func (l *Link) answered(n int) {
	l.awaited -= n
	l.set.awaited -= n
}

// Takes says of the command that was appended last, a Read, that it may pop something.
func (l *Link) Takes() { l.pending.at(l.pending.len() - 1).takes = true }

// Busy says whether there are unanswered commands besides the one that was appended last.
func (l *Link) Busy() bool { return l.pending.len() > 1 }

// Full says whether sessions should wait before they append more.
func (l *Link) Full() bool { return l.out.size() > highWater }

// Stall registers s for Unstall once there is room.
func (l *Link) Stall(s Stalled) { l.stalled = append(l.stalled, s) }

// Readable, Data, Need, EOF, HungUp, Flush and Closed are the reactor's.
func (l *Link) Readable() bool { return true }

// flushBytes is how much of large commands one turn of the loop writes: the others want to be served, too.
const flushBytes = 1 << 20

// Flush writes what has been appended.
func (l *Link) Flush() {
	if l.set.sealed && !l.leaving {
		return
	}
	for left := flushBytes; ; {
		b := l.within(l.out.unsent())
		if len(b) == 0 {
			l.expect()
			return
		}
		if left <= 0 {
			l.set.loop.After(0, l.conn.MarkDirty)
			return
		}
		b = b[:min(len(b), left)]
		n, _ := l.conn.Write(b)
		left -= n
		l.out.sent += uint64(n)
		l.set.Counters.BytesOut += uint64(n)
		if l.relay != nil && l.relays() {
			l.out.answered(l.out.sent)
		}
		l.makeRoom()
		if n < len(b) {
			return
		}
	}
}

// expect lets the loop wait for the replies of a shared link that many commands are in flight on. Not of one session's own, or a suspect's: what
// is at the head there may be a command that blocks.
func (l *Link) expect() {
	replies := 0
	if l.isShared() && !l.leaving && !l.windowed {
		replies = l.pending.len()
	}
	l.conn.Expect(replies)
}

// Data takes replies off, one by one. The head of the pending queue is whose each is.
func (l *Link) Data(data []byte) int {
	done := 0
	for done < len(data) && l.state != closed {
		if l.awaits() || l.sealed() {
			l.conn.Pause()
			break
		}
		if l.relay != nil && l.relays() {
			l.relay.Relayed(data[done:])
			done = len(data)
			break
		}
		if l.batches() {
			if n := l.batch(data[done:]); n > 0 {
				done += n
				continue
			}
		}
		n, err := l.frame(data[done:])
		if err != nil {
			l.conn.Close(fmt.Errorf("reply from %s: %w", l.addr, err))
			return done
		}
		if n == 0 {
			done += l.stream(data[done:])
			break
		}
		if !l.passPart(data[done : done+n]) {
			l.reply(data[done : done+n])
			l.tail = 0
		}
		done += n
	}
	l.set.Counters.BytesIn += uint64(done)
	l.measure()
	if l.windowed && l.state != closed {
		l.Flush() // not at the turn's end: the server waits for it, and what has come for clients is long
	}
	l.expect()
	l.makeRoom()
	return done
}

// stream hands over what has come of a reply that is too large to wait for.
func (l *Link) stream(data []byte) int {
	n := l.reader.Partial()
	if n == 0 || l.state != ready || l.pending.len() == 0 || (!l.streamed && data[l.framed.bytes] == '>') ||
		(l.pinned != nil && !l.pinned.Streams()) || !l.streamsPart(data, n) {
		return 0
	}
	if !l.streamed {
		if l.set.ack != nil && l.wholeOnly() {
			return 0
		}
		l.streamed = true
		l.unstall() // who waits for room has another link, or what is in flight here to wait for
	}
	before := l.framed.bytes // the replies to a transaction
	l.moved += uint64(before + n)
	e := l.pending.at(0)
	e.replies -= l.framed.replies // those that are still to come
	l.framed, l.tail = framed{}, 0
	l.set.streaming = l
	e.Owner.Reply(e, data[:before+n], false)
	l.set.streaming = nil
	l.reader.Advance(n)
	return before + n
}

// reply gives one whole reply to whom it belongs.
func (l *Link) reply(reply []byte) {
	if l.streamed {
		l.deliver(reply) // the end of one: its first byte means nothing
		return
	}
	if l.pinned != nil && l.state != dialing && l.pinned.Push(reply) {
		return
	}
	if l.pending.len() == 0 {
		// Nothing was asked: the server says why it closes (maxclients, protected mode), or speaks out of turn.
		if resp.IsError(reply) {
			l.conn.Close(fmt.Errorf("%s said %q", l.addr, firstLine(reply)))
		} else if reply[0] != '>' {
			l.conn.Close(fmt.Errorf("%s sent a reply that nobody asked for", l.addr))
		}
		return
	}
	if reply[0] == '>' && l.pinned == nil {
		return // pushes belong to nobody on a shared link
	}
	if head := l.pending.at(0); head.end > l.out.sent && head.canned == nil {
		l.early(reply)
		return
	}
	if l.open {
		l.behindOpen(reply)
		return
	}
	if reply[l.tail] == '-' && (l.leftOpen(reply) || l.rejected(reply)) {
		return
	}
	if l.state == condemned {
		l.sortOut(reply)
		return
	}
	l.deliver(reply)
}

// early: a reply to a command that has not been written to its end, and so has not been executed. Servers that don't
// like what they read so far (too long an argument) say so and close.
func (l *Link) early(reply []byte) {
	err := fmt.Errorf("%s said %q before the command was written", l.addr, firstLine(reply))
	switch e := l.pending.at(0); {
	case !resp.IsError(reply):
	case l.state == dialing:
		e.Owner.Reply(e, reply, true) // the server speaks first when it turns somebody away
	case !e.own:
		l.out.sent = e.end // what is left of it is not written any more
		l.deliver(reply)
	}
	l.conn.Close(err)
}

// deliver hands a reply, or the end of one, to the head of the pending queue.
func (l *Link) deliver(reply []byte) {
	if !l.streamed { // else it is the end of one
		l.replied(len(reply), 1)
	}
	if l.set.ack != nil && l.withhold(reply) {
		l.settleHead()
		return
	}
	l.pending.popTo(&l.current)
	l.out.answered(l.current.end)
	if !l.current.own {
		l.set.Counters.Answered++
	}
	l.streamed = false
	if l.set.genuine && l.current.Class != Read && reply[l.tail] != '-' {
		l.set.genuine = false // it takes writes again
	}
	l.current.Owner.Reply(&l.current, reply, true)
	l.current.Owner = nil // an idle link keeps no session that has gone
	l.next()
}

// next does what the new head of the pending queue, or that there is none, asks for.
func (l *Link) next() {
	if l.pending.len() > 0 && l.pending.at(0).canned != nil {
		l.settleHead()
	}
	if l.alone || l.leaving {
		l.endAlone()
	}
}

// endAlone closes a link that is there for what it owes only, when that is done.
func (l *Link) endAlone() {
	if (l.alone || l.leaving) && l.owes() == 0 && l.state == ready {
		l.drop()
	}
}

// owes is how many commands its owners wait for.
func (l *Link) owes() int { return l.pending.len() + l.withheld.len() }

// settleHead takes entries off the head that wait for no server.
func (l *Link) settleHead() {
	for l.state != closed && l.pending.len() > 0 && l.pending.at(0).canned != nil {
		if l.set.ack != nil && l.withhold(l.pending.at(0).canned) {
			continue
		}
		e := l.pending.pop()
		l.out.answered(e.end)
		e.Owner.Reply(&e, e.canned, true)
	}
}

// AnswerInTurn queues a reply of our own behind what the owner has in flight.
func (l *Link) AnswerInTurn(o Owner, reply []byte, tag uint16) {
	e := l.pending.push()
	e.Owner, e.Tag, e.end, e.canned = o, tag, l.out.end(), reply
	if l.pending.len() == 1 {
		l.settleHead()
	}
}

func (l *Link) makeRoom() {
	if len(l.stalled) == 0 || l.out.size() > highWater/2 {
		return
	}
	l.unstall()
}

func (l *Link) unstall() {
	list := l.stalled
	l.stalled = nil
	for _, s := range list {
		s.Unstall()
	}
}

// Need sizes the next read.
func (l *Link) Need() int {
	if need := l.reader.Need(); need > 0 {
		return l.framed.bytes + need
	}
	return 0
}

var errEOF = errors.New("closed by the server")

// EOF: a server that closes will not answer any more.
func (l *Link) EOF() { l.conn.Close(errEOF) }

// HungUp: the server closes while a large reply is not read. What it has sent is still in the kernel, and EOF comes
// behind it.
func (l *Link) HungUp() {}

// Closed sorts out what was in flight.
func (l *Link) Closed(err error) {
	if l.state == closed {
		return
	}
	if err == nil {
		err = io.EOF
	}
	l.set.closed(l, err)
}

func firstLine(reply []byte) []byte {
	for i, c := range reply {
		if c == '\r' || c == '\n' {
			return reply[:i]
		}
	}
	return reply
}
