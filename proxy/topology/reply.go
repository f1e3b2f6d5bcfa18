package topology

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strconv"

	"sentinelproxy/resp"
)

const (
	// maxReply bounds the replies to one probe. A master lists its replicas, with some 50 bytes each.
	maxReply = 256 << 10
	// maxReplyDepth: ROLE holds a list of lists.
	maxReplyDepth = 4
)

var (
	errReplySize  = errors.New("the reply is longer than 256 KiB")
	errReplyShape = errors.New("the reply is not RESP2")
)

// value is a reply taken apart. A null has kind 0.
type value struct {
	kind byte // '+', '-', ':', '$', '*'
	text string
	list []value
}

// readReplies reads n replies off the connection; with an error, those that came before it.
func readReplies(conn net.Conn, n int) ([]value, error) {
	values := make([]value, 0, n)
	framer := resp.ReplyReader{MaxDepth: maxReplyDepth}
	buf := make([]byte, 0, 1024)
	for {
		size, err := framer.Next(buf)
		if err != nil {
			return values, err
		}
		if size > 0 {
			v, rest, ok := decode(buf[:size])
			if !ok || len(rest) > 0 {
				return values, errReplyShape
			}
			if values = append(values, v); len(values) == n {
				return values, nil
			}
			buf = append(buf[:0], buf[size:]...)
			continue
		}
		if len(buf) == cap(buf) {
			if cap(buf) >= maxReply {
				return values, errReplySize
			}
			buf = append(make([]byte, 0, 4*cap(buf)), buf...)
		}
		got, err := conn.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+got]
		if got == 0 && err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return values, err
		}
	}
}

// decode takes the first value off a frame that resp has found whole. Only RESP2: probes send no HELLO 3,
// so anything else does not come from a data node.
func decode(b []byte) (v value, rest []byte, ok bool) {
	line, rest, found := bytes.Cut(b, []byte("\r\n"))
	if !found || len(line) == 0 {
		return value{}, nil, false
	}
	v.kind, v.text = line[0], string(line[1:])
	switch v.kind {
	case '+', '-', ':':
		return v, rest, true
	case '$', '*':
		return v.decodeBody(rest)
	}
	return value{}, nil, false
}

// decodeBody reads what the length in v.text announces.
func (v value) decodeBody(b []byte) (value, []byte, bool) {
	n, err := strconv.Atoi(v.text)
	switch {
	case err != nil:
		return value{}, nil, false
	case n < 0:
		return value{}, b, true
	case v.kind == '$':
		if len(b) < n+2 {
			return value{}, nil, false
		}
		return value{kind: '$', text: string(b[:n])}, b[n+2:], true
	}
	v.text = ""
	for range n {
		element, rest, ok := decode(b)
		if !ok {
			return value{}, nil, false
		}
		v.list, b = append(v.list, element), rest
	}
	return v, b, true
}
