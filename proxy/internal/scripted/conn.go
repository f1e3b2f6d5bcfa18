package scripted

import (
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"sentinelproxy/resp"
)

// Conn is one connection to the server, in the hands of the test's goroutine.
type Conn struct {
	t   testing.TB
	net *net.TCPConn
	buf []byte // read and not taken off
}

func newConn(t testing.TB, c *net.TCPConn) *Conn {
	t.Cleanup(func() { c.Close() })
	return &Conn{t: t, net: c}
}

// next takes one command off; io.EOF when the peer has closed.
func (c *Conn) next() ([]string, error) {
	var r resp.CommandReader
	var cmd resp.Command
	for {
		n, err := r.Next(c.buf, &cmd)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			var args []string
			for _, a := range cmd.AppendArgs(nil) {
				args = append(args, string(a))
			}
			c.buf = slices.Clone(c.buf[n:])
			return args, nil
		}
		if err := c.more(); err != nil {
			return nil, err
		}
	}
}

func (c *Conn) more() error {
	_ = c.net.SetReadDeadline(time.Now().Add(patience))
	b := make([]byte, 64<<10)
	n, err := c.net.Read(b)
	c.buf = append(c.buf, b[:n]...)
	if n > 0 {
		return nil
	}
	return err
}

// Next waits for one command.
func (c *Conn) Next() []string {
	c.t.Helper()
	args, err := c.next()
	if err != nil {
		c.t.Fatalf("waiting for a command: %v", err)
	}
	return args
}

// Expect waits for the commands, each given as its arguments with spaces between.
func (c *Conn) Expect(commands ...string) {
	c.t.Helper()
	for _, want := range commands {
		if got := strings.Join(c.Next(), " "); got != want {
			c.t.Fatalf("the server got %q, want %q", got, want)
		}
	}
}

// ExpectNothing fails when something has come that was not expected; a while is how long it may still take
// to come, so the test can miss a fault but not fail without one.
func (c *Conn) ExpectNothing() {
	c.t.Helper()
	_ = c.net.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	b := make([]byte, 1024)
	n, err := c.net.Read(b)
	c.buf = append(c.buf, b[:n]...)
	if len(c.buf) > 0 {
		c.t.Fatalf("the server got %q", c.buf)
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Fatalf("waiting for nothing: %v", err)
	}
}

// ExpectClosed waits until the peer has closed, with nothing before that.
func (c *Conn) ExpectClosed() {
	c.t.Helper()
	args, err := c.next()
	if err == nil {
		c.t.Fatalf("the server got %q, want a close", args)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Fatal("the connection was not closed")
	}
}

// Send writes bytes as they are.
func (c *Conn) Send(raw string) {
	c.t.Helper()
	if _, err := io.WriteString(c.net, raw); err != nil {
		c.t.Fatalf("sending %q: %v", raw, err)
	}
}

// Handshake answers everything up to PING, or to HELLO after a login, as a server without password does, and returns
// what came.
func (c *Conn) Handshake() (commands []string) {
	c.t.Helper()
	loggedIn := false
	for {
		args := c.Next()
		commands = append(commands, strings.Join(args, " "))
		switch strings.ToUpper(args[0]) {
		case "PING":
			c.Send("+PONG\r\n")
			return commands
		case "HELLO":
			c.Send("%1\r\n$5\r\nproto\r\n:3\r\n")
			if loggedIn && len(args) == 2 {
				return commands
			}
			loggedIn = loggedIn || len(args) > 2
		case "AUTH":
			c.Send("+OK\r\n")
			loggedIn = true
		default:
			c.Send("+OK\r\n")
		}
	}
}

// Cut resets the connection: what is on its way in either direction is lost.
func (c *Conn) Cut() {
	_ = c.net.SetLinger(0)
	c.net.Close()
}

// Close ends the connection orderly: the peer reads what was sent, then EOF.
func (c *Conn) Close() { c.net.Close() }

// SmallBuffers makes the kernel take little, so that a writer is soon stuck.
func (c *Conn) SmallBuffers() {
	_ = c.net.SetReadBuffer(4 << 10)
	_ = c.net.SetWriteBuffer(4 << 10)
}

// ExpectBytes waits for exactly these bytes, which need not be a command.
func (c *Conn) ExpectBytes(want string) {
	c.t.Helper()
	for len(c.buf) < len(want) {
		if err := c.more(); err != nil {
			c.t.Fatalf("waiting for %q: got %q, %v", want, c.buf, err)
		}
	}
	if got := string(c.buf[:len(want)]); got != want {
		c.t.Fatalf("the server got %q, want %q", got, want)
	}
	c.buf = c.buf[len(want):]
}
