package session

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/tidwall/redcon"

	"sentinelproxy/proxy/command"
	"sentinelproxy/resp"
)

// dispatchLocal handles what must not go over a shared link as it is. Nothing is in flight.
func (s *Session) dispatchLocal(c *resp.Command, info *command.Info, rest []byte) bool {
	args := s.arguments(c)
	if strings.HasPrefix(info.Name, "client|") && s.unauthenticated() {
		s.answerError("NOAUTH Authentication required.")
		return true
	}
	switch info.ID {
	case command.Auth, command.Hello, command.Select:
		return s.dispatchIdentity(args, c, info, rest)
	case command.Quit:
		s.answerOK()
		s.end(CloseQuit)
	case command.Reset:
		if len(args) != 1 {
			s.wrongArity("reset")
			break
		}
		s.reset()
	case command.ClientId:
		if len(args) != 2 {
			s.wrongArity("client|id")
			break
		}
		s.answer(redcon.AppendInt(nil, s.id))
	case command.ClientGetName:
		if len(args) != 2 {
			s.wrongArity("client|getname")
			break
		}
		s.answerName()
	case command.ClientSetName:
		s.setName(args)
	case command.ClientSetInfo:
		s.setInfo(args)
	case command.ClientList, command.ClientInfo, command.ClientKill, command.ClientUnblock:
		return s.dispatchClients(args, info, rest)
	default:
		// What would set up the connection in a way that the proxy does not know, such as having the server
		// push what no session has asked for.
		s.answerError("ERR unknown subcommand '%.128s'. Try CLIENT HELP.", args[1])
	}
	s.g.Counters.Local++
	return true
}

func (s *Session) answerOK() { s.answer([]byte("+OK\r\n")) }

func (s *Session) answerError(format string, a ...any) {
	text := fmt.Appendf(nil, format, a...)
	for i, c := range text {
		if c == '\r' || c == '\n' {
			text[i] = ' ' // what a client has sent is quoted, and must not end the line
		}
	}
	s.answer(append(append([]byte{'-'}, text...), "\r\n"...))
}

func (s *Session) wrongArity(name string) {
	s.answerError("ERR wrong number of arguments for '%s' command", name)
}

func (s *Session) answerName() { s.answer(s.nameReply()) }

func (s *Session) nameReply() []byte {
	switch {
	case len(s.name) > 0:
		return redcon.AppendBulk(nil, s.name)
	case s.key.Proto == 3:
		return []byte("_\r\n")
	}
	return []byte("$-1\r\n")
}

func (s *Session) setName(args [][]byte) {
	switch {
	case len(args) != 3:
		s.wrongArity("client|setname")
	case !printable(args[2]):
		s.answerError("ERR Client names cannot contain spaces, newlines or special characters.")
	default:
		s.name = bytes.Clone(args[2])
		s.answerOK()
	}
}

// setInfo: what the library calls itself is checked as Redis 7.2 does, and shown by CLIENT LIST.
func (s *Session) setInfo(args [][]byte) {
	switch {
	case len(args) != 4:
		s.wrongArity("client|setinfo")
	case !is(args[2], "lib-name") && !is(args[2], "lib-ver"):
		s.answerError("ERR Unrecognized option '%s'", args[2])
	case !printable(args[3]):
		s.answerError("ERR %s cannot contain spaces, newlines or special characters.", bytes.ToLower(args[2]))
	default:
		if is(args[2], "lib-name") {
			s.lib.name = bytes.Clone(args[3])
		} else {
			s.lib.version = bytes.Clone(args[3])
		}
		s.answerOK()
	}
}

// printable is Redis's rule for client names: '!' to '~'.
func printable(name []byte) bool {
	for _, c := range name {
		if c < '!' || c > '~' {
			return false
		}
	}
	return true
}

func is(arg []byte, word string) bool {
	return len(arg) == len(word) && bytes.EqualFold(arg, []byte(word))
}

// number reads an integer as Redis does: no sign but minus, no leading zeros, no spaces.
func number(arg []byte) (int, bool) {
	n, err := strconv.Atoi(string(arg))
	return n, err == nil && strconv.Itoa(n) == string(arg)
}
