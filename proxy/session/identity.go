package session

import (
	"bytes"
	"strconv"

	"sentinelproxy/proxy/command"
	"sentinelproxy/proxy/upstream"
	"sentinelproxy/resp"
)

// question is an AUTH, HELLO or SELECT whose answer decides which shared link the session uses. Until
// then the session's next command waits.
type question struct {
	s     *Session
	key   upstream.Key // what the session is to become
	login []byte       // the AUTH of a HELLO
	hello []byte       // the HELLO to be sent once that has passed
	name  []byte       // SETNAME of HELLO
	named bool
	muted bool // the client has asked for no reply

	clients bool               // a command about clients: see askServer
	then    func(reply []byte) // what is done with the server's reply
	qbuf    int                // bytes that were read when it was asked
}

// dispatchIdentity begins AUTH, HELLO or SELECT. All three need a master, so they pass the gate.
func (s *Session) dispatchIdentity(args [][]byte, c *resp.Command, info *command.Info, rest []byte) bool {
	if v := s.admit(info, rest); v != pass {
		return v == answered
	}
	s.g.Counters.Local++
	switch info.ID {
	case command.Auth:
		s.auth(args, s.raw(c))
	case command.Hello:
		s.hello(args, s.raw(c))
	default:
		s.selectDB(args, s.raw(c))
	}
	return true
}

// sendAsked sends the command that q waits for; its reply comes to hooked.
func (s *Session) sendAsked(l *upstream.Link, q *question, raw []byte, tag command.ID) {
	s.ask = q
	s.inflight++
	s.halt(stopAnswer)
	q.muted = s.muted
	l.Append(s, raw, upstream.Read, uint16(tag))
}

// maxLogin is how many bytes an AUTH may have: Redis takes 16 KiB for an argument of a connection that has not
// authenticated, and closes it otherwise.
const maxLogin = 16 << 10

// auth has the server check the password, on a link that serves for nothing else.
func (s *Session) auth(args [][]byte, raw []byte) {
	q := &question{s: s, key: s.key}
	switch len(args) {
	case 2, 3:
		q.key = withLogin(s.key, args[1:])
	case 1:
		s.wrongArity("auth")
		return
	default:
		s.answerError("ERR syntax error")
		return
	}
	if len(raw) > maxLogin {
		s.answerError("ERR Protocol error: unauthenticated bulk length")
		s.end(CloseProtocol)
		return
	}
	if s.pin != nil {
		s.sendAsked(s.pin.link, q, raw, command.Auth)
		return
	}
	s.sendAsked(s.g.Links.ForAuth(), q, raw, command.Auth)
}

// withLogin is key with another identity, of AUTH's arguments [user] password.
func withLogin(key upstream.Key, login [][]byte) upstream.Key {
	if len(login) == 1 {
		return key.As("", string(login[0]))
	}
	return key.As(string(login[0]), string(login[1]))
}

// readHello reads HELLO [2|3 [AUTH user password] [SETNAME name]] as Redis does; complaint is Redis's error, "" if there is
// none. key is what the session is.
func readHello(key upstream.Key, args [][]byte) (q question, complaint string) {
	q.key = key
	if len(args) > 1 {
		proto, ok := number(args[1])
		switch {
		case !ok:
			return q, "ERR Protocol version is not an integer or out of range"
		case proto != 2 && proto != 3:
			return q, "NOPROTO unsupported protocol version"
		}
		q.key.Proto = uint8(proto)
	}
	for i := 2; i < len(args); i++ {
		switch left := len(args) - i - 1; {
		case is(args[i], "auth") && left >= 2:
			q.key = withLogin(q.key, args[i+1:i+3])
			q.login = resp.AppendCommand(nil, []byte("AUTH"), args[i+1], args[i+2])
			i += 2
		case is(args[i], "setname") && left >= 1:
			if q.name, q.named = bytes.Clone(args[i+1]), true; !printable(q.name) {
				return q, "ERR Client names cannot contain spaces, newlines or special characters."
			}
			i++
		default:
			return q, "ERR Syntax error in HELLO option '" + string(args[i]) + "'"
		}
	}
	return q, ""
}

