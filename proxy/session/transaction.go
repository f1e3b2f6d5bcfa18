package session

import (
	"bytes"

	"sentinelproxy/proxy/command"
	"sentinelproxy/proxy/gate"
	"sentinelproxy/proxy/reactor"
	"sentinelproxy/proxy/upstream"
	"sentinelproxy/resp"
)

// Tags beside the commands' own IDs.
const (
	tagQueued      command.ID = unanswered - 1 - iota // a command sent inside MULTI
	tagNil                                            // a DISCARD sent for an EXEC whose watched keys were lost: nil
	tagTrackingOff                                    // CLIENT TRACKING off
	tagAborted                                        // a DISCARD sent for an EXEC after a refused command: EXECABORT
	tagDiscarded                                      // a DISCARD that nobody has asked for
	tagReplyMode                                      // CLIENT REPLY: see silent.go
	tagUnknown                                        // a command that the table lacks
	tagUnwatched                                      // an EXEC with arguments and without MULTI: an error, and no WATCH is left
)

// transaction is an open MULTI. Its commands are kept, so that they can be queued again on another master.
type transaction struct {
	open      bool      // MULTI is sent, EXEC or DISCARD is not
	log       []byte    // MULTI and what was queued, as sent; in a buffer of the loop
	ends      []int     // offsets of the commands' ends in log
	answered  int       // so many of them have been answered
	specials  []special // of the queued ones, those that set up the connection
	refused   []int     // places, among the queued commands as sent, of those that the server has not queued
	watchLost bool      // a WATCH was in force on a master that is gone: EXEC gives nil
	failed    bool      // a command was refused here and not queued: EXEC gives EXECABORT
	spoiled   bool      // the same by the server, which knows it by itself unless EXEC is not sent
}

func (t *transaction) begin(c *reactor.Conn, raw []byte) {
	t.open = true
	if t.log == nil { // where no reply ends them, the former one's is still there
		t.log = c.Buffer()
	}
	t.log, t.ends, t.answered = c.Append(t.log[:0], raw), append(t.ends[:0], len(raw)), 0
	t.specials, t.refused, t.failed, t.spoiled = t.specials[:0], t.refused[:0], false, false
}

// keepEnds is for how many commands of the next transaction there is room already.
const keepEnds = 128

// forget: the commands will not be queued again.
func (t *transaction) forget(c *reactor.Conn) {
	if t.log != nil {
		c.PutBuffer(t.log)
	}
	t.log, t.ends, t.answered = nil, t.ends[:0], 0
	if cap(t.ends) > keepEnds {
		t.ends = nil
	}
}

// queue notes a command inside MULTI.
func (t *transaction) queue(c *reactor.Conn, raw []byte, info *command.Info) command.ID {
	if t.failed || t.spoiled { // EXEC will be refused, whatever there is
		return tagQueued
	}
	t.log = c.Append(t.log, raw)
	t.ends = append(t.ends, len(t.log))
	if isSpecial(info) {
		t.specials = append(t.specials, special{len(t.ends) - 2, info}) // the first end is MULTI's
	}
	return tagQueued
}

// endTransaction is told that EXEC or DISCARD is about to be sent, and says what to send instead.
func (s *Session) endTransaction(raw []byte, tag command.ID) ([]byte, command.ID) {
	t := &s.pin.tx
	wasOpen := t.open
	t.open = false
	if tag != command.Exec || !wasOpen {
		return raw, tag
	}
	switch {
	case t.failed:
		return discard, tagAborted
	case t.watchLost:
		return discard, tagNil
	}
	return raw, tag
}

var discard = resp.AppendCommand(nil, []byte("DISCARD"))

// transactionAnswered follows a transaction by its replies; it returns what the client gets.
func (s *Session) transactionAnswered(tag command.ID, reply []byte) []byte {
	p := s.pin
	failed := resp.IsError(reply)
	switch tag {
	case command.Multi:
		if failed && p.tx.answered == 0 {
			p.tx.open = false
			p.tx.forget(s.conn)
			p.reasons[command.PinTransaction] = 0
			return reply
		}
		p.tx.answered++
		return reply
	case tagQueued:
		if failed && !p.tx.spoiled {
			p.tx.refused = append(p.tx.refused, p.tx.answered-1) // MULTI is the first of those that are answered
		}
		p.tx.answered++
		p.tx.spoiled = p.tx.spoiled || failed && !harmless(reply)
		return reply
	case tagNil:
		switch {
		case failed:
			reply = bytes.Replace(reply, []byte("DISCARD without"), []byte("EXEC without"), 1)
		case p.tx.spoiled:
			reply = execAbort
		default:
			reply = nilArray(s.key.Proto)
		}
	case tagAborted:
		reply = execAbort
	}
	if failed && !bytes.HasPrefix(reply, []byte("-EXECABORT")) {
		p.used = true // where EXEC is refused in another way, its transaction may still be open on this link
	}
	// EXEC and DISCARD end the transaction and every WATCH, whatever they answer, but for errors that say
	// that there was none.
	if !failed || tag != command.Discard && !bytes.Contains(reply, []byte("without MULTI")) || tag == command.Discard && p.has(command.PinTransaction) {
		if len(p.tx.specials) > 0 {
			p.used = true
			reply = s.follow(reply)
		}
		if !p.tx.open { // another MULTI may have been pipelined behind
			p.reasons[command.PinTransaction] = 0
			p.tx.forget(s.conn)
			p.tx.specials = nil
		}
		p.reasons[command.PinWatch], p.tx.watchLost = 0, false
	}
	return reply
}

var execAbort = []byte("-EXECABORT Transaction discarded because of previous errors.\r\n")

// harmless are the errors inside MULTI that EXEC is not refused for.
func harmless(failure []byte) bool {
	return bytes.HasPrefix(failure, []byte("-ERR MULTI calls can not be nested")) || bytes.HasPrefix(failure, []byte("-ERR WATCH inside MULTI"))
}

// refusedBefore counts them.
func (t *transaction) refusedBefore(at int) (n int) {
	for _, r := range t.refused {
		if r < at {
			n++
		}
	}
	return n
}

func nilArray(proto uint8) []byte {
	if proto == 3 {
		return []byte("_\r\n")
	}
	return []byte("*-1\r\n")
}

// discardsAlone: there is no master, or none that is asked, and none is needed to forget what was queued.
func (s *Session) discardsAlone() bool {
	return (s.g.Gate.Mode() == gate.Refuse || s.g.Gate.Mode() == gate.RefuseWrites) && s.inflight == 0 && s.pin != nil && s.pin.tx.open
}

// refusedWhilePinned: no master has come in time, and a command of this session was answered with an
// error. Inside MULTI that is as if the server had refused to queue it. Where only writes are refused the server is there, and has to forget
// the transaction as well.
func (s *Session) refusedWhilePinned(info *command.Info) {
	p := s.pin
	if p == nil || !p.tx.open {
		return
	}
	if info.ID == command.Exec || info.ID == command.Discard {
		if p.link != nil {
			s.inflight++
			p.link.Append(s, discard, upstream.Read, uint16(tagDiscarded)) // and when it has, the session may not need the link any more
		}
		p.tx.forget(s.conn)
		p.tx = transaction{}
		p.reasons[command.PinTransaction], p.reasons[command.PinWatch] = 0, 0
		p.used = true
		return
	}
	p.tx.failed = true
}
