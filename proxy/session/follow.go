package session

import (
	"bytes"

	"github.com/tidwall/redcon"

	"sentinelproxy/proxy/command"
	"sentinelproxy/resp"
)

// What a transaction sets up on its connection (SELECT, AUTH, HELLO, CLIENT SETNAME, subscriptions under RESP2, tracking,
// ...) is known when EXEC is answered: each such command has its own reply in there.

// special is such a command inside MULTI, and its place among the queued ones.
type special struct {
	at   int
	info *command.Info
}

// isSpecial says whether a queued command has to be followed.
func isSpecial(info *command.Info) bool {
	switch info.ID {
	case command.Select, command.Auth, command.Hello, command.ClientSetName, command.ClientSetInfo, command.ClientGetName, command.ClientId:
		return true
	}
	return info.Pin == command.PinSubscribe || setsUp(info)
}

// queued is the arguments of queued command i.
func (t *transaction) queued(i int) [][]byte {
	if i+1 >= len(t.ends) { // the first end is MULTI's
		return nil
	}
	var c resp.Command
	var r resp.CommandReader
	if n, err := r.Next(t.log[t.ends[i]:t.ends[i+1]], &c); n == 0 || err != nil {
		return nil
	}
	return c.AppendArgs(nil)
}

// follow takes over what the transaction that exec is the reply to has set up. It returns the reply as the client gets it.
func (s *Session) follow(exec []byte) []byte {
	if exec[0] != '*' {
		return exec // aborted, or discarded
	}
	t := &s.pin.tx
	next := 0 // of t.specials
	at := bytes.IndexByte(exec, '\n') + 1
	var r resp.ReplyReader
	for i := 0; at < len(exec) && next < len(t.specials); i++ {
		n, err := r.Next(exec[at:])
		if n == 0 || err != nil {
			return exec
		}
		if word, _ := firstBulk(exec[at : at+n]); exec[at] == '>' && !bytes.HasSuffix(word, []byte("subscribe")) {
			at += n // an invalidation, which is no element
			i--
			continue
		}
		if q := t.specials[next]; q.at-t.refusedBefore(q.at) == i {
			next++
			if !resp.IsError(exec[at:]) {
				if changed := s.followOne(q.info, t.queued(q.at), exec[at:at+n]); changed != nil {
					exec = append(append(bytes.Clone(exec[:at]), changed...), exec[at+n:]...)
					n = len(changed)
				}
			}
		}
		at += n
	}
	return exec
}

// followOne takes over what one command has set up. It returns what the client gets for its reply, nil for the reply as it is.
func (s *Session) followOne(info *command.Info, args [][]byte, reply []byte) []byte {
	p := s.pin
	key := s.key
	if len(args) < 2 && info.ID != command.Hello && info.Pin != command.PinSubscribe && info.Pin != command.PinClientState {
		return nil // no server takes it, and nothing is known of one that does
	}
	switch info.ID {
	case command.Select:
		if db, ok := number(args[1]); ok {
			key = key.In(db)
		}
	case command.Auth:
		key = withLogin(key, args[1:])
	case command.Hello:
		q, complaint := readHello(key, args)
		if complaint != "" {
			return nil // the server knows more than we do
		}
		if key = q.key; q.named {
			s.name = q.name
		}
		reply = withID(reply, s.id)
	case command.ClientSetName:
		s.name = bytes.Clone(args[len(args)-1])
		return nil
	case command.ClientSetInfo:
		s.setInfo(args)
		return nil
	case command.ClientId:
		return redcon.AppendInt(nil, s.id)
	case command.ClientGetName:
		return s.nameReply()
	default:
		if info.Pin == command.PinSubscribe {
			s.followSubscription(reply)
			s.confirmAloud(reply)
			return nil
		}
		raw := resp.AppendCommand(nil, args...)
		p.reasons[info.Pin]++
		if turnsOff(info.ID, args) {
			s.trackingAnswered(true, reply)
			return nil
		}
		if setsUp(info) {
			p.setup.note(info.ID, raw, args)
		}
		return nil
	}
	if key != s.key {
		s.choose(nil)
		s.key = key
	}
	return reply
}

// followSubscription notes one channel. The servers count a command for several as one reply in EXEC's and send
// several, so that clients lose count, too: that is not followed.
func (s *Session) followSubscription(confirmation []byte) {
	word, rest := firstBulk(confirmation)
	name, _ := bulk(rest)
	if !bytes.HasSuffix(word, []byte("subscribe")) {
		return
	}
	u := &s.pin.subs
	u.note(word, name)
	switch {
	case u.total() > 0:
		s.pin.reasons[command.PinSubscribe] = max(1, s.pin.reasons[command.PinSubscribe])
	case len(u.due) == 0:
		s.pin.reasons[command.PinSubscribe] = 0
	}
}
