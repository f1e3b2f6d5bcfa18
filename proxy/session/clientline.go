package session

import (
	"fmt"

	"sentinelproxy/proxy/command"
	"sentinelproxy/proxy/reactor"
)

// describe appends one line of CLIENT LIST, without its end: the fields of Redis 7.2 in their order. What
// is about the server's memory is 0: this client has none there.
func (s *Session) describe(dst []byte) []byte {
	now := s.g.Loop.Now()
	queued := -1
	subs := [3]int{}
	if p := s.pin; p != nil {
		for kind, set := range p.subs.sets {
			subs[kind] = len(set)
		}
		if p.tx.open {
			queued = max(0, len(p.tx.ends)-1)
		}
	}
	qbuf := len(s.conn.Buffered())
	if s.ask != nil && s.ask.clients {
		qbuf = s.ask.qbuf // the command that asks included, as a server has it
	}
	last := "NULL"
	if s.last != nil {
		last = s.last.Name
	}
	return fmt.Appendf(dst, "id=%d addr=%s laddr=%s fd=%d name=%s age=%d idle=%d flags=%s db=%d sub=%d psub=%d ssub=%d multi=%d "+
		"qbuf=%d qbuf-free=0 argv-mem=0 multi-mem=0 rbs=%d rbp=%d obl=%d oll=0 omem=0 tot-mem=%d events=r cmd=%s user=%s "+
		"redir=-1 resp=%d lib-name=%s lib-ver=%s",
		s.id, s.addr(), s.laddr(), s.conn.FD(), s.name, int(now.Sub(s.since).Seconds()), int(now.Sub(s.active).Seconds()), s.flags(),
		s.key.DB, subs[channels], subs[patterns], subs[shardChannels], queued, qbuf, cap(s.out), len(s.out), len(s.out)-s.written,
		cap(s.out)+qbuf, last, s.user(), s.key.Proto, s.lib.name, s.lib.version)
}

// flags are those of Redis that the proxy knows.
func (s *Session) flags() string {
	f := ""
	if p := s.pin; p != nil {
		for _, flag := range []struct {
			set  bool
			name string
		}{
			{p.has(command.PinMonitor), "O"}, {p.subscribed(), "P"}, {p.tx.open, "x"}, {s.blocked(), "b"}, {p.has(command.PinTracking), "t"},
		} {
			if flag.set {
				f += flag.name
			}
		}
	}
	if !s.remote.IsValid() {
		f += "U"
	}
	if f == "" {
		return "N"
	}
	return f
}

func (s *Session) user() string {
	if s.key.Username == "" {
		return "default"
	}
	return s.key.Username
}

// addr is the client's address; over a Unix socket the socket's path and port 0, as Redis has it.
func (s *Session) addr() string {
	if s.remote.IsValid() {
		return s.remote.String()
	}
	return s.laddr()
}

func (s *Session) laddr() string { return reactor.LocalAddr(s.conn.FD()) }
