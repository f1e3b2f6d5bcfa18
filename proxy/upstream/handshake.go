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
	if e.Tag == stepID && reply[0] == ':' {
		l.serverID, _ = strconv.ParseInt(string(firstLine(reply[1:])), 10, 64)
	}
	if resp.IsError(reply) && l.refusal == nil && e.Tag != stepID && e.Tag != stepScript && !(e.Tag == stepPing && forbidden(reply)) {
		if temporary(reply) {
			l.conn.Close(fmt.Errorf("%s refused the handshake: %s", l.addr, firstLine(reply)))
			return
		}
		l.refusal = bytes.Clone(reply)
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

// forbidden: not being allowed to PING is the state that the session wants (not authenticated yet).
func forbidden(reply []byte) bool {
	p := string(resp.ErrorPrefix(reply))
	return p == "NOAUTH" || p == "NOPERM"
}

// temporary errors are about the server, not about what the link asks for: another try may do.
func temporary(reply []byte) bool {
	return rejection(reply, Read) != "" || bytes.Contains(reply, []byte("max number of clients")) ||
		string(resp.ErrorPrefix(reply)) == "DENIED"
}

// Broken is not called: the replies are short.
func (h handshake) Broken(*Entry) {}

// Gone: a handshake is never repeated on another link.
func (h handshake) Gone() bool { return true }
