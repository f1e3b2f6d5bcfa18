package resp

import (
	"bytes"
	"encoding/binary"
)

// Command is one framed command. Its slices alias the buffer given to CommandReader.Next.
type Command struct {
	Raw    []byte // the whole frame
	Name   []byte // first argument as sent (any case), nil when Args is 0; a copy if an inline command's name is quoted
	Args   int    // arguments, the name included; 0 = blank line or "*0" or "*-1": consumed and answered by nothing
	Inline bool   // Raw is a line, not multi-bulk
}

// AppendArgs appends all arguments to dst, aliasing Raw. It allocates only when dst has no room, and for the quoted
// arguments of an inline command.
func (c *Command) AppendArgs(dst [][]byte) [][]byte {
	if c.Inline {
		return appendInlineArgs(dst, trimLine(c.Raw))
	}
	raw := c.Raw
	p := bytes.IndexByte(raw, '\n') + 1
	for range c.Args {
		n, at := checkedLength(raw, p)
		p = at + n
		dst = append(dst, raw[at:p:p])
		p += 2
	}
	return dst
}

// CommandReader finds the commands in what a client sends. It holds no bytes, only where it stopped in those the caller
// holds. All offsets are relative to the start of the frame, which is the start of the caller's buffer.
type CommandReader struct {
	Limits Limits // may be changed between two calls of Next

	args int  // arguments of the frame; 0 = its first line has not been read
	left int  // of these, the ones not yet passed
	pos  int  // start of the length line that comes next
	end  int  // offset past the argument (and its CRLF) that is being waited for, 0 = none
	scan int  // no line end before this offset; below pos it tells nothing
	nul  bool // the inline line has a NUL before that

	nameAt, nameEnd int
}

// Reset forgets a frame that was begun. Limits stay.
func (r *CommandReader) Reset() { *r = CommandReader{Limits: r.Limits} }

// Need tells, after Next asked for more, how many bytes the frame will have at least, if that is known, or 0. It is
// what the client has announced, within the limits but otherwise not to be trusted: let the buffer grow towards it
// as bytes arrive.
func (r *CommandReader) Need() int { return r.end }

// Next frames the command at the start of buf.
//
//   - n > 0: the command has n bytes and c is filled in.
//   - n == 0 and no error: more bytes are needed. The next call must be given the same bytes and more of them, at the
//     start of its buffer, which may be another one.
//   - an error is a *ProtocolError; the connection can't be read on.
func (r *CommandReader) Next(buf []byte, c *Command) (n int, err error) {
	if min(r.Limits.Bulk, r.Limits.Args, r.Limits.Inline, r.Limits.Frame) <= 0 {
		r.Limits.fill()
	}
	p, left := r.pos, r.left
	switch {
	case left == 0:
		if len(buf) == 0 {
			return 0, nil
		}
		if buf[0] != '*' {
			return r.nextInline(buf, c)
		}
		left, p = length(buf, 0)
		if p == 0 || left == 0 || left > r.Limits.Args || r.Limits.Unauthenticated {
			if left, p, err = r.count(buf); p == 0 {
				return 0, err
			}
		}
		if left == 0 {
			return r.empty(buf[:p], c), nil
		}
		r.args = left
	case r.end > 0: // resumed within an argument
		if len(buf) < r.end {
			return 0, nil
		}
		if !crlfBefore(buf, r.end) {
			return 0, errArgumentEnd
		}
		p, r.end = r.end, 0
		left--
	}
	for left > 0 {
		n, at := 0, 0
		if p <= len(buf)-8 { // as in length, which is not inlined
			if line := binary.LittleEndian.Uint64(buf[p:]); line&0xff == '$' {
				if n, at = short(line); at > 0 {
					at += p
				}
			}
		}
		if at == 0 && p < len(buf) && buf[p] == '$' {
			n, at = lengthByByte(buf, p)
		}
		if at == 0 || n > r.Limits.Bulk || n > r.Limits.Frame-at-2 || r.Limits.Unauthenticated {
			if n, at, err = r.argument(buf, p); at == 0 {
				r.pos, r.left = p, left
				return 0, err
			}
		}
		if left == r.args {
			r.nameAt, r.nameEnd = at, at+n
		}
		p = at + n + 2
		if p > len(buf) || !crlfBefore(buf, p) {
			r.pos, r.left, r.end = p, left, p
			if p > len(buf) {
				return 0, nil
			}
			return 0, errArgumentEnd
		}
		left--
	}
	c.Raw = buf[:p:p]
	c.Name = buf[r.nameAt:r.nameEnd:r.nameEnd]
	c.Args = r.args
	c.Inline = false
	r.pos, r.left, r.scan = 0, 0, 0
	return p, nil
}

func crlfBefore(buf []byte, end int) bool { return buf[end-2] == '\r' && buf[end-1] == '\n' }

// count reads the first line where it is not of the usual shape. end is the offset past it; 0: more is needed, or err.
// args 0 is an empty command.
func (r *CommandReader) count(buf []byte) (args, end int, err error) {
	end, err = r.line(buf, 0, errMultibulkCount)
	if end == 0 {
		return 0, 0, err
	}
	n, ok := parseInt(buf[1 : end-2])
	if !ok || !crlfBefore(buf, end) {
		return 0, 0, errMultibulkLength
	}
	if n <= 0 {
		return 0, end, nil
	}
	if err = r.Limits.args(n); err != nil {
		return 0, 0, err
	}
	return int(n), end, nil
}

// argument reads the length line at p where it is not of the usual shape. at is where the argument begins; 0: more is
// needed, or err.
func (r *CommandReader) argument(buf []byte, p int) (n, at int, err error) {
	// Redis looks at the first byte when it has the line. To look at once spares a client the wait for an
	// error that is certain.
	if p < len(buf) && buf[p] != '$' {
		return 0, 0, expectedDollar(buf[p])
	}
	at, err = r.line(buf, p, errBulkCount)
	if at == 0 {
		return 0, 0, err
	}
	long, ok := parseInt(buf[p+1 : at-2])
	if !ok || !crlfBefore(buf, at) {
		return 0, 0, errBulkLength
	}
	if err = r.Limits.bulk(long, at); err != nil {
		return 0, 0, err
	}
	return int(long), at, nil
}

// line finds the offset past the line at p: past "\r" and the byte after it, which the caller checks. 0: more is needed,
// or the line is too long, and the error is tooBig.
func (r *CommandReader) line(buf []byte, p int, tooBig error) (end int, err error) {
	limit := r.Limits.Inline
	from, to := max(p, r.scan), len(buf)
	if to-p > limit {
		to = p + limit + 1
	}
	if from < to {
		if i := bytes.IndexByte(buf[from:to], '\r'); i >= 0 {
			r.scan = from + i
			if end = from + i + 2; end > len(buf) {
				return 0, nil
			}
			return end, nil
		}
		r.scan = to
	}
	if len(buf)-p > limit {
		return 0, tooBig
	}
	return 0, nil
}

// empty makes c a command without arguments.
func (r *CommandReader) empty(frame []byte, c *Command) int {
	r.scan = 0
	*c = Command{Raw: frame[:len(frame):len(frame)]}
	return len(frame)
}
