package session

import (
	"bytes"
	"maps"
	"slices"

	"sentinelproxy/proxy/command"
	"sentinelproxy/proxy/upstream"
	"sentinelproxy/resp"
)

// A command that the table lacks, of a module or of a later version, is sent over a link of the session's own, since
// it may do anything to its connection. With the first one of a name the master is asked for its COMMAND INFO: if that
// shows a command on keys that does not block, it takes the shared link from then on.

const (
	maxLearned     = 256
	maxLearnedName = 64
)

// learned is what a command that is not in the table is to be taken for.
func (g *Group) learnedInfo(name []byte) *command.Info {
	if info := g.learned[string(name)]; info != nil {
		return info
	}
	return command.NotListed()
}

// NewMaster is told of each adoption; epoch is the master's config-epoch. What the former one did not know is asked anew.
func (g *Group) NewMaster(epoch uint64) {
	g.Epoch = epoch
	maps.DeleteFunc(g.learned, func(_ string, info *command.Info) bool { return info == command.NotListed() })
}

// learn asks for COMMAND INFO, right before the command itself, where both will be answered.
func (s *Session) learn(name []byte) {
	p, g := s.pin, s.g
	if p.tx.open || p.silent || p.skip || p.subscribed() || p.has(command.PinDebug) || len(name) > maxLearnedName || len(g.learned) >= maxLearned || !printable(name) {
		return
	}
	if _, asked := g.learned[string(name)]; asked {
		return
	}
	if g.learned == nil {
		g.learned = map[string]*command.Info{}
	}
	g.learned[string(name)] = command.NotListed()
	p.link.AppendOwn(learner{g, string(name)}, resp.AppendCommand(nil, []byte("COMMAND"), []byte("INFO"), name), 1, 0)
}

// learner takes the answer.
type learner struct {
	g    *Group
	name string
}

// Reply decides.
func (l learner) Reply(_ *upstream.Entry, reply []byte, _ bool) {
	if flags := flagsOf(reply); flags != 0 {
		l.g.learned[l.name] = &command.Info{Name: l.name, PlainArgs: command.Always, Flags: flags, Way: command.Shared}
	}
}

// Broken is not called: the reply is short.
func (l learner) Broken(*upstream.Entry) {}

// Gone: it is not asked again on another link.
func (l learner) Gone() bool { return true }

// flagsOf reads the reply to COMMAND INFO: [[name, arity, [flag ...], first key, ...]]. It is Read or Write if that
// is a command which leaves its connection as it is and does not make others wait, else 0.
func flagsOf(reply []byte) command.Flags {
	lines := bytes.Split(reply, []byte("\r\n"))
	if len(lines) > 2 && len(lines[2]) > 0 && lines[2][0] == '+' { // Dragonfly gives the name as a simple string
		lines = slices.Insert(lines, 2, []byte("$"))
	}
	// *1, *10 (*6 or *7 on Dragonfly), $n, name, :arity, *n or ~n
	if len(lines) < 8 || len(lines[2]) == 0 || lines[2][0] != '$' || len(lines[5]) == 0 || lines[5][0] != '*' && lines[5][0] != '~' {
		return 0
	}
	var flags command.Flags
	for i := 6; i < len(lines) && len(lines[i]) > 0; i++ {
		switch lines[i][0] {
		case '+':
			switch string(bytes.ToLower(lines[i][1:])) {
			case "readonly":
				flags |= command.Read
			case "write":
				flags |= command.Write
			case "blocking", "noscript", "pubsub", "admin", "no_multi":
				return 0
			}
		case ':': // the first key
			if string(lines[i]) == ":0" || flags&(command.Read|command.Write) == 0 {
				return 0
			}
			if flags.Has(command.Write) {
				return command.Write
			}
			return command.Read
		default:
			return 0
		}
	}
	return 0
}
