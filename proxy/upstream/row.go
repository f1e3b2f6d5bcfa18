package upstream

import (
	"sentinelproxy/proxy/command"
	"sentinelproxy/resp"
)

// later is what a session has sent behind a command, and what will not be sent again.
type later struct {
	any     bool                // a write
	unknown bool                // one of which it is not known what it writes
	keys    map[string]struct{} // that those write whose keys are known
}

// notInARow makes ordinary writes of those idempotent ones in flight behind which the same session has sent another write,
// and which would be applied after that one if they were sent again: SET a 1, RENAME a b leaves no a; with the SET sent
// again it would. An Overwrite depends on nothing, so it is only in the way of those that write its keys; what is sent
// again, too, is in the right order behind it. start is the offset of the first command.
func (l *Link) notInARow(start uint64) {
	starts := make([]uint64, l.pending.len())
	for i := range starts {
		starts[i] = start
		start = l.pending.at(i).end
	}
	behind := map[Owner]*later{}
	for i := len(starts) - 1; i >= 0; i-- {
		e := l.pending.at(i)
		if e.own || e.canned != nil || e.end > l.out.sent || e.Class == Read && !e.takes {
			continue
		}
		next := behind[e.Owner]
		if next == nil {
			next = &later{keys: map[string]struct{}{}}
			behind[e.Owner] = next
		}
		raw := l.out.bytes(starts[i], e.end)
		if e.Class == Idempotent && next.any || e.Class == Overwrite && next.writes(raw) {
			e.Class = Write
		}
		next.any = true
		if e.Class != Overwrite && e.Class != Idempotent {
			next.add(raw)
		}
	}
}

// writes says whether a key of the command is written later by one that is not sent again.
func (n *later) writes(raw []byte) bool {
	if !n.unknown && len(n.keys) == 0 {
		return false
	}
	keys, known := keysOf(raw)
	if n.unknown || !known {
		return true
	}
	for _, k := range keys {
		if _, written := n.keys[string(k)]; written {
			return true
		}
	}
	return false
}

func (n *later) add(raw []byte) {
	keys, known := keysOf(raw)
	n.unknown = n.unknown || !known
	for _, k := range keys {
		n.keys[string(k)] = struct{}{}
	}
}

// keysOf is the keys of a command. They are not known if it is not in the table, has none there (FLUSHALL, scripts), or may have
// more than the table says.
func keysOf(raw []byte) (keys [][]byte, known bool) {
	var c resp.Command
	var r resp.CommandReader
	if n, err := r.Next(raw, &c); n != len(raw) || err != nil {
		return nil, false
	}
	args := c.AppendArgs(nil)
	info := command.Lookup(c.Name)
	if info == nil {
		return nil, false
	}
	info = info.Resolve(args)
	switch info.ID {
	case command.Sort, command.Georadius, command.Georadiusbymember, command.Migrate: // STORE, KEYS
		return nil, false
	}
	last := info.LastKey
	if last < 0 {
		last += len(args)
	}
	for i := info.FirstKey; i > 0 && i <= last && i < len(args); i += max(1, info.Step) {
		keys = append(keys, args[i])
	}
	return keys, len(keys) > 0
}
