// Package plainresp is as much of RESP as a test's client needs that is only a socket. It is written apart from package resp on
// purpose: a mistake there must not be excused by the same mistake here.
package plainresp

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Error is an error reply, without the leading '-'.
type Error string

func (e Error) Error() string { return string(e) }

// Push is an out of band message of RESP3.
type Push []any

// Encode writes commands as a client sends them.
func Encode(batch ...[]string) []byte {
	var b []byte
	for _, args := range batch {
		b = fmt.Appendf(b, "*%d\r\n", len(args))
		for _, a := range args {
			b = fmt.Appendf(b, "$%d\r\n%s\r\n", len(a), a)
		}
	}
	return b
}

// Read takes one value: string, int64, bool, nil, Error, Push or []any, in which a map's keys and values follow one another. The
// error is the connection's, or says that this is no RESP.
func Read(in *bufio.Reader) (any, error) {
	line, err := in.ReadString('\n')
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
		return Error(rest), nil
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
		return bulk(in, n)
	case '*', '~':
		return list(in, n)
	case '>':
		values, err := list(in, n)
		all, _ := values.([]any)
		return Push(all), err
	case '%':
		return list(in, 2*n)
	}
	return nil, fmt.Errorf("no RESP: %q", line)
}

func bulk(in *bufio.Reader, n int64) (any, error) {
	if n < 0 {
		return nil, nil
	}
	b := make([]byte, n+2)
	_, err := io.ReadFull(in, b)
	return string(b[:n]), err
}

func list(in *bufio.Reader, n int64) (any, error) {
	if n < 0 {
		return nil, nil
	}
	values := make([]any, n)
	for i := range values {
		var err error
		if values[i], err = Read(in); err != nil {
			return nil, err
		}
	}
	return values, nil
}
