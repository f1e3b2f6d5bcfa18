package dragonflydouble

import (
	"bytes"
	"math/bits"
	"strconv"

	"sentinelproxy/resp"
)

// Cursors of SCAN are Redis's in disguise: spread over 50 bits, as Dragonfly's are, and marked with a number of this
// server's own, so that a foreign one is told: it leads nowhere, as it silently does with Dragonfly.
const (
	cursorBits = 40
	markBits   = 10
	spread     = 0x9E3779B97F // odd, so that multiplication modulo 2^40 can be undone
)

// unspread is the inverse of spread modulo 2^64, and so modulo 2^40. Each step doubles the number of right bits.
var unspread = func() uint64 {
	x := uint64(spread)
	for range 6 {
		x *= 2 - spread*x
	}
	return x
}()

func (s *server) mark(cursor uint64) uint64 {
	hi, lo := bits.Mul64(cursor^s.salt, 0xD6E8FEB86659FD93)
	return (hi ^ lo) >> 7 & (1<<markBits - 1)
}

func (s *server) disguise(cursor uint64) uint64 {
	if cursor == 0 || cursor >= 1<<cursorBits {
		return cursor // Redis needs more bits only for more keys than it can hold here
	}
	return (cursor*spread&(1<<cursorBits-1))<<markBits | s.mark(cursor)
}

func (s *server) reveal(cursor uint64) (own uint64, ok bool) {
	own = (cursor >> markBits) * unspread & (1<<cursorBits - 1)
	return own, cursor != 0 && s.disguise(own) == cursor
}

// scan is SCAN and its kin.
func (c *session) scan(name string, raw [][]byte) plan {
	at := 2
	if name == "SCAN" {
		at = 1
	}
	if cursor, err := strconv.ParseUint(string(raw[at]), 10, 64); err == nil && cursor != 0 {
		own, ok := c.server.reveal(cursor)
		if !ok {
			return refuse(array(bulk("0"), array()))
		}
		raw = append([][]byte(nil), raw...)
		raw[at] = strconv.AppendUint(nil, own, 10)
	}
	return as(raw, c.server.scanned)
}

// scanned disguises the cursor of a reply.
func (s *server) scanned(reply []byte) []byte {
	if !bytes.HasPrefix(reply, []byte("*2\r\n$")) {
		return reply
	}
	const start = len("*2\r\n")
	var r resp.ReplyReader
	n, err := r.Next(reply[start:])
	if n == 0 || err != nil {
		return reply
	}
	cursor, err := strconv.ParseUint(text(reply[start:start+n]), 10, 64)
	if err != nil {
		return reply
	}
	out := append([]byte("*2\r\n"), bulk(strconv.FormatUint(s.disguise(cursor), 10))...)
	return append(out, reply[start+n:]...)
}
