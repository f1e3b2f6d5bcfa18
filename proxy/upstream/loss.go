package upstream

import (
	"bytes"
	"fmt"

	"sentinelproxy/resp"
)

// Policy says which writes of unknown outcome are sent again: the flag --in-flight-writes.
type Policy uint8

const (
	// ResendIdempotent sends those again whose second application makes no difference.
	ResendIdempotent Policy = iota
	// ResendNone answers every write whose outcome is unknown with UNKNOWNOUTCOME.
	ResendNone
	// ResendAll sends every write again, but for those of class Once: at least once.
	ResendAll
)

// UnknownOutcome answers a write that was on the wire when its link was lost. The prefix is our own:
// client libraries retry by themselves on those that Redis uses, and this must not be retried blindly.
const UnknownOutcome = "-UNKNOWNOUTCOME the connection to the master was lost after this write was sent; " +
	"it may or may not have been applied\r\n"

var unknownOutcome = []byte(UnknownOutcome)

// maxTries bounds how often a command is sent around because of rejections other than NOREPLICAS. A server that says the same so many
// times, and is the master each time, means it. A script can return any error after it has written something:
// it is sent again once.
const (
	maxTries       = 3
	maxTriesScript = 1
)

// scriptRejections are how these errors begin when the server says them of a script before anything was written: a script
// can return an error with the same first word after it has written something, so for scripts the whole text counts.
// Of Redis's script.c, script_lua.c and server.c, and of Dragonfly; see raised.
var scriptRejections = [...]string{
	"READONLY You can't write against a read only replica.",
	"READONLY Can not run script with write flag on readonly replica.",
	"LOADING Redis is loading the dataset in memory",
	"LOADING Dragonfly is loading the dataset in memory",
	"LOADING Valkey is loading the dataset in memory",
	"MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
	"NOREPLICAS Not enough good replicas to write.",
}

// execAbort goes before the same texts when they are the answer to EXEC.
var execAbort = []byte("EXECABORT Transaction discarded because of: ")

// aborted begins EXEC's error when a command was not queued.
var aborted = []byte("-EXECABORT ")

// demoted begins what a Redis that becomes a replica tells whoever waits in a blocking command. It is about the server, so it may come any number
// of times.
var demoted = []byte("-UNBLOCKED force unblock")

// rejection returns the first word of an error reply that says that nothing was applied because the
// server is not, or not yet, a master that serves; "" for any other reply.
func rejection(reply []byte, class Class) string {
	if len(reply) < 8 || reply[0] != '-' {
		return ""
	}
	text := bytes.TrimPrefix(reply[1:], execAbort)
	if class == Script {
		text = raised(text)
	}
	switch {
	case len(text) == 0:
		return ""
	case class != Script && bytes.Equal(text, shuttingDown):
		return "LOADING" // it serves no more
	}
	switch text[0] {
	case 'R', 'L', 'M', 'U', 'N':
	default:
		return ""
	}
	if len(text) < len(reply)-1 {
		reply = append([]byte{'-'}, text...)
	}
	word := ""
	switch p := string(resp.ErrorPrefix(reply)); p {
	case "READONLY", "LOADING", "MASTERDOWN", noReplicas:
		word = p
	case "UNBLOCKED":
		// The one a client has asked for, the other says that a stream with consumers that wait was deleted.
		if !bytes.Contains(text, []byte("CLIENT UNBLOCK")) && !bytes.Contains(text, []byte("no longer exists")) {
			word = p
		}
	}
	if class != Script {
		return word
	}
	for _, r := range scriptRejections {
		if bytes.HasPrefix(text, []byte(r)) {
			return word
		}
	}
	return ""
}

// shuttingDown is what a Dragonfly that has been told to SHUTDOWN answers everything with until it closes (main_service.cc, VerifyCommandState).
var shuttingDown = []byte("ERR Can not execute during SHUTTING DOWN\r\n")

