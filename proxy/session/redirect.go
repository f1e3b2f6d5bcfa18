package session

import (
	"bytes"
	"strconv"
	"time"

	"sentinelproxy/proxy/command"
	"sentinelproxy/proxy/gate"
	"sentinelproxy/proxy/upstream"
	"sentinelproxy/resp"
)

// CLIENT TRACKING ... REDIRECT names another client, by the id that the proxy has given it. The server has to be told
// what it calls that client's own link, which is another number on the next master, and whenever that link is
// made anew. Clients on other lanes can be named, too; those of another proxy can't.

// redirected is a REDIRECT that is about to be sent.
type redirected struct {
	id     int64 // the client's
	server int64 // its link's, 0 until that is known
}

// redirectAgainAfter is how long a session waits when the link of the client that it names is not ready.
const redirectAgainAfter = 2 * time.Millisecond

// redirectAt is where CLIENT TRACKING has the id of a REDIRECT, and that id; 0 if there is none.
func redirectAt(args [][]byte) (at int, id int64) {
	for i := 3; i+1 < len(args); i++ {
		if is(args[i], "redirect") {
			if n, ok := number(args[i+1]); ok && n > 0 {
				return i + 1, int64(n)
			}
			return 0, 0
		}
	}
	return 0, 0
}

// withRedirect is a CLIENT TRACKING with the server's id in the place of ours.
func withRedirect(args [][]byte, server int64) []byte {
	at, _ := redirectAt(args)
	args[at] = strconv.AppendInt(nil, server, 10)
	return resp.AppendCommand(nil, args...)
}

// resolveRedirect finds the link that a REDIRECT is to; false: the command comes again when that is known.
func (s *Session) resolveRedirect(args [][]byte) bool {
	_, id := redirectAt(args)
	if id == 0 || s.redirected.id == id && s.redirected.server != 0 {
		return true
	}
	s.redirected = redirected{}
	s.findTarget(id, func(server int64, done func()) {
		if server == 0 {
			server, _ = strconv.ParseInt(string(nobody), 10, 64) // the server says that there is none
		}
		s.redirected = redirected{id, server}
		done()
	})
	return false
}

// findTarget finds the server's id of a client's own link, 0 if there is no such client or it has none, and runs then. That
// waits while the links of both are being made. Until then has called done the session's next command waits, or until
// its link is lost: what comes then begins anew.
func (s *Session) findTarget(id int64, then func(server int64, done func())) {
	s.halt(stopRedirect)
	s.search++
	search, link := s.search, s.pin.link
	done := func() {
		if s.search == search { // else the later one ends the wait
			s.proceed(stopRedirect)
		}
	}
	var ask func()
	ask = func() {
		var server int64
		soon := false
		s.g.everywhere(func(g *Group) {
			for other := range g.sessions {
				if other.id == id {
					other.target = true
					server, soon = other.pin.serverID()
				}
			}
		}, func() {
			switch {
			case s.gone || s.search != search:
			case s.pin == nil || s.pin.link != link || s.g.Gate.Mode() == gate.Refuse:
				done()
			case soon || !link.Ready():
				s.g.Loop.After(redirectAgainAfter, func() {
					if !s.gone && s.search == search {
						ask()
					}
				})
			default:
				then(server, done)
			}
		})
	}
	ask()
}

// serverID is what the server calls the session's own link, 0 if it has none, or does not tell. Soon: the link is lost, or
// of a former master, or not set up yet.
func (p *pin) serverID() (id int64, soon bool) {
	switch {
	case p == nil:
		return 0, false
	case p.link == nil || !p.link.Ready():
		return 0, true
	}
	return p.link.ServerID(), false
}

// redirectAgain repeats what is redirected after a link has been made anew, and makes the other client forget all that
// it has: what was changed meanwhile, nobody has told it.
func (s *Session) redirectAgain() {
	p := s.pin
	id := p.redirect
	s.findTarget(id, func(server int64, done func()) {
		if server == 0 {
			done()
			return
		}
		for _, u := range p.setup {
			if _, id := redirectAt(u.args()); id > 0 {
				p.link.AppendOwn(retracking{s}, withRedirect(u.args(), server), 1, 0)
			}
		}
		s.g.everywhere(func(g *Group) {
			for other := range g.sessions {
				if other.id == id {
					other.forgetCached()
				}
			}
		}, done)
	})
}

// targetRestored: whoever redirects to this session has to name its new link.
func (s *Session) targetRestored() {
	s.g.everywhere(func(g *Group) {
		for other := range g.sessions {
			if p := other.pin; p != nil && p.redirect == s.id && p.link != nil {
				other.redirectAgain()
			}
		}
	}, func() {})
}

// forgetCached tells a client that nothing of what it has cached is tracked any more, as the server does after FLUSHALL.
func (s *Session) forgetCached() {
	s.forgets = s.streaming // not in the middle of a reply
	switch {
	case s.forgets:
	case s.key.Proto == 3:
		s.answer([]byte(">2\r\n$10\r\ninvalidate\r\n_\r\n"))
	case s.pin != nil && s.pin.subscribed():
		s.answer([]byte("*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n*-1\r\n"))
	}
}

// ownRedirect puts the client's id where the replies to CLIENT GETREDIR and TRACKINGINFO have the server's.
func (s *Session) ownRedirect(id command.ID, reply []byte) []byte {
	field := []byte(":")
	if id == command.ClientTrackingInfo {
		field = []byte("$8\r\nredirect\r\n:")
	}
	at := bytes.Index(reply, field)
	if s.pin.redirect == 0 || at < 0 || resp.IsError(reply) {
		return reply
	}
	at += len(field)
	end := at + bytes.IndexByte(reply[at:], '\r')
	if reply[at] == '-' || reply[at] == '0' {
		return reply
	}
	return append(strconv.AppendInt(bytes.Clone(reply[:at]), s.pin.redirect, 10), reply[end:]...)
}

// retracking takes the reply to a CLIENT TRACKING that is sent again. Where it is refused (Dragonfly has no BCAST, no
// REDIRECT, and no tracking under RESP2) the client would go on using what it has cached, and never hear that it is
// out of date. So its connection is closed: on the next one it finds out.
type retracking struct{ s *Session }

// Reply closes the client after an error.
func (r retracking) Reply(_ *upstream.Entry, reply []byte, _ bool) {
	if resp.IsError(reply) {
		r.s.close(CloseServer)
	}
}

// Broken is not called: the reply is short.
func (r retracking) Broken(*upstream.Entry) {}

// Gone: it is sent again by Restore.
func (r retracking) Gone() bool { return true }
