package session

import (
	"bytes"
	"strconv"

	"sentinelproxy/proxy/command"
	"sentinelproxy/resp"
)

// A cursor of SCAN and its kin means something to the server that gave it only. Clients get it with the
// master's config-epoch in two of its bits: one that comes back with another epoch starts from 0 again, so
// that a scan over a switch is complete, with duplicates, which the contract of SCAN allows. The epoch is
// what all proxies of a group, and this one after a restart, have in common.
//
// The bits are above those that servers use (Dragonfly's cursors reach 2^50) and below 2^53, because some
// clients read the cursor as a floating-point number.
const (
	epochShift = 51
	epochBits  = 3 << epochShift
)

func (g *Group) epochMark() uint64 { return g.Epoch << epochShift & epochBits }

// cursorArg is where a command has its cursor, 0 if it is none of SCAN's kin: what modules call a cursor can't be begun anew.
func cursorArg(id command.ID) int {
	switch id {
	case command.Scan:
		return 1
	case command.Hscan, command.Sscan, command.Zscan:
		return 2
	default:
		return 0
	}
}

// toServer is a scanning command with the cursor that the present master understands.
func (g *Group) toServer(raw []byte, id command.ID, args [][]byte) []byte {
	at := cursorArg(id)
	if at >= len(args) {
		return raw
	}
	cursor, err := strconv.ParseUint(string(args[at]), 10, 64)
	if err != nil || cursor == 0 || cursor >= 1<<(epochShift+2) {
		return raw // for the server to judge, or not one that we have given out
	}
	server := uint64(0)
	if cursor&epochBits == g.epochMark() {
		server = cursor &^ epochBits
	}
	if server == cursor {
		return raw
	}
	args[at] = strconv.AppendUint(nil, server, 10)
	return resp.AppendCommand(nil, args...)
}

// Again is upstream.Options': a scan that was on its way to a master that is gone has that one's cursor, and begins anew.
func Again(tag uint16, raw []byte) []byte {
	at := cursorArg(command.ID(tag))
	if at == 0 {
		return raw
	}
	var c resp.Command
	var r resp.CommandReader
	if n, err := r.Next(raw, &c); n != len(raw) || err != nil || c.Args <= at {
		return raw
	}
	args := c.AppendArgs(nil)
	if _, err := strconv.ParseUint(string(args[at]), 10, 64); err != nil || string(args[at]) == "0" {
		return raw
	}
	args[at] = []byte("0")
	return resp.AppendCommand(nil, args...)
}

// toClient is the reply to a scanning command, or the first piece of it, with the master's mark in its cursor.
func (g *Group) toClient(reply []byte) []byte {
	mark := g.epochMark()
	if mark == 0 || !bytes.HasPrefix(reply, []byte("*2\r\n$")) {
		return reply
	}
	text, rest := firstBulk(reply)
	cursor, err := strconv.ParseUint(string(text), 10, 64)
	if err != nil || cursor == 0 || cursor >= 1<<epochShift {
		return reply
	}
	digits := strconv.AppendUint(nil, cursor|mark, 10)
	out := strconv.AppendInt([]byte("*2\r\n$"), int64(len(digits)), 10)
	out = append(out, "\r\n"...)
	out = append(append(out, digits...), "\r\n"...)
	return append(out, rest...)
}