// raised is what a call in a script was refused with, where Dragonfly and Redis before 7 put their own words before it.
func raised(text []byte) []byte {
	if !bytes.HasPrefix(text, []byte("ERR Error running script (call to ")) {
		return text
	}
	_, call, _ := bytes.Cut(text, []byte("@user_script"))
	if _, call, found := bytes.Cut(call, []byte(": -")); found {
		return call
	}
	return text
}

// Lost is a command to be sent to, or answered in turn on, the next link.
type Lost struct {
	Owner   Owner
	Raw     []byte // the command; nil with Canned
	Canned  []byte // its reply, already settled
	Key     Key
	Tag     uint16
	Class   Class
	large   bool   // Raw is memory of its own, to be freed
	Sent    bool   // it was on the wire before, and what becomes of it is in no account yet
	before  bool   // it may have been applied: see Entry
	takes   bool   // see Entry
	refused []byte // the reply to EXEC, if it is NOREPLICAS: see SettleGenuine
	tries   uint8
	losses  uint8  // links lost while it was on the wire, wholly or in part
	replies uint16 // see Entry
}

// again decides what becomes of a command that was in flight on a lost link.
//
// A command that was not written to its last byte can't have been executed: servers execute whole
// frames. So only whole ones count as sent.
func (l *Link) again(e *Entry, start uint64) (Lost, bool) {
	lost := Lost{Owner: e.Owner, Canned: e.canned, Key: l.key, Tag: e.Tag, Class: e.Class, before: e.before, takes: e.takes, tries: e.tries, losses: e.losses, replies: e.replies}
	c := &l.set.Counters
	if start < l.out.sent && !l.dropping && !l.leaving { // a link that we close says nothing of its commands
		lost.losses++
	}
	switch {
	case e.own:
		return lost, false
	case e.canned != nil:
		return lost, true
	case e.end > l.out.sent:
		c.Pushed--
		if e.Owner.Gone() {
			return lost, false
		}
		lost.Raw, lost.large = l.out.take(start, e.end)
		return lost, true
	}
	c.Lost++
	if e.Owner.Gone() {
		c.Unknown++
		return lost, false
	}
	if l.mayResend(e.Class) {
		lost.Raw, lost.large = l.out.take(start, e.end)
		lost.Sent, lost.before = true, true
		return lost, true
	}
	c.Unknown++
	lost.Canned = answers(unknownOutcome, e.replies)
	return lost, true
}

// mayResend says whether a command of this class may be sent again at all.
func (l *Link) mayResend(c Class) bool {
	switch l.set.opt.Policy {
	case ResendAll:
		return c != Once
	case ResendIdempotent:
		return c == Read || c == Idempotent || c == Overwrite
	}
	return c == Read
}

// lose empties the pending queue of a link that is gone; what is to be done again is returned in order.
func (l *Link) lose() []Lost {
	lost := append(l.loseWithheld(0), l.redo...) // what waits was before what was set aside
	l.redo = nil
	start := l.out.head
	if l.streamed && l.pending.len() > 0 {
		l.streamed = false
		e := l.pending.pop()
		start = e.end
		if !e.own {
			l.set.Counters.Lost++
			l.set.Counters.Unknown++
			e.Owner.Broken(&e)
		}
	}
	return append(lost, l.loseFrom(start)...)
}

// loseFrom empties the pending queue, whose first command begins at start.
func (l *Link) loseFrom(start uint64) (lost []Lost) {
	if l.set.opt.Policy == ResendIdempotent {
		l.notInARow(start)
	}
	for l.pending.len() > 0 {
		e := l.pending.pop()
		if item, ok := l.again(&e, start); ok {
			lost = append(lost, item)
		}
		start = e.end
	}
	return lost
}

