package dragonflydouble

import (
	"bufio"
	"bytes"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"sentinelproxy/resp"
)

// session is one client and its connection to the private redis-server. Two goroutines: receive takes in commands
// and owns all that is not marked otherwise; answer brings replies back.
type session struct {
	server *server
	id     int64
	since  time.Time
	client net.Conn
	link   net.Conn
	toLink *bufio.Writer

	authed bool
	multi  *transaction // nil: none
	done   bool         // close when everything is answered

	follower follower    // set before feeding is
	feeding  atomic.Bool // the connection is the private redis-server's

	// Read by other sessions for CLIENT LIST.
	db, proto              atomic.Int32
	commands, in, reads    atomic.Int64
	lastUsed               atomic.Int64 // Unix nanoseconds
	monitoring, listens    atomic.Bool  // MONITOR; has subscribed
	name, library, version atomic.Pointer[string]

	pending pending
	out     struct {
		sync.Mutex
		*bufio.Writer
	}
	closing sync.Once
}

func newSession(s *server, id int64, client, link net.Conn) *session {
	c := &session{server: s, id: id, since: time.Now(), client: client, link: link, toLink: bufio.NewWriterSize(link, 64<<10)}
	c.out.Writer = bufio.NewWriterSize(client, 64<<10)
	c.pending.changed, c.pending.gone = sync.NewCond(&c.pending.mu), make(chan struct{})
	c.forgetState()
	return c
}

// forgetState makes the session a new one, as for RESET.
func (c *session) forgetState() {
	c.authed = c.server.config.get("requirepass") == ""
	c.multi = nil
	c.db.Store(0)
	c.proto.Store(2)
	c.monitoring.Store(false)
	c.listens.Store(false)
	c.name.Store(nil)
}

// close may be called by anybody, more than once.
func (c *session) close() {
	c.closing.Do(func() {
		c.client.Close()
		c.link.Close()
		c.pending.close()
	})
}

// receive reads commands until the client or the private redis-server is gone.
func (c *session) receive() {
	defer c.close()
	reader := resp.CommandReader{Limits: resp.DefaultLimits()}
	reader.Limits.Args = c.server.options.MaxMultiBulk
	var buf []byte
	used := 0
	for !c.done {
		args, n, err := nextCommand(&reader, buf[used:])
		if err != nil {
			c.reply(failure("ERR " + err.Error()))
			break
		}
		if n > 0 {
			used += n
			if c.isFollowing(args) {
				c.feed(buf[used:])
				return
			}
			c.execute(args)
			continue
		}
		if c.toLink.Flush() != nil {
			return
		}
		before := len(buf) - used
		if buf, used, err = fill(c.client, buf, used); err != nil {
			return
		}
		c.in.Add(int64(len(buf) - before))
		c.reads.Add(1)
	}
	_ = c.toLink.Flush() // a broken link ends the wait below
	c.drain()
	c.flush()
}

// nextCommand frames one and gives its arguments, which alias buf; none for a blank line. n == 0: more is needed.
// Lines are split here, not by package resp: Dragonfly knows no quotes in them.
func nextCommand(r *resp.CommandReader, buf []byte) (args [][]byte, n int, err error) {
	if len(buf) > 0 && buf[0] != '*' {
		end := bytes.IndexByte(buf, '\n') + 1
		if end == 0 && len(buf) > r.Limits.Inline {
			return nil, 0, &resp.ProtocolError{Text: "Protocol error: too big inline request"}
		}
		return bytes.Fields(buf[:end]), end, nil
	}
	var frame resp.Command
	n, err = r.Next(buf, &frame)
	if n > 0 && frame.Args == 0 { // "*0" and "*-1" are no empty commands here
		return nil, 0, &resp.ProtocolError{Text: "Protocol error: invalid multibulk length"}
	}
	if n == 0 || err != nil {
		return nil, 0, err
	}
	return frame.AppendArgs(nil), n, nil
}

// execute takes one command.
func (c *session) execute(args [][]byte) {
	if len(args) == 0 {
		return
	}
	c.commands.Add(1)
	c.lastUsed.Store(time.Now().UnixNano())
	if isHTTP(args) {
		c.reply(httpReply)
		c.done = true
		return
	}
	c.server.tellMonitors(c, args)
	c.dispatch(args)
}

// Dragonfly answers HTTP on the same port.
var httpReply = []byte("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 10\r\nConnection: close\r\n\r\nDragonfly\n")

func isHTTP(args [][]byte) bool {
	return len(args) == 3 && string(args[0]) == "GET" && strings.HasPrefix(string(args[2]), "HTTP/1.")
}
