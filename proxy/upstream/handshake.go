package upstream

import (
	"bytes"
	"fmt"
	"strconv"

	"sentinelproxy/resp"
)

// handshake is the owner of the commands that set a link up as its key says. Nothing of a session is
// written before the last of them is answered: after a refused AUTH or SELECT it would be executed as
// another user, or in another database.
type handshake struct{ l *Link }

const (
	stepSetup  uint16 = iota // HELLO, AUTH, SELECT: an error refuses the link
	stepOther                // AUTH and SELECT of the user who has selected the database
	stepSelect               // SELECT, of a database that another user has selected already
	stepID                   // CLIENT ID, for CLIENT UNBLOCK; a server or user that does not give it is fine
	stepScript               // SCRIPT LOAD, for a new master; whether it may is the user's business
	stepPing                 // the end of one that is not authenticated; see begin
	stepHello                // the end of one that is
)

// begin appends the handshake.
//
// It ends with PING even where nothing is to be set up: a server that is loading, full (maxclients) or protected says so
// in its first reply, and that must not be taken for the reply to a session's command. Of a user who has logged in PING
// may be forbidden, which ACL LOG would tell; HELLO never is, and it tells the link's id and which server it is.
func (h handshake) begin() {
	l := h.l
	k := l.key
	// SELECT comes after AUTH: on Dragonfly AUTH goes back to database 0. Where another user has selected it, it is sent
	// before, too, and after only as long as this may be Dragonfly: ACL LOG tells of one who may not.
	db := strconv.Itoa(k.DB)
	switch by := k.selector; {
	case by.other:
		tag := stepOther
		if l.set.redis {
			tag = stepSetup
		}
		h.login(Key{Username: by.username, Password: by.password, Proto: 2}, tag)
		h.step(tag, "SELECT", db)
		h.login(k, stepSetup)
		if !l.set.redis {
			h.step(stepSelect, "SELECT", db)
		}
	case k.DB > 0:
		h.login(k, stepSetup)
		h.step(stepSetup, "SELECT", db)
	default:
		h.login(k, stepSetup)
	}
	if n := l.set.scriptCount; n > 0 && l.pinned == nil {
		l.AppendOwn(h, l.set.scripts, n, stepScript)
	}
	if k.authenticated() {
		h.step(stepHello, "HELLO", strconv.Itoa(int(k.Proto)))
	} else {
		if l.pinned != nil {
			h.step(stepID, "CLIENT", "ID")
		}
		h.step(stepPing, "PING")
	}
	l.out.goal = l.out.end()
}

func (h handshake) step(tag uint16, args ...string) {
	raw := make([][]byte, len(args))
	for i, a := range args {
		raw[i] = []byte(a)
	}
	h.l.AppendOwn(h, resp.AppendCommand(nil, raw...), 1, tag)
}

func (h handshake) login(k Key, tag uint16) {
	switch {
	case k.Proto == 3 && k.authenticated():
		h.step(tag, "HELLO", "3", "AUTH", k.user(), k.Password)
	case k.Proto == 3:
		h.step(tag, "HELLO", "3")
	case k.authenticated() && k.Username == "":
		h.step(tag, "AUTH", k.Password)
	case k.authenticated():
		h.step(tag, "AUTH", k.Username, k.Password)
	}
}

// Reply is the answer to one step.
func (h handshake) Reply(e *Entry, reply []byte, _ bool) {
	l := h.l
	if l.state != dialing {
		return // turned away in an earlier step
	}
	failed := resp.IsError(reply)
	if failed && l.refusal == nil && h.turnedAway(e.Tag, reply) {
		return
	}
	switch e.Tag {
	case stepSetup:
		h.refuse(failed, reply)
	case stepOther:
		l.unselected = l.unselected || failed
	case stepSelect:
		// The user may not; but the database may be the right one already, if this is Redis.
		if failed && (l.unselected || string(resp.ErrorPrefix(reply)) != "NOPERM") {
			h.refuse(true, reply)
		} else if failed {
			l.reselect = bytes.Clone(reply)
		}
	case stepID:
		if reply[0] == ':' {
			l.serverID, _ = strconv.ParseInt(string(firstLine(reply[1:])), 10, 64)
		}
	case stepPing: // one that is refused for what it is (NOPERM, BUSY, MISCONF) says nothing of what the session may do
		l.set.wantsPassword = forbidden(reply)
		if l.set.wantsPassword && l.refusal == nil && l.key.DB != authDB {
			l.set.answerQueued(l, reply)
		}
		if l.state == dialing { // its session may have given it up
			l.set.established(l)
		}
	case stepHello: // an error is that of a server before Redis 6, which has no such command
		l.serverID = idOf(reply)
		l.set.redis = !failed && !bytes.Contains(reply, []byte("dragonfly_version"))
		if l.reselect != nil && !l.set.redis {
			h.refuse(true, l.reselect)
		}
		l.set.established(l)
	}
}

// turnedAway: the server says that it serves nobody now, or not this connection.
func (h handshake) turnedAway(tag uint16, reply []byte) bool {
	l := h.l
	away := turnsAway(reply)
	if away {
		l.set.full()
	}
	asked := tag != stepID && tag != stepScript
	switch {
	case asked && rejection(reply, Read) != "", away && l.waits():
		l.conn.Close(fmt.Errorf("%s refused the handshake: %s", l.addr, firstLine(reply)))
	case away:
		l.refusal = bytes.Clone(reply)
		l.set.established(l)
	default:
		return false
	}
	return true
}

func (h handshake) refuse(failed bool, reply []byte) {
	if failed && h.l.refusal == nil {
		h.l.refusal = bytes.Clone(reply)
	}
}

// idOf finds the connection's id in the reply to HELLO, 0 if there is none.
func idOf(hello []byte) int64 {
	_, rest, _ := bytes.Cut(hello, []byte("$2\r\nid\r\n:"))
	id, _ := strconv.ParseInt(string(firstLine(rest)), 10, 64)
	return id
}

// waits: being turned away is no answer to those who wait for this link. While a switch is on, everybody waits; and what a
// session had on its former link can't be told to be gone.
func (l *Link) waits() bool { return l.remade || l.alone || l.set.restoring || l.set.opt.Holding() }

// forbidden: not being allowed to PING is the state that the session wants (not authenticated yet).
func forbidden(reply []byte) bool {
	p := string(resp.ErrorPrefix(reply))
	return p == "NOAUTH" || p == "NOPERM"
}

// turnsAway: the server serves those whom it has, and no further one for now. Who gets this directly is told, and comes
// again; to hold would make all others wait for one.
func turnsAway(reply []byte) bool {
	return bytes.Contains(reply, []byte("max number of clients")) || string(resp.ErrorPrefix(reply)) == "DENIED"
}

// Broken is not called: the replies are short.
func (h handshake) Broken(*Entry) {}

// Gone: a handshake is never repeated on another link.
func (h handshake) Gone() bool { return true }
