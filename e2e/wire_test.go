package e2e

import (
	"bufio"
	"fmt"
	"net"
	"testing"
	"time"

	"sentinelproxy/e2e/plainresp"
)

// client is one connection that answers a batch of commands in order. A failure is the connection's: an error
// reply is one of the values, a replyError.
type client interface {
	do(batch [][]string) ([]any, error)
	close()
}

// replyError is an error reply, without the leading '-'.
type replyError = plainresp.Error

// push is an out of band message of RESP3.
type push = plainresp.Push

// wire is a client that is only a socket: no library can hide a lost connection or try again.
type wire struct {
	conn net.Conn
	in   *bufio.Reader
}

func connect(network, addr string, proto int) (*wire, error) {
	conn, err := net.DialTimeout(network, addr, patience)
	if err != nil {
		return nil, err
	}
	w := &wire{conn: conn, in: bufio.NewReader(conn)}
	if proto == 3 {
		if _, err := w.do([][]string{{"HELLO", "3"}}); err != nil {
			conn.Close()
			return nil, err
		}
	}
	return w, nil
}

// dial is connect for a test.
func dial(t testing.TB, p *proxy, proto int) *wire {
	t.Helper()
	w, err := connect("tcp", p.addr, proto)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.close)
	return w
}

func (w *wire) close() { w.conn.Close() }

// send writes a batch and waits for nothing.
func (w *wire) send(batch ...[]string) error {
	_ = w.conn.SetWriteDeadline(time.Now().Add(patience))
	_, err := w.conn.Write(plainresp.Encode(batch...))
	return err
}

// receive reads the next reply or message.
func (w *wire) receive() (any, error) {
	_ = w.conn.SetReadDeadline(time.Now().Add(patience))
	return w.value()
}

func (w *wire) do(batch [][]string) ([]any, error) {
	if err := w.send(batch...); err != nil {
		return nil, err
	}
	values := make([]any, 0, len(batch))
	for range batch {
		v, err := w.receive()
		if err != nil {
			return values, err
		}
		values = append(values, v)
	}
	return values, nil
}

// ask sends one command, for tests: a broken connection fails the test, an error reply is returned as a value.
func (w *wire) ask(t testing.TB, args ...string) any {
	t.Helper()
	v, err := w.do([][]string{args})
	if err != nil {
		t.Fatalf("%q: connection: %v", args, err)
	}
	return v[0]
}

// want compares a reply as fmt.Sprint writes it.
func (w *wire) want(t testing.TB, want string, args ...string) {
	t.Helper()
	if got := fmt.Sprint(w.ask(t, args...)); got != want {
		t.Errorf("%q: got %s, want %s", args, got, want)
	}
}

// next reads a reply or message and compares it.
func (w *wire) next(t testing.TB, want string) {
	t.Helper()
	v, err := w.receive()
	if err != nil {
		t.Fatalf("waiting for %q: %v", want, err)
	}
	if got := fmt.Sprint(v); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// value reads one value.
func (w *wire) value() (any, error) { return plainresp.Read(w.in) }
