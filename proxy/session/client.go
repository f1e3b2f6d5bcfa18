package session

import (
	"bytes"
	"math"
	"strconv"

	"github.com/tidwall/redcon"

	"sentinelproxy/proxy/command"
	"sentinelproxy/proxy/upstream"
	"sentinelproxy/resp"
)

// Everywhere runs visit for this group on every lane, each in its own loop and one after another, and
// then then in the loop that asked. Set by package proxy where there are several lanes.
type Everywhere func(visit func(*Group), then func())

// everywhere is Everywhere, or this lane alone where there is no other.
func (g *Group) everywhere(visit func(*Group), then func()) {
	if g.Everywhere == nil {
		visit(g)
		then()
		return
	}
	g.Everywhere(visit, then)
}

// nobody is an id that no client has. A command about clients is sent to the server with it first:
// whether the user may use the command is for the server's ACL to say.
var nobody = strconv.AppendInt(nil, math.MaxInt64, 10)

// dispatchClients begins CLIENT LIST, INFO, KILL and UNBLOCK. They are about the proxy's own clients, all
// lanes', so they are answered here once the server has allowed them.
func (s *Session) dispatchClients(args [][]byte, info *command.Info, rest []byte) bool {
	var job clientJob
	var complaint string
	switch info.ID {
	case command.ClientList:
		job, complaint = s.clientList(args)
	case command.ClientInfo:
		job, complaint = s.clientInfo(args)
	case command.ClientKill:
		job, complaint = s.clientKill(args)
	default:
		job, complaint = s.clientUnblock(args)
	}
	if complaint != "" {
		s.answerError("%s", complaint)
		return true
	}
	if v := s.admit(info, rest); v != pass {
		return v == answered
	}
	s.askServer(job.permission, job.run)
	s.ask.qbuf = len(rest)
	return true
}

// askServer sends a command about clients over a shared link; then is run when the server has allowed it, nil
// if its reply is the answer. Nothing else of the session is in flight, so also one with a link of its own may.
func (s *Session) askServer(raw []byte, then func()) {
	s.askServerFor(raw, func(reply []byte) {
		if then == nil || refuses(reply) {
			s.finish(reply)
			return
		}
		then()
	})
}

// askServerFor is askServer for a command whose reply matters.
func (s *Session) askServerFor(raw []byte, then func(reply []byte)) {
	s.hold().then = then
	s.inflight++
	s.g.Links.Shared(s.key).Append(s, raw, upstream.Read, uint16(command.ClientList))
}

// hold makes the session's next command wait for a job; finish ends that.
func (s *Session) hold() *question {
	q := &question{s: s, key: s.key, clients: true, muted: s.muted}
	if s.ask != nil {
		q.muted, q.qbuf = q.muted || s.ask.muted, s.ask.qbuf
	}
	s.ask = q
	s.halt(stopAnswer)
	return q
}

// clientJob is what is done once the server has allowed it.
type clientJob struct {
	permission []byte // the command, about nobody
	run        func()
}

// refuses: an ERR is about nobody, but for a user that there is not; NOPERM, NOAUTH, or that no master has come in time,
// are the client's.
func refuses(reply []byte) bool {
	return resp.IsError(reply) && (string(resp.ErrorPrefix(reply)) != "ERR" || bytes.HasPrefix(reply, []byte("-ERR No such user")))
}

// finish answers a job, unless the client has gone meanwhile.
func (s *Session) finish(reply []byte) {
	if s.ask == nil || s.gone {
		return
	}
	if !s.ask.muted {
		s.answer(reply)
	}
	s.decided()
}

func clientCommand(words ...string) []byte {
	args := [][]byte{[]byte("CLIENT")}
	for _, w := range words {
		args = append(args, []byte(w))
	}
	return resp.AppendCommand(nil, args...)
}

// clientInfo describes the session itself.
func (s *Session) clientInfo(args [][]byte) (clientJob, string) {
	if len(args) != 2 {
		return clientJob{}, "ERR wrong number of arguments for 'client|info' command"
	}
	return clientJob{clientCommand("INFO"), func() { s.finish(s.text(append(s.describe(nil), '\n'))) }}, ""
}

// clientList reads CLIENT LIST [TYPE type | ID id...].
func (s *Session) clientList(args [][]byte) (clientJob, string) {
	var ids map[int64]bool
	kind := ""
	switch {
	case len(args) == 2:
	case len(args) == 4 && is(args[2], "type"):
		if kind = typeNamed(args[3]); kind == "" {
			return clientJob{}, "ERR Unknown client type '" + string(args[3]) + "'"
		}
	case len(args) > 3 && is(args[2], "id"):
		ids = map[int64]bool{}
		for _, a := range args[3:] {
			id, ok := number(a)
			if !ok {
				return clientJob{}, "ERR Invalid client ID"
			}
			ids[int64(id)] = true
		}
	default:
		return clientJob{}, "ERR syntax error"
	}
	var out []byte
	visit := func(g *Group) {
		for other := range g.sessions {
			if (ids == nil || ids[other.id]) && (kind == "" || other.kind() == kind) {
				out = append(other.describe(out), '\n')
			}
		}
	}
	return clientJob{clientCommand("LIST", "ID", string(nobody)), func() {
		s.g.everywhere(visit, func() { s.finish(s.text(out)) })
	}}, ""
}

// text is a bulk string, a verbatim one under RESP3, as CLIENT LIST and INFO answer.
func (s *Session) text(b []byte) []byte {
	if s.key.Proto != 3 {
		return redcon.AppendBulk(nil, b)
	}
	out := append([]byte{'='}, strconv.Itoa(len(b)+4)...)
	out = append(out, "\r\ntxt:"...)
	return append(append(out, b...), "\r\n"...)
}

// typeNamed is a type of client by any of its names, "" for none.
func typeNamed(word []byte) string {
	switch w := string(bytes.ToLower(word)); w {
	case "normal", "pubsub", "master", "replica":
		return w
	case "slave":
		return "replica"
	}
	return ""
}

func (s *Session) kind() string {
	if s.pin != nil && s.pin.subscribed() {
		return "pubsub"
	}
	return "normal"
}

// clientUnblock asks the server to unblock the link that the session with this id waits on.
func (s *Session) clientUnblock(args [][]byte) (clientJob, string) {
	if len(args) != 3 && len(args) != 4 {
		return clientJob{}, "ERR wrong number of arguments for 'client|unblock' command"
	}
	mode := "TIMEOUT"
	if len(args) == 4 {
		switch {
		case is(args[3], "error"):
			mode = "ERROR"
		case !is(args[3], "timeout"):
			return clientJob{}, "ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"
		}
	}
	id, ok := number(args[2])
	if !ok {
		return clientJob{}, "ERR value is not an integer or out of range"
	}
	var link int64
	visit := func(g *Group) {
		for other := range g.sessions {
			if other.id == int64(id) && other.pin != nil && other.pin.link != nil && other.blocked() {
				link = other.pin.link.ServerID()
			}
		}
	}
	unblock := func() {
		if link == 0 {
			s.finish([]byte(":0\r\n"))
			return
		}
		if s.ask != nil && !s.gone {
			s.askServer(clientCommand("UNBLOCK", strconv.FormatInt(link, 10), mode), nil)
		}
	}
	return clientJob{clientCommand("UNBLOCK", string(nobody)), func() { s.g.everywhere(visit, unblock) }}, ""
}

// blocked: a blocking command of the session has no reply yet.
func (s *Session) blocked() bool {
	return s.inflight > 0 && (s.pin.has(command.PinBlocking) || s.pin.has(command.PinWait))
}
