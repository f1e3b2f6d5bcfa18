package dragonflydouble

import (
	"bytes"
	"fmt"
	"strings"

	"sentinelproxy/resp"
)

// end is asked for after a subscription: its answer is the end of the confirmations, of which there may be any number.
const end = "dragonflydouble: end of confirmations"

func (c *session) subscribe(raw [][]byte) plan {
	return plan{local: func() []byte {
		c.listens.Store(true)
		shape := fmt.Sprintf("$%d\r\n%s\r\n", len(end), end)
		plain := entry{until: []byte(shape)}
		if !c.pending.push(plain) {
			return nil
		}
		_, _ = c.toLink.Write(resp.AppendCommand(nil, raw...)) // the error comes again at Flush
		_, _ = c.toLink.Write(command("PING", end))
		return nil
	}}
}

// isEnd: with RESP2 a subscriber gets another answer to PING.
func isEnd(reply, until []byte) bool {
	return bytes.Equal(reply, until) || bytes.Equal(reply, append([]byte("*2\r\n$4\r\npong\r\n"), until...))
}

// isMessage tells a published message of RESP2 from a reply.
func (c *session) isMessage(reply []byte) bool {
	if reply[0] != '*' || !c.listens.Load() || c.proto.Load() == 3 {
		return false
	}
	for _, kind := range []string{"*3\r\n$7\r\nmessage\r\n", "*4\r\n$8\r\npmessage\r\n", "*3\r\n$8\r\nsmessage\r\n"} {
		if strings.HasPrefix(string(reply[:min(len(reply), len(kind))]), kind) {
			return true
		}
	}
	return false
}
