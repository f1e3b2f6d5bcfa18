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
// EXECABORT. A server that refuses EXEC with another error (Redis before its pull request 7390 of 2020, when out of memory, when a script ran for too long, or when the
// user may not call EXEC) leaves it open, and would queue what is behind.

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
	replies uint16
	bytes   int
}

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
		if data[f.bytes] == '>' { // belongs to nobody: it is put before the replies, and taken by itself
			push := bytes.Clone(data[f.bytes : f.bytes+n])
			copy(data[n:], data[:f.bytes])
			copy(data, push)
			return n, nil
		}
		l.tail = f.bytes
		f.bytes += n
		f.replies++
	}
	n, l.framed = l.framed.bytes, framed{}
	return n, nil
}

// streamsTail says whether the reply that is on its way can be handed over in pieces, if it is one to a transaction: EXEC's, and no error.
func (l *Link) streamsTail(data []byte) bool {
	e := l.pending.at(0)
	return e.replies == 0 || l.streamed || l.framed.replies == e.replies-1 && data[l.framed.bytes] != '-'
}

// rejection is the first word of the rejection in the reply to the head of the pending queue, "" if it is none. A transaction is rejected where
// any of its commands was, and none of them was executed that may have changed something. Where MULTI was refused, the others are executed by
// themselves; and so are those behind one that was refused by a Dragonfly before its pull request 8281, although it says EXECABORT in the end.
func (l *Link) rejection(reply []byte) (word string) {
	e := l.pending.at(0)
	if e.replies == 0 {
		return rejection(reply, e.Class)
	}
	open := reply[0] != '-'
	if open && !bytes.HasPrefix(reply[l.tail:], aborted) {
		return ""
	}
	raw := l.out.bytes(l.out.head, e.end)
	var commands resp.CommandReader
	var replies resp.ReplyReader
	for first := true; len(reply) > 0; first = false {
		var c resp.Command
		sent, _ := commands.Next(raw, &c) // they have been framed before, both
		n, _ := replies.Next(reply)
		if n == 0 || sent == 0 {
			return ""
		}
		switch {
		case reply[0] == '-':
			if word == "" {
				word = rejection(reply[:n], Write)
			}
		case first, open && string(reply[:n]) == "+QUEUED\r\n", reads(&c):
		default:
			return ""
		}
		raw, reply = raw[sent:], reply[n:]
	}
	return word
}

// reads says whether a command changes nothing.
func reads(c *resp.Command) bool {
	info := command.Lookup(c.Name)
	return info != nil && info.Resolve(c.AppendArgs(nil)).Flags.Has(command.Read)
}

// leavesOpen takes the replies to a transaction that may still be open: its session gets them, but what is behind it on this link may have been
// queued there, and is lost with it.
func (l *Link) leavesOpen(reply []byte) bool {
	if l.pending.at(0).replies == 0 || reply[0] == '-' || bytes.HasPrefix(reply[l.tail:], aborted) {
		return false
	}
	l.set.leavesOpen = true
	err := fmt.Errorf("%s said %q to EXEC", l.addr, firstLine(reply[l.tail:]))
	if l.state == condemned {
		l.sortOut(reply)
	} else {
		l.deliver(reply)
	}
	if l.state != closed {
		l.conn.Abort() // what is queued there must not be executed any more
		l.conn.Close(err)
	}
	return true
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
	all := append([]byte("+OK\r\n"), bytes.Repeat([]byte("+QUEUED\r\n"), int(replies)-2)...)
	return append(all, reply...)
}
