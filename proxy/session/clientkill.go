package session

import (
	"bytes"
	"time"

	"github.com/tidwall/redcon"
)

// killFilter says which clients CLIENT KILL is about; all that are set must hold.
type killFilter struct {
	id           int64
	kind         string
	user         string
	addr, laddr  string
	maxAge       time.Duration
	byUser, self bool // self: the client that asks may be meant, too
}

// clientKill reads CLIENT KILL address, and CLIENT KILL filter value...
func (s *Session) clientKill(args [][]byte) (clientJob, string) {
	f := killFilter{}
	old := len(args) == 3
	switch {
	case len(args) < 3:
		return clientJob{}, "ERR wrong number of arguments for 'client|kill' command"
	case old:
		f.addr, f.self = string(args[2]), true
	case len(args)%2 != 0:
		return clientJob{}, "ERR syntax error"
	default:
		for i := 2; i < len(args); i += 2 {
			if complaint := f.add(args[i], args[i+1]); complaint != "" {
				return clientJob{}, complaint
			}
		}
	}
	killed, self := 0, false
	visit := func(g *Group) {
		for other := range g.sessions {
			switch {
			case !f.means(other):
			case other != s:
				killed++
				other.close(CloseServer)
			case f.self:
				killed++
				self = true
			}
		}
	}
	done := func() {
		switch {
		case !old:
			s.finish(redcon.AppendInt(nil, int64(killed)))
		case killed > 0:
			s.finish([]byte("+OK\r\n"))
		default:
			s.finish([]byte("-ERR No such client\r\n"))
		}
		if self {
			s.end(CloseServer)
		}
	}
	permission := []string{"KILL", "ID", string(nobody)}
	if f.byUser {
		permission = append(permission, "USER", f.user) // one that there is not is an error
	}
	return clientJob{clientCommand(permission...), func() { s.g.everywhere(visit, done) }}, ""
}

// add reads one filter; it returns Redis's error.
func (f *killFilter) add(filter, value []byte) string {
	switch {
	case is(filter, "id"):
		id, ok := number(value)
		if !ok || id < 1 {
			return "ERR client-id should be greater than 0"
		}
		f.id = int64(id)
	case is(filter, "type"):
		if f.kind = typeNamed(value); f.kind == "" {
			return "ERR Unknown client type '" + string(value) + "'"
		}
	case is(filter, "user"):
		f.user, f.byUser = string(value), true
	case is(filter, "addr"):
		f.addr = string(value)
	case is(filter, "laddr"):
		f.laddr = string(value)
	case is(filter, "maxage"):
		seconds, ok := number(value)
		if !ok || seconds < 1 {
			return "ERR maxage is not an integer or out of range"
		}
		f.maxAge = time.Duration(seconds) * time.Second
	case is(filter, "skipme"):
		switch {
		case is(value, "no"):
			f.self = true
		case !bytes.EqualFold(value, []byte("yes")):
			return "ERR syntax error"
		}
	default:
		return "ERR syntax error"
	}
	return ""
}

func (f *killFilter) means(s *Session) bool {
	return (f.id == 0 || f.id == s.id) &&
		(f.kind == "" || f.kind == s.kind()) &&
		(!f.byUser || f.user == s.user()) &&
		(f.addr == "" || f.addr == s.addr()) &&
		(f.laddr == "" || f.laddr == s.laddr()) &&
		(f.maxAge == 0 || s.g.Loop.Now().Sub(s.since) >= f.maxAge)
}
