package resp

import (
	"bytes"
	"math"
)

// DefaultMaxDepth is how deep replies may nest when ReplyReader.MaxDepth is 0. Redis itself comes no deeper than a few
// levels, but a script to what it builds: Redis ends a table that contains itself when the stack of Lua is full, which
// is at 8000 entries. A level costs 8 bytes, and only while there is one.
const DefaultMaxDepth = 16384

// ReplyReader finds the replies, of RESP2 and RESP3, in what a server sends. It holds no bytes, only where it stopped in
// those the caller holds. All offsets are relative to the start of the caller's buffer.
//
// A reply is framed with everything that belongs to it: all elements of an aggregate, and an attribute ("|") together
// with the value after it. The first byte of the frame is its type. A push (">") is a frame of its own where it stands
// between replies; inside one (tracking invalidations in an EXEC of Redis 6) it is carried along and counts as no element,
// unless it is the confirmation of a subscription: that is the element of its command in the reply to EXEC.
// Lines, numbers and big numbers are not looked into.
type ReplyReader struct {
	MaxDepth int // open aggregates; 0 = DefaultMaxDepth

	begun bool // part of a reply has been passed; the fields below tell where
	push  bool // the element that comes next tells what the push is that it begins: see confirmation
	pos   int  // start of the element that comes next
	end   int  // offset past the bulk (and its CRLF) that is being waited for, 0 = none
	have  int  // how much of it there is, its CRLF left out; meaningless without end
	scan  int  // no line end before this offset, in the line at pos
	nest  nesting
}

// Next frames the reply at the start of buf.
//
//   - n > 0: the reply has n bytes; less those that Advance has taken away.
//   - n == 0 and no error: more bytes are needed. The next call must be given the same bytes (less those of Advance) and
//     more of them.
//   - an error is a *ProtocolError; the connection can't be read on.
func (r *ReplyReader) Next(buf []byte) (n int, err error) {
	if !r.begun && r.scan == 0 && len(buf) >= 5 {
		// The usual replies, whole. Whatever else it is, next judges.
		switch buf[0] {
		case '$':
			if n, at := length(buf, 0); at > 0 && n <= len(buf)-at-2 && crlfBefore(buf, at+n+2) {
				return at + n + 2, nil
			}
			if string(buf[:5]) == "$-1\r\n" {
				return 5, nil
			}
		case '+', ':':
			for i, c := range buf[:min(len(buf)-1, 24)] {
				if c == '\r' && buf[i+1] == '\n' {
					return i + 2, nil
				}
			}
		}
	}
	return r.next(buf)
}

// next reads element after element until nothing is open.
func (r *ReplyReader) next(buf []byte) (int, error) {
	for {
		end, follows, err := r.element(buf)
		if end == 0 {
			return 0, err
		}
		r.begun, r.pos, r.scan = true, end, 0
		if !follows && r.nest.close() {
			r.restart()
			return end, nil
		}
		r.run(buf)
	}
}

// run passes the bulks that come next, as far as they are of usual shape and whole, and all but the last of the aggregate:
// most of what is in long replies.
func (r *ReplyReader) run(buf []byte) {
	if r.push {
		return
	}
	left := r.nest.left()
	p := r.pos
	for ; left > 1 && p < len(buf) && buf[p] == '$'; left-- {
		n, at := length(buf, p)
		if at == 0 || n > len(buf)-at-2 || !crlfBefore(buf, at+n+2) {
			break
		}
		p = at + n + 2
	}
	if p > r.pos {
		r.pos = p
		r.nest.setLeft(left)
	}
}

