package dragonflydouble

import (
	"bytes"
	"strconv"

	"sentinelproxy/resp"
)

// Replies are built as the bytes of RESP.

var (
	replyOK     = []byte("+OK\r\n")
	replyQueued = []byte("+QUEUED\r\n")
)

func simple(text string) []byte { return []byte("+" + text + "\r\n") }

// failure is an error reply; text begins with its code.
func failure(text string) []byte { return []byte("-" + text + "\r\n") }

func integer(n int64) []byte { return []byte(":" + strconv.FormatInt(n, 10) + "\r\n") }

func bulk(text string) []byte {
	return []byte("$" + strconv.Itoa(len(text)) + "\r\n" + text + "\r\n")
}

func array(elements ...[]byte) []byte { return aggregate('*', len(elements), elements) }

// pairs is a map where the protocol has maps, else a flat array.
func pairs(proto int, elements ...[]byte) []byte {
	if proto == 3 {
		return aggregate('%', len(elements)/2, elements)
	}
	return array(elements...)
}

func aggregate(kind byte, n int, elements [][]byte) []byte {
	out := append([]byte{kind}, strconv.Itoa(n)...)
	out = append(out, "\r\n"...)
	return append(out, bytes.Join(elements, nil)...)
}

// elements of an array; nil when the reply is none, or null.
func elements(reply []byte) [][]byte {
	if len(reply) == 0 || reply[0] != '*' {
		return nil
	}
	end := bytes.IndexByte(reply, '\n') + 1
	n, err := strconv.Atoi(string(reply[1 : end-2]))
	if err != nil || n < 0 {
		return nil
	}
	list := make([][]byte, 0, n)
	for rest := reply[end:]; len(rest) > 0; {
		var r resp.ReplyReader
		size, err := r.Next(rest)
		if size == 0 || err != nil {
			return nil
		}
		list, rest = append(list, rest[:size:size]), rest[size:]
	}
	return list
}

// text of a bulk, verbatim or simple string, an integer or an error, without its type.
func text(reply []byte) string {
	if len(reply) < 3 {
		return ""
	}
	end := bytes.IndexByte(reply, '\n') + 1
	switch reply[0] {
	case '$':
		return string(bytes.TrimSuffix(reply[end:], []byte("\r\n")))
	case '=':
		return string(bytes.TrimSuffix(reply[end+len("txt:"):], []byte("\r\n")))
	default:
		return string(reply[1 : end-2])
	}
}

func isError(reply []byte) bool { return resp.IsError(reply) }