func (s *Session) hello(args [][]byte, raw []byte) {
	read, complaint := readHello(s.key, args)
	q := &read
	q.s = s
	switch {
	case complaint != "":
		s.answerError("%s", complaint)
		return
	case len(q.login) > maxLogin:
		s.answerError("ERR Protocol error: unauthenticated bulk length")
		s.end(CloseProtocol)
		return
	case s.pin != nil:
		s.sendAsked(s.pin.link, q, raw, command.Hello)
		return
	}
	// With the version that the link has anyway HELLO changes nothing there, and answers as it should.
	q.hello = resp.AppendCommand(nil, []byte("HELLO"), strconv.AppendInt(nil, int64(q.key.Proto), 10))
	if q.login != nil {
		s.sendAsked(s.g.Links.ForAuth(), q, q.login, command.Auth)
		return
	}
	s.sendAsked(s.g.Links.Shared(q.key), q, q.hello, command.Hello)
}

// selectDB makes the link for the database: its handshake is the server's answer.
func (s *Session) selectDB(args [][]byte, raw []byte) {
	if len(args) != 2 {
		s.wrongArity("select")
		return
	}
	db, ok := number(args[1])
	switch {
	case !ok:
		s.answerError("ERR value is not an integer or out of range")
		return
	case db < 0:
		s.answerError("ERR DB index is out of range")
		return
	}
	q := &question{s: s, key: s.key.In(db)}
	if s.pin != nil {
		s.sendAsked(s.pin.link, q, raw, command.Select)
		return
	}
	s.ask = q
	s.halt(stopAnswer)
	s.g.Links.Shared(q.key).WhenReady(q)
}

// LinkReady ends SELECT.
func (q *question) LinkReady(l *upstream.Link, refusal []byte) {
	s := q.s
	if s.ask != q {
		return // the client has gone
	}
	if refusal != nil {
		s.answer(refusal)
	} else {
		s.become(q)
		s.choose(l)
		s.answerOK()
	}
	s.decided()
}

// LinkFailed: the master was lost meanwhile. The link for this key is asked for again when there is one:
// the lane is holding now, so the question waits like a held command, at its place in the session.
func (q *question) LinkFailed(*upstream.Link) {
	if q.s.ask == q {
		q.s.g.Links.Ask(q)
	}
}

// Again is called when there is a master again, or none has come in time.
func (q *question) Again(refusal []byte) {
	s := q.s
	switch {
	case s.ask != q:
	case refusal != nil:
		s.answer(refusal)
		s.decided()
	default:
		s.g.Links.Shared(q.key).WhenReady(q)
	}
}

// become makes the session what it asked to be.
func (s *Session) become(q *question) {
	if s.key != q.key {
		s.choose(nil)
		s.key = q.key
	}
	if q.named {
		s.name = q.name
	}
}

func (s *Session) decided() {
	s.ask = nil
	s.proceed(stopAnswer)
}

// authAnswered and helloAnswered take the server's reply to what sendAsked has sent.
func (s *Session) authAnswered(reply []byte) {
	q := s.ask
	switch {
	case resp.IsError(reply):
		s.answer(reply)
	case q.hello != nil:
		s.ask = nil
		s.sendAsked(s.g.Links.Shared(q.key), q, q.hello, command.Hello)
		return
	default:
		s.become(q)
		s.answer(reply)
	}
	s.decided()
}

func (s *Session) helloAnswered(reply []byte) {
	if resp.IsError(reply) {
		s.answer(reply)
	} else {
		s.become(s.ask)
		s.answer(withID(reply, s.id))
	}
	s.decided()
}

// withID puts the session's id where the reply to HELLO has the link's.
func withID(reply []byte, id int64) []byte {
	field := []byte("$2\r\nid\r\n:")
	i := bytes.Index(reply, field)
	if i < 0 {
		return reply
	}
	i += len(field)
	end := i + bytes.IndexByte(reply[i:], '\r')
	out := append([]byte(nil), reply[:i]...)
	out = strconv.AppendInt(out, id, 10)
	return append(out, reply[end:]...)
}

// reset is RESET: everything the client has set up is forgotten.
func (s *Session) reset() {
	s.unpin()
	s.choose(nil)
	s.key = upstream.Key{Proto: 2}
	s.name = nil
	s.answer([]byte("+RESET\r\n"))
}
