package load

import (
	"bytes"
	"fmt"
	"strconv"
)

// frames finds the ends of replies in a stream of RESP2 or RESP3 without keeping it: a reply of megabytes passes through
// the buffer of a read.
type frames struct {
	line []byte // the beginning of an element's first line, which is to be continued
	skip int    // bytes of a string that are still to come
	left int    // elements that are still to come of the reply begun; 0: none is begun
	// Counted since the connection was made.
	replies, errors int
	firstError      string
}

// feed takes what was read.
func (f *frames) feed(b []byte) error {
	for len(b) > 0 {
		if f.skip > 0 {
			n := min(f.skip, len(b))
			f.skip -= n
			b = b[n:]
			if f.skip == 0 {
				f.ended()
			}
			continue
		}
		end := bytes.IndexByte(b, '\n')
		if end < 0 {
			f.line = append(f.line, b...)
			return nil
		}
		line := b[:end+1]
		b = b[end+1:]
		if len(f.line) > 0 {
			f.line = append(f.line, line...)
			line = f.line
		}
		err := f.element(line)
		f.line = f.line[:0]
		if err != nil {
			return err
		}
	}
	return nil
}

// element has the whole first line of one, with its end.
func (f *frames) element(line []byte) error {
	if len(line) < 3 || line[len(line)-2] != '\r' {
		return fmt.Errorf("bad line %q in a reply", line)
	}
	rest := line[1 : len(line)-2]
	if f.left == 0 {
		f.left = 1
	}
	switch line[0] {
	case '-':
		f.errors++
		if f.firstError == "" {
			f.firstError = string(rest)
		}
	case '+', ':', '_', '#', ',', '(':
	case '$', '=':
		n, err := strconv.Atoi(string(rest))
		if err != nil {
			return fmt.Errorf("bad length %q in a reply", line)
		}
		if n >= 0 {
			f.skip = n + 2
			return nil // ended when all of it has come
		}
	case '*', '~', '%':
		n, err := strconv.Atoi(string(rest))
		if err != nil {
			return fmt.Errorf("bad length %q in a reply", line)
		}
		if line[0] == '%' {
			n *= 2
		}
		f.left += max(n, 0)
	default:
		return fmt.Errorf("reply of unknown type %q", line)
	}
	f.ended()
	return nil
}

func (f *frames) ended() {
	f.left--
	if f.left == 0 {
		f.replies++
	}
}
