package scripted

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"sentinelproxy/resp"
)

// Node is a server of GET, SET, INCR and what a handshake needs. It keeps what it has executed, and can fail:
// after so many bytes of commands, or so many of replies, counted behind the handshake's.
type Node struct {
	*Server
	Faults

	mu       sync.Mutex
	values   map[string]string
	executed []string
	wg       sync.WaitGroup
}

// Faults of a Node; negative: never.
type Faults struct {
	CutIn  int  // the connection is reset when so many bytes of commands have been read; whole ones are executed
	CutOut int  // the connection is closed when so many bytes of replies have been sent
	Mute   bool // with CutIn: no reply is sent at all
}

// NoFaults is a Node that works.
var NoFaults = Faults{CutIn: -1, CutOut: -1}

// StartNode starts one; it ends with the test.
func StartNode(t testing.TB, f Faults) *Node {
	t.Helper()
	n := &Node{Server: Listen(t), Faults: f, values: map[string]string{}}
	n.wg.Go(n.serve)
	t.Cleanup(func() {
		n.Close()
		n.wg.Wait()
	})
	return n
}

// Executed is what the node has executed, without handshakes, in order.
func (n *Node) Executed() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.executed)
}

func (n *Node) serve() {
	for {
		c, err := n.ln.AcceptTCP()
		if err != nil {
			return
		}
		n.wg.Go(func() {
			defer c.Close()
			n.talk(&Conn{net: c})
		})
	}
}

// talk serves one connection until it ends, or a fault ends it.
func (n *Node) talk(c *Conn) {
	var r resp.CommandReader
	var cmd resp.Command
	in, out, ready := 0, 0, false
	for {
		if err := c.more(); err != nil {
			return
		}
		if cut := n.CutIn; ready && cut >= 0 && in+len(c.buf) > cut {
			c.buf = c.buf[:cut-in]
		}
		var replies []byte
		for {
			size, err := r.Next(c.buf, &cmd)
			if err != nil {
				return
			}
			if size == 0 {
				break
			}
			reply, setup := n.execute(&cmd)
			c.buf = c.buf[size:]
			if setup {
				_, _ = c.net.Write(reply)
				ready = true
				continue
			}
			in += size
			replies = append(replies, reply...)
		}
		if n.CutIn >= 0 && n.Mute {
			replies = nil
		}
		if n.CutOut >= 0 && out+len(replies) >= n.CutOut && ready && in > 0 {
			_, _ = c.net.Write(replies[:n.CutOut-out])
			return
		}
		_, _ = c.net.Write(replies)
		out += len(replies)
		if n.CutIn >= 0 && ready && in+len(c.buf) >= n.CutIn {
			if n.Mute {
				c.Cut()
			}
			return
		}
	}
}

// execute gives the reply; setup: the command belongs to a handshake.
func (n *Node) execute(cmd *resp.Command) (reply []byte, setup bool) {
	var args []string
	for _, a := range cmd.AppendArgs(nil) {
		args = append(args, string(a))
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	name := strings.ToUpper(args[0])
	switch name {
	case "PING":
		return []byte("+PONG\r\n"), true
	case "HELLO", "AUTH", "SELECT":
		return []byte("+OK\r\n"), true
	}
	n.executed = append(n.executed, strings.Join(args, " "))
	switch name {
	case "GET":
		v, ok := n.values[args[1]]
		if !ok {
			return []byte("$-1\r\n"), false
		}
		return fmt.Appendf(nil, "$%d\r\n%s\r\n", len(v), v), false
	case "SET":
		n.values[args[1]] = args[2]
		return []byte("+OK\r\n"), false
	case "INCR":
		var i int
		_, _ = fmt.Sscan(n.values[args[1]], &i)
		i++
		n.values[args[1]] = fmt.Sprint(i)
		return fmt.Appendf(nil, ":%d\r\n", i), false
	}
	return []byte("-ERR unknown command\r\n"), false
}
