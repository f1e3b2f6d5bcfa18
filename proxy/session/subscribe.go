package session

import (
	"bytes"

	"sentinelproxy/proxy/command"
	"sentinelproxy/resp"
)

// subscriptions are what the session is subscribed to, by the three kinds, and the subscribing commands
// in flight: the server answers each with one confirmation for every channel.
type subscriptions struct {
	sets [3]map[string]struct{} // channels, patterns, shard channels
	due  []*confirmations       // one for each command in flight, oldest first
}

type confirmations struct {
	all   bool // an unsubscribe from everything
	names int  // -1: an unsubscribe from everything, counted when its turn comes
	seen  int  // confirmations that the client has
	got   int  // confirmations that this link has given
	again bool // a subscription made again on a new link: the client has had its confirmations
}

const (
	channels = iota
	patterns
	shardChannels
)

// kindOf tells the kind by a confirmation's word: psubscribe, punsubscribe; ssubscribe, sunsubscribe;
// subscribe, unsubscribe.
func kindOf(word []byte) int {
	switch {
	case word[0] == 'p':
		return patterns
	case bytes.HasPrefix(word, []byte("ssub")), bytes.HasPrefix(word, []byte("sunsub")):
		return shardChannels
	default:
		return channels
	}
}

func (p *pin) subscribed() bool { return p.has(command.PinSubscribe) }

func (u *subscriptions) total() int { return len(u.sets[0]) + len(u.sets[1]) + len(u.sets[2]) }

func (u *subscriptions) expect(names int) {
	if names <= 0 {
		names = -1
	}
	u.due = append(u.due, &confirmations{names: names, all: names < 0})
}

// repeat puts the subscriptions that are made again on a new link before what is sent again there.
func (u *subscriptions) repeat(names []int) {
	var due []*confirmations
	for _, n := range names {
		due = append(due, &confirmations{names: n, again: true})
	}
	for _, d := range u.due {
		if d.got = 0; d.all {
			d.names, d.seen = -1, 0 // those that are left; the others are not made again
		}
	}
	u.due = append(due, u.due...)
}

// Push is upstream's: frames that answer no command of the pending queue.
func (s *Session) Push(frame []byte) bool {
	p := s.pin
	if p == nil {
		return frame[0] == '>' // a late one on a link that goes back to the pool
	}
	switch {
	case frame[0] == '>' || (frame[0] == '*' && p.subscribed()):
		return s.published(frame)
	case frame[0] == '+' && p.has(command.PinMonitor) && monitorLine(frame):
		if !p.silent {
			s.answer(frame)
		}
		return true
	}
	return false
}

// monitorLine: "+1700000000.123456 [0 127.0.0.1:1234] ...".
func monitorLine(frame []byte) bool { return len(frame) > 1 && '0' <= frame[1] && frame[1] <= '9' }

// Streams is upstream's. Under RESP2 a message looks like a reply, and has to be whole to be told from one; MONITOR's lines
// look like replies, too. What a transaction has set up is told by the whole reply
// to EXEC.
func (s *Session) Streams() bool {
	p := s.pin
	return p != nil && (s.key.Proto == 3 || !p.subscribed()) && !p.has(command.PinMonitor) && len(p.tx.specials) == 0
}

// published takes a message, an invalidation or a confirmation. The last confirmation of a command is its
// reply: it is left to the pending queue.
func (s *Session) published(frame []byte) bool {
	word, rest := firstBulk(frame)
	switch {
	case len(word) > 8 && bytes.HasSuffix(word, []byte("subscribe")) && len(s.pin.subs.due) > 0:
		return s.confirmed(word, rest, frame)
	case frame[0] == '>', bytes.HasSuffix(word, []byte("message")):
		s.answer(frame)
		return true
	}
	return false // a reply that is an array: PING's ["pong", ""] in RESP2
}

func (s *Session) confirmed(word, rest, frame []byte) bool {
	u := &s.pin.subs
	due := u.due[0]
	if due.names < 0 {
		due.names = max(1, len(u.sets[kindOf(word)]))
	}
	name, _ := bulk(rest)
	u.note(word, name)
	if due.got++; due.got == due.names {
		return false
	}
	if !due.again && due.got > due.seen {
		due.seen++
		s.answer(frame)
	}
	return true
}

// note takes one confirmation.
func (u *subscriptions) note(word, name []byte) {
	kind := kindOf(word)
	if bytes.HasSuffix(word, []byte("unsubscribe")) {
		delete(u.sets[kind], string(name))
		return
	}
	if u.sets[kind] == nil {
		u.sets[kind] = map[string]struct{}{}
	}
	u.sets[kind][string(name)] = struct{}{}
}

// subscribeAnswered: a subscribing command has had its last confirmation, or an error.
func (s *Session) subscribeAnswered() {
	u := &s.pin.subs
	if len(u.due) > 0 {
		u.due = u.due[1:]
	}
	if u.total() == 0 && len(u.due) == 0 {
		s.pin.reasons[command.PinSubscribe] = 0
	}
}

// firstBulk is the first element of an array or push of bulk strings, and what follows it.
func firstBulk(frame []byte) (first, rest []byte) {
	i := bytes.IndexByte(frame, '\n')
	return bulk(frame[i+1:])
}

func bulk(b []byte) (value, rest []byte) {
	if len(b) == 0 || b[0] != '$' {
		return nil, nil
	}
	i := bytes.IndexByte(b, '\n')
	n, ok := number(bytes.TrimSuffix(b[1:i], []byte("\r")))
	if !ok || n < 0 || i+1+n+2 > len(b) {
		return nil, nil
	}
	return b[i+1 : i+1+n], b[i+1+n+2:]
}

// resubscribe is the commands that make all subscriptions again, and how many confirmations they get.
func (u *subscriptions) resubscribe() (commands [][]byte, confirmed []int) {
	for kind, word := range [...]string{"SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE"} {
		if len(u.sets[kind]) == 0 {
			continue
		}
		args := [][]byte{[]byte(word)}
		for name := range u.sets[kind] {
			args = append(args, []byte(name))
		}
		commands = append(commands, resp.AppendCommand(nil, args...))
		confirmed = append(confirmed, len(args)-1)
	}
	return commands, confirmed
}
