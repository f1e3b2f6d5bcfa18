package history

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"sentinelproxy/resp"
)

// status is a simple string reply.
type status string

// errorReply is an error reply, without the leading '-'.
type errorReply string

// wire is a connection: no library, which could try again by itself.
type wire struct {
	conn net.Conn
	in   *bufio.Reader
	free func() bool
}

// dial connects. When ctx ends, the connection is broken off.
func dial(ctx context.Context, addr string, timeout time.Duration) (*wire, error) {
	d := net.Dialer{Timeout: timeout}
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return &wire{conn: conn, in: bufio.NewReader(conn), free: context.AfterFunc(ctx, func() { conn.Close() })}, nil
}

func (w *wire) close() {
	w.free()
	w.conn.Close()
}

func (w *wire) send(batch [][]string) error {
	var b []byte
	for _, args := range batch {
		list := make([][]byte, len(args))
		for i, a := range args {
			list[i] = []byte(a)
		}
		b = resp.AppendCommand(b, list...)
	}
	_, err := w.conn.Write(b)
	return err
}

// receive reads one reply of RESP2. It is written apart from package resp's reader on purpose: a mistake there must not be
// excused by the same mistake here.
func (w *wire) receive() (any, error) {
	line, err := w.in.ReadString('\n')
	if err != nil {
		return nil, err
	}
	if len(line) < 3 || !strings.HasSuffix(line, "\r\n") {
		return nil, fmt.Errorf("no RESP2: %q", line)
	}
	kind, rest := line[0], line[1:len(line)-2]
	switch kind {
	case '+':
		return status(rest), nil
	case '-':
		return errorReply(rest), nil
	}
	n, err := strconv.ParseInt(rest, 10, 64)
	switch {
	case err != nil || !strings.ContainsRune(":$*", rune(kind)):
		return nil, fmt.Errorf("no RESP2: %q", line)
	case kind == ':':
		return n, nil
	case n < 0:
		return nil, nil
	case kind == '$':
		b := make([]byte, n+2)
		_, err = io.ReadFull(w.in, b)
		return string(b[:n]), err
	}
	list := make([]any, n)
	for i := range list {
		if list[i], err = w.receive(); err != nil {
			return nil, err
		}
	}
	return list, nil
}
