package upstream

import (
	"bytes"
	"fmt"

	"sentinelproxy/proxy/command"
	"sentinelproxy/resp"
)

// A transaction that a session has whole, MULTI to EXEC, goes over a shared link as one command: one entry, which has as many replies as the
// transaction has commands, and whose replies are handed over together. Nothing gets between its commands, and a server that has not read EXEC
// has executed none of them. So what becomes of a lost one is decided once for all of it.
//
// Others' commands come behind it on the same connection, so it must be over when its replies have come. EXEC ends it, also where it answers
// EXECABORT. A server that refuses EXEC with another error may leave it open, and would queue what is behind: Redis before its pull request 7390 of 2020
// (out of memory, a script that runs for too long, a user who may not call EXEC), Dragonfly (such a user, or while another node takes over).

// AppendTransaction is Append for MULTI, commands, and EXEC, n together; TakesTransactions says whether it may be called.
func (l *Link) AppendTransaction(o Owner, raw []byte, n int, class Class) {
	l.Append(o, raw, class, 0)
	l.pending.at(l.pending.len() - 1).replies = uint16(n)
}

// TakesTransactions says whether whole transactions may go over shared links: not to a master that has left one open, and not where each
// reply may have to wait for replicas.
func (s *Set) TakesTransactions() bool { return s.ack == nil && !s.leavesOpen }

// framed is how far the replies to the transaction at the head have been framed.
type framed struct {
	replies  uint16
	bytes    int
	executed bool // one of them is no error and not that of a command that was queued
}

const queued = "+QUEUED\r\n"

// frame frames the next reply, or all those to a transaction together; then l.tail is where EXEC's begins.
func (l *Link) frame(data []byte) (n int, err error) {
	if l.pending.len() == 0 || l.pending.at(0).replies == 0 || l.streamed {
		return l.reader.Next(data)
	}
	for f := &l.framed; f.replies < l.pending.at(0).replies; {
		n, err := l.reader.Next(data[f.bytes:])
		if n == 0 || err != nil {
			return 0, err
		}
		reply := data[f.bytes : f.bytes+n]
		if reply[0] == '>' { // belongs to nobody: it is put before the replies, and taken by itself
			push := bytes.Clone(reply)
			copy(data[n:], data[:f.bytes])
			copy(data, push)
			return n, nil
		}
		f.executed = f.executed || f.replies > 0 && reply[0] != '-' && string(reply) != queued
		l.tail = f.bytes
		f.bytes += n
		f.replies++
	}
	n, l.framed = l.framed.bytes, framed{}
	return n, nil
}

// streamsPart says whether what has come of the replies to the head can be handed over in pieces: if it is a transaction, not before it is certain that
// something of it was executed. n is how much has come of the reply that is not whole.
func (l *Link) streamsPart(data []byte, n int) bool {
	e, f := l.pending.at(0), &l.framed
	switch {
	case l.streamed:
		return true
	case e.replies == 0, f.replies == e.replies-1 && data[f.bytes] != '-': // EXEC's own
		return n >= l.set.opt.StreamingThreshold
	}
	return (f.executed || data[f.bytes] != '-') && f.bytes+n >= l.set.opt.StreamingThreshold // no reply to a queued command has a part
}

// passPart hands over one of several replies to a transaction that is being passed on in pieces. False: it is the last one.
func (l *Link) passPart(reply []byte) bool {
	if !l.streamed || l.pending.at(0).replies <= 1 {
		return false
	}
	e := l.pending.at(0)
	e.replies--
	l.moved += uint64(len(reply))
	l.set.streaming = l
	e.Owner.Reply(e, reply, false)
	l.set.streaming = nil
	return true
}

// rejection is the first word of the rejection in the reply to the head of the pending queue, "" if it is none. A transaction is rejected where
// any of its commands was, and none of them was executed.
func (l *Link) rejection(reply []byte) (word string) {
	e := l.pending.at(0)
	if e.replies == 0 {
		return rejection(reply, e.Class)
	}
	word, nothing := l.unexecuted(reply)
	if !nothing {
		return ""
	}
	return word
}

