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
	stepID                   // CLIENT ID, for CLIENT UNBLOCK; a server or user that does not give it is fine
	stepScript               // SCRIPT LOAD, for a new master; whether it may is the user's business
	stepPing                 // the end; see Reply
)

// begin appends the handshake. It ends with PING even where nothing is to be set up: a server that is
// loading, full (maxclients) or protected says so in its first reply, and that must not be taken for the
// reply to a session's command.
func (h handshake) begin() {
	l := h.l
	step := func(tag uint16, args ...string) {
		raw := make([][]byte, len(args))
		for i, a := range args {
			raw[i] = []byte(a)
		}
		l.AppendOwn(h, resp.AppendCommand(nil, raw...), 1, tag)
	}
	k := l.key
	switch {
	case k.Proto == 3 && k.authenticated():
		step(stepSetup, "HELLO", "3", "AUTH", k.user(), k.Password)
	case k.Proto == 3:
		step(stepSetup, "HELLO", "3")
	case k.authenticated() && k.Username == "":
		step(stepSetup, "AUTH", k.Password)
	case k.authenticated():
		step(stepSetup, "AUTH", k.Username, k.Password)
	}
	if k.DB > 0 {
		// After AUTH: on Dragonfly AUTH goes back to database 0.
		step(stepSetup, "SELECT", strconv.Itoa(k.DB))
	}
	if n := l.set.scriptCount; n > 0 && l.pinned == nil {
		l.AppendOwn(h, l.set.scripts, n, stepScript)
	}
	if l.pinned != nil {
		step(stepID, "CLIENT", "ID")
	}
	step(stepPing, "PING")
	l.out.goal = l.out.end()
}

func (k Key) authenticated() bool { return k.Username != "" || k.Password != "" }

func (k Key) user() string {
	if k.Username == "" {
		return "default"
	}
	return k.Username
}

// Reply is the answer to one step.
func (h handshake) Reply(e *Entry, reply []byte, _ bool) {
	l := h.l
	if l.state != dialing {
		return // turned away in an earlier step
	}
	if e.Tag == stepID && reply[0] == ':' {
		l.serverID, _ = strconv.ParseInt(string(firstLine(reply[1:])), 10, 64)
	}
	if resp.IsError(reply) && l.refusal == nil {
		away, asked := turnsAway(reply), e.Tag == stepSetup || e.Tag == stepPing
		switch {
		case asked && rejection(reply, Read) != "", away && l.waits():
			l.conn.Close(fmt.Errorf("%s refused the handshake: %s", l.addr, firstLine(reply)))
			return
		case away:
			l.refusal = bytes.Clone(reply)
			l.set.established(l)
			return
		case e.Tag == stepSetup:
			l.refusal = bytes.Clone(reply)
		}
		// A PING that is refused for what it is (NOPERM, BUSY, MISCONF) says nothing of what the session may do.
	}
	if e.Tag == stepPing {
		if !l.key.authenticated() {
			l.set.wantsPassword = forbidden(reply)
			if l.set.wantsPassword && l.refusal == nil && l.key.DB != authDB {
				l.set.answerQueued(l, reply)
			}
		}
		l.set.established(l)
	}
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
