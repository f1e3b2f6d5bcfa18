package dragonflydouble

import (
	"bytes"
	"strings"
)

// transaction is an open MULTI. It is collected here and not by the private redis-server, because some of the
// commands are executed here; Sentinel promotes with such a one.
type transaction struct {
	commands [][][]byte
	refused  bool // a command was refused: EXEC will fail
	running  bool // EXEC is at work
}

func (t *transaction) queue(raw [][]byte) {
	owned := make([][]byte, len(raw))
	for i, a := range raw {
		owned[i] = bytes.Clone(a)
	}
	t.commands = append(t.commands, owned)
}

func (c *session) begin([][]byte) plan {
	if c.multi != nil {
		return refuse(failure("ERR MULTI calls can not be nested"))
	}
	c.multi = &transaction{}
	return refuse(replyOK)
}

func (c *session) discard([][]byte) plan {
	if c.multi == nil {
		return refuse(failure("ERR DISCARD without MULTI"))
	}
	c.multi = nil
	return plan{send: command("UNWATCH")}
}

func (c *session) exec([][]byte) plan {
	t := c.multi
	if t == nil {
		return refuse(failure("ERR EXEC without MULTI"))
	}
	if t.refused {
		c.multi = nil
		return plan{send: command("UNWATCH"), rewrite: func([]byte) []byte { return failure(errDiscarded) }}
	}
	return plan{local: func() []byte {
		t.running = true
		defer func() { c.multi = nil }()
		return c.runAll(t)
	}}
}

// runAll has the private redis-server execute what it can in one transaction of its own, which also tells whether
// watched keys have changed, then executes the rest here.
func (c *session) runAll(t *transaction) []byte {
	plans := make([]plan, len(t.commands))
	batch := [][]byte{command("MULTI")}
	for i, raw := range t.commands {
		plans[i] = c.plan(strings.ToUpper(string(raw[0])), raw)
		if plans[i].send != nil {
			batch = append(batch, plans[i].send)
		}
	}
	reply := c.askAll(append(batch, command("EXEC")))
	if reply == nil || reply[0] != '*' || string(reply) == "*-1\r\n" {
		return reply // gone, refused, or a watched key has changed
	}
	executed := elements(reply)
	results := make([][]byte, len(plans))
	for i, p := range plans {
		switch {
		case p.send != nil:
			results[i] = commonRewrite(executed[0])
			if p.rewrite != nil {
				results[i] = p.rewrite(results[i])
			}
			executed = executed[1:]
		case p.local != nil:
			results[i] = p.local()
		default:
			results[i] = p.reply
		}
	}
	return array(results...)
}

// askAll sends commands at once and gives the reply to the last.
func (c *session) askAll(batch [][]byte) []byte {
	last := len(batch) - 1
	for _, raw := range batch[:last] {
		c.forward(raw, func([]byte) []byte { return []byte{} })
	}
	reply, err := c.askRaw(batch[last])
	if err != nil {
		return nil
	}
	return reply
}
