package chaos

import (
	"bufio"
	"net"
	"sync/atomic"
	"time"

	"sentinelproxy/e2e/plainresp"
)

// client is one connection, a socket that no library hides anything of. One that ends is counted, and made anew.
type client struct {
	*tally
	addr   string
	greet  [][]string // sent on every new connection
	waits  bool       // for others, by its nature: how long says nothing of the proxy
	ending *atomic.Bool

	conn net.Conn
	in   *bufio.Reader
}

// unanswered stands for the reply that a closed connection did not bring.
type unanswered struct{}

// do sends a batch and returns as many values.
func (c *client) do(batch ...[]string) []any {
	values := make([]any, len(batch))
	for i := range values {
		values[i] = unanswered{}
	}
	if !c.connected() {
		return values
	}
	began := time.Now()
	if err := c.exchange(batch, values); err != nil {
		c.drop(err)
	}
	after := time.Since(began)
	if c.waits {
		after = 0
	}
	c.answered(values, after)
	return values
}

func (c *client) one(command ...string) any { return c.do(command)[0] }

func (c *client) exchange(batch [][]string, values []any) error {
	_ = c.conn.SetDeadline(time.Now().Add(2 * patience))
	if _, err := c.conn.Write(plainresp.Encode(batch...)); err != nil {
		return err
	}
	for i := range values {
		v, err := plainresp.Read(c.in)
		if err != nil {
			return err
		}
		values[i] = v
	}
	return nil
}

// connected dials until somebody listens: a proxy that is being restarted does not for a while.
func (c *client) connected() bool {
	for c.conn == nil {
		conn, err := net.DialTimeout("tcp", c.addr, patience)
		if err != nil {
			if c.ending.Load() {
				return false
			}
			time.Sleep(20 * time.Millisecond)
			continue
		}
		c.conn, c.in = conn, bufio.NewReader(conn)
		if len(c.greet) == 0 {
			break
		}
		values := make([]any, len(c.greet))
		if err := c.exchange(c.greet, values); err != nil {
			c.drop(err)
			continue
		}
		c.answered(values, 0)
	}
	return true
}

func (c *client) drop(err error) {
	c.conn.Close()
	c.conn = nil
	c.closed(err.Error())
}

// hangUp is the client's own wish.
func (c *client) hangUp() {
	if c.conn != nil {
		c.conn.Close()
		c.conn = nil
	}
}

// applied says what a reply tells of its write: that it was, that it was not, or neither.
func applied(v any) (yes, unknown bool) {
	switch v := v.(type) {
	case unanswered:
		return false, true
	case plainresp.Error:
		return false, len(v) >= 14 && v[:14] == "UNKNOWNOUTCOME"
	}
	return true, false
}
