package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"
)

// client is one connection that answers a batch of commands in order. A failure is the connection's: an error
// reply is one of the values, a replyError.
type client interface {
	do(batch [][]string) ([]any, error)
	close()
}

// replyError is an error reply, without the leading '-'.
type replyError string

func (e replyError) Error() string { return string(e) }

// push is an out of band message of RESP3.
type push []any

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

func encode(batch [][]string) []byte {
	var b []byte
	for _, args := range batch {
		b = fmt.Appendf(b, "*%d\r\n", len(args))
		for _, a := range args {
			b = fmt.Appendf(b, "$%d\r\n%s\r\n", len(a), a)
		}
	}
	return b
}

// send writes a batch and waits for nothing.
func (w *wire) send(batch ...[]string) error {
	_ = w.conn.SetWriteDeadline(time.Now().Add(patience))
	_, err := w.conn.Write(encode(batch))
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

// value reads one value. It is written apart from package resp on purpose: a mistake there must not be
// excused by the same mistake here.
func (w *wire) value() (any, error) {
	line, err := w.in.ReadString('\n')
	if err != nil {
		return nil, err
	}
	if len(line) < 3 || !strings.HasSuffix(line, "\r\n") {
		return nil, fmt.Errorf("no RESP: %q", line)
	}
	kind, rest := line[0], line[1:len(line)-2]
	switch kind {
	case '+', '(', ',':
		return rest, nil
	case '-':
		return replyError(rest), nil
	case '_':
		return nil, nil
	case '#':
		return rest == "t", nil
	}
	n, err := strconv.ParseInt(rest, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("no RESP: %q", line)
	}
	switch kind {
	case ':':
		return n, nil
	case '$', '=':
		return w.bulk(n)
	case '*', '~':
		return w.list(n)
	case '>':
		list, err := w.list(n)
		values, _ := list.([]any)
		return push(values), err
	case '%':
		return w.list(2 * n)
	}
	return nil, fmt.Errorf("no RESP: %q", line)
}

func (w *wire) bulk(n int64) (any, error) {
	if n < 0 {
		return nil, nil
	}
	b := make([]byte, n+2)
	_, err := io.ReadFull(w.in, b)
	return string(b[:n]), err
}

func (w *wire) list(n int64) (any, error) {
	if n < 0 {
		return nil, nil
	}
	list := make([]any, n)
	for i := range list {
		var err error
		if list[i], err = w.value(); err != nil {
			return nil, err
		}
	}
	return list, nil
}