// rejected takes a rejection: the command waits for the next master, and so does all that comes behind it.
func (l *Link) rejected(reply []byte) bool {
	head := l.pending.at(0)
	word := l.rejection(reply)
	switch {
	case word == "" || word == noReplicas && l.set.passesNoReplicas():
		return false
	case word != noReplicas && (head.tries >= maxTries || head.Class == Script && head.tries >= maxTriesScript):
		return false
	case head.own && l.state == ready:
		if word == noReplicas {
			l.set.opt.NoReplicas(l.addr)
		}
		// A session's state can't be made on this node: its link is lost once more.
		l.conn.Close(fmt.Errorf("%s said %q", l.addr, firstLine(reply)))
		return true
	case head.own:
		return false // the handshake looks for itself
	}
	l.set.Counters.Rejected++
	if word != noReplicas {
		l.redo = append(l.loseWithheld(1), l.redo...) // of a node that is no master now; it was before what is there already
	}
	first := l.state != condemned
	l.state = condemned
	if first {
		l.fenced = word == noReplicas
		l.rejectedBy = bytes.Clone(reply)
	}
	n := len(l.redo)
	l.setAside(nil)
	if !l.fenced && !bytes.HasPrefix(reply, demoted) {
		l.redo[n].tries++
	}
	if word == noReplicas && bytes.HasPrefix(reply[1:], execAbort) {
		l.redo[n].refused = bytes.Clone(reply)
	}
	if first {
		l.set.condemned(l, word)
	}
	l.endCondemned()
	return true
}

// sortOut handles replies behind a rejection. Order within a session must hold, so they can't be
// delivered before the rejected one is: a read is sent again too (what this node says may be stale), a
// write that was applied all the same keeps its reply until its turn. EXEC's refusal of a transaction in which something was rejected
// says that nothing of it was executed: all of it is sent again.
func (l *Link) sortOut(reply []byte) {
	e := l.pending.at(0)
	again := e.Class == Read && !(e.takes && wrote(e, reply)) || bytes.HasPrefix(reply, aborted)
	if !again && e.replies > 0 {
		_, again = l.unexecuted(reply)
	}
	if !again && e.Class != Read && !e.own && !resp.IsError(reply) {
		l.overtaken(e)
	}
	switch {
	case again:
		reply = nil
	case l.set.ack != nil && !e.own && wrote(e, reply):
		reply = unknownOutcome // no replica is known to have it
	}
	l.setAside(reply)
	l.endCondemned()
}

// overtaken: the head was applied although a command of its session before it was rejected. That one must not be done after it if it would undo
// it, so its rejection is its reply.
func (l *Link) overtaken(head *Entry) {
	var applied *later
	for i := range l.redo {
		item := &l.redo[i]
		if item.Owner != head.Owner || item.Canned != nil || item.Class != Overwrite && item.Class != Idempotent {
			continue
		}
		if applied == nil {
			applied = &later{keys: map[string]struct{}{}}
			applied.add(l.out.bytes(l.out.head, head.end))
		}
		if applied.writes(item.Raw) {
			l.set.Settle(item, answers(l.rejectedBy, item.replies))
		}
	}
}

// setAside moves the head to the backlog, with its reply if that is settled.
func (l *Link) setAside(reply []byte) {
	start := l.out.head
	e := l.pending.pop()
	if e.own {
		l.out.answered(e.end)
		return
	}
	l.set.Counters.Answered++
	item := Lost{Owner: e.Owner, Key: l.key, Tag: e.Tag, Class: e.Class, before: e.before, takes: e.takes, tries: e.tries, replies: e.replies}
	if reply != nil {
		item.Canned = bytes.Clone(reply)
	} else {
		item.Raw, item.large = l.out.take(start, e.end)
	}
	l.out.answered(e.end)
	l.redo = append(l.redo, item)
	for l.pending.len() > 0 && l.pending.at(0).canned != nil {
		start := l.out.head
		e := l.pending.pop()
		if item, ok := l.again(&e, start); ok {
			l.redo = append(l.redo, item)
		}
		l.out.answered(e.end)
	}
}

// endCondemned closes a condemned link that owes nothing any more.
func (l *Link) endCondemned() {
	if l.owes() == 0 {
		l.dropping = true
		l.conn.Close(nil)
	}
}