// unexecuted says whether nothing of the transaction at the head, whose replies these are, was executed that may have changed something, and gives
// the first word of the first rejection among them.
//
// A Dragonfly before its pull request 8281 executes by themselves what is behind a command that it has refused to queue, and says EXECABORT in the end all the same.
// Where MULTI itself is refused, all are executed by themselves.
func (l *Link) unexecuted(replies []byte) (word string, nothing bool) {
	raw := l.out.bytes(l.out.head, l.pending.at(0).end)
	open := replies[0] != '-'
	if open && replies[l.tail] != '-' {
		return "", false
	}
	var commands resp.CommandReader
	var reader resp.ReplyReader
	for first := true; len(replies) > 0; first = false {
		var c resp.Command
		sent, _ := commands.Next(raw, &c) // they have been framed before, both
		n, _ := reader.Next(replies)
		if n == 0 || sent == 0 {
			return "", false
		}
		class := Write // of what is queued, nothing was done, whatever the error says
		if !open {
			class = classOf(&c)
		}
		switch {
		case replies[0] == '-':
			why := rejection(replies[:n], class)
			if class == Script && why == "" {
				return "", false // it may have written something before
			}
			if word == "" {
				word = why
			}
		case first, open && string(replies[:n]) == queued, classOf(&c) == Read:
		default:
			return "", false
		}
		raw, replies = raw[sent:], replies[n:]
	}
	return word, true
}

// classOf is what it means to execute a command by itself: Read, Script, or Write for any other.
func classOf(c *resp.Command) Class {
	info := command.Lookup(c.Name)
	if info == nil {
		return Write
	}
	switch info = info.Resolve(c.AppendArgs(nil)); {
	case info.Flags&(command.Read|command.ConnectionLocal) != 0:
		return Read
	case info.Flags.Has(command.Scripting):
		return Script
	}
	return Write
}

// leftOpen takes the replies to a transaction that may still be open. Its session gets them, or it is sent again if that says that the node is no master. What is
// behind it on this link may have been queued there: only what is rejected, too, is known not to be executed.
func (l *Link) leftOpen(reply []byte) bool {
	if l.pending.at(0).replies == 0 || reply[0] == '-' || bytes.HasPrefix(reply[l.tail:], aborted) {
		return false
	}
	l.set.leavesOpen = true
	err := fmt.Errorf("%s said %q to EXEC", l.addr, firstLine(reply[l.tail:]))
	e := l.pending.at(0)
	switch {
	case e.Class != Read && l.execBehind():
		// What is behind may have executed it. If not, its session can't know.
		l.setAside(answers(unknownOutcome, e.replies))
	case l.rejected(reply):
		l.open = true
		return true
	case l.state == condemned:
		l.sortOut(reply)
	default:
		l.deliver(reply)
	}
	l.closeOpen(err)
	return true
}

// execBehind says whether another EXEC is behind the head of the pending queue.
func (l *Link) execBehind() bool {
	for i := 1; i < l.pending.len(); i++ {
		if l.pending.at(i).replies > 0 {
			return true
		}
	}
	return false
}

// behindOpen takes the reply to a command behind a transaction that may be open.
func (l *Link) behindOpen(reply []byte) {
	if reply[l.tail] != '-' || !l.rejected(reply) {
		l.closeOpen(fmt.Errorf("%s said %q behind an EXEC that it has refused", l.addr, firstLine(reply)))
	}
}

// closeOpen closes a link whose transaction may be open. That says nothing about the master.
func (l *Link) closeOpen(err error) {
	if l.state == closed {
		return
	}
	l.open = true
	l.conn.Abort() // what is queued there must not be executed any more
	l.conn.Close(err)
}

// answers is a reply of our own to all commands of a transaction, or to the one command that it is (replies is 0 then). Of those of a
// transaction whose outcome is unknown all but EXEC were queued.
func answers(reply []byte, replies uint16) []byte {
	switch {
	case replies == 0:
		return reply
	case !bytes.Equal(reply, unknownOutcome):
		return bytes.Repeat(reply, int(replies))
	}
	all := append([]byte("+OK\r\n"), bytes.Repeat([]byte(queued), int(replies)-2)...)
	return append(all, reply...)
}