// element passes the element at r.pos: a scalar whole, of an aggregate the line that announces it, and then others
// must follow. end is the offset past it; 0: more is needed, or err.
func (r *ReplyReader) element(buf []byte) (end int, follows bool, err error) {
	if r.end > 0 {
		end, err = r.bulkEnd(buf, r.end)
		return end, false, err
	}
	if r.pos >= len(buf) {
		return 0, false, nil
	}
	switch kind := buf[r.pos]; kind {
	case '+', '-', ':', '_', '#', ',', '(':
		r.push = false
		return r.line(buf), false, nil
	case '$', '!', '=':
		n, at, err := r.length(buf, kind == '$')
		switch {
		case at == 0:
			return 0, false, err
		case n < 0:
			r.push = false
			return at, false, nil
		}
		if r.push {
			r.push = false
			if kind == '$' && confirmation(n) {
				r.nest.count()
			}
		}
		end, err = r.bulkEnd(buf, at+int(n)+2)
		return end, false, err
	case '*', '~', '%', '>', '|':
		n, at, err := r.length(buf, kind == '*')
		if at == 0 {
			return 0, false, err
		}
		if follows, err = r.open(kind, n); err != nil {
			return 0, false, err
		}
		return at, follows, nil
	case '.', ';':
		return 0, false, errReplyStream
	default:
		return 0, false, unknownType(kind)
	}
}

// open begins an aggregate of n elements or pairs. Nothing follows one that has none, unless it stands aside.
func (r *ReplyReader) open(kind byte, n int64) (follows bool, err error) {
	if kind == '%' || kind == '|' {
		n *= 2
	}
	// What is no element of the aggregate around it: another element, or the reply itself, has yet to come.
	r.push = kind == '>' && r.begun && n == 3
	aside := kind == '|' || kind == '>' && r.begun
	if n <= 0 {
		return aside, nil
	}
	limit := r.MaxDepth
	if limit <= 0 {
		limit = DefaultMaxDepth
	}
	if r.nest.depth >= limit {
		return false, errReplyDepth
	}
	r.nest.open(n, aside)
	return true, nil
}

// confirmation says whether a push of three whose first element has so many bytes confirms a subscription, or the end of one: it is
// "subscribe" to "punsubscribe" then. The others of three are messages, of channels ("message") and of shards.
func confirmation(word int64) bool {
	return word >= int64(len("subscribe")) && word <= int64(len("punsubscribe"))
}

// line gives the offset past the line at r.pos, 0 if its end has not come.
func (r *ReplyReader) line(buf []byte) int {
	from := max(r.pos, r.scan)
	for {
		i := bytes.IndexByte(buf[from:], '\n')
		if i < 0 {
			r.scan = len(buf)
			return 0
		}
		from += i + 1
		if buf[from-2] == '\r' { // in range: the first byte of an element is none of these
			return from
		}
	}
}

// length reads the number in the line at r.pos; -1 is allowed where it means null. at is the offset past the line;
// 0: more is needed, or err.
func (r *ReplyReader) length(buf []byte, null bool) (n int64, at int, err error) {
	if n, at := length(buf, r.pos); at > 0 {
		return int64(n), at, nil
	}
	at = r.line(buf)
	if at == 0 {
		if len(buf)-r.pos > maxLengthLine {
			return 0, 0, r.badLength(buf)
		}
		return 0, 0, nil
	}
	n, ok := parseInt(buf[r.pos+1 : at-2])
	if !ok || n > maxLength || n < -1 || n == -1 && !null {
		return 0, 0, r.badLength(buf)
	}
	return n, at, nil
}

const (
	maxLengthLine = 32              // longer than the line of any length
	maxLength     = math.MaxInt / 4 // keeps sums of offsets, and four times the elements of an aggregate, within int
)

func (r *ReplyReader) badLength(buf []byte) error {
	if buf[r.pos+1] == '?' {
		return errReplyStream
	}
	return errReplyLength
}

// bulkEnd checks the bulk that ends before end and gives end, 0 if it has not come.
func (r *ReplyReader) bulkEnd(buf []byte, end int) (int, error) {
	if end > len(buf) {
		r.begun, r.end, r.have = true, end, min(len(buf), end-2)
		return 0, nil
	}
	if !crlfBefore(buf, end) {
		return 0, errReplyEnd
	}
	r.end = 0
	return end, nil
}
