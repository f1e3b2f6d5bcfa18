package resp

import "bytes"

// nextInline frames a command that is a line, ended by "\n" or "\r\n".
func (r *CommandReader) nextInline(buf []byte, c *Command) (int, error) {
	end, err := r.inlineEnd(buf)
	if end == 0 {
		return 0, err
	}
	raw := buf[:end:end]
	args, name, ok := measureInline(trimLine(raw))
	if !ok {
		return 0, errQuotes
	}
	r.scan = 0
	*c = Command{Raw: raw, Name: name, Args: args, Inline: true}
	return end, nil
}

// inlineEnd finds the offset past the line's end, 0 if it has not come.
//
// A line with a NUL has no end in Redis, whose strchr stops there: it waits, until the limit makes an error of it. To
// call such a line complete here and pass it on would leave the server waiting on a link that others share.
func (r *CommandReader) inlineEnd(buf []byte) (int, error) {
	limit := r.Limits.Inline
	to := len(buf)
	if to > limit {
		to = limit + 1
	}
	if r.scan < to {
		fresh := buf[r.scan:to]
		newline := bytes.IndexByte(fresh, '\n')
		if newline >= 0 {
			fresh = fresh[:newline]
		}
		r.nul = r.nul || bytes.IndexByte(fresh, 0) >= 0
		if newline >= 0 && !r.nul {
			return r.scan + newline + 1, nil
		}
		r.scan = to
	}
	if len(buf) > limit {
		return 0, errInline
	}
	return 0, nil
}

// trimLine takes one line end from line.
func trimLine(line []byte) []byte {
	line = bytes.TrimSuffix(line, []byte{'\n'})
	return bytes.TrimSuffix(line, []byte{'\r'})
}

// SplitInline splits a line, without its end, by the rules of Redis's sdssplitargs: arguments are separated by white
// space; within "" there are \n \r \t \b \a \xHH and a backslash before anything else, within ” only \'; after a
// closing quote must come white space or the end. Arguments alias line unless quoted. The error is a *ProtocolError.
func SplitInline(line []byte) ([][]byte, error) {
	n, _, ok := measureInline(line)
	if !ok {
		return nil, errQuotes
	}
	return appendInlineArgs(make([][]byte, 0, n), line), nil
}

// measureInline counts the arguments of a line and gives the first; not ok: quotes are unbalanced.
func measureInline(line []byte) (n int, first []byte, ok bool) {
	for {
		word, rest, quoted, ok := nextWord(line)
		if !ok {
			return 0, nil, false
		}
		if word == nil {
			return n, first, true
		}
		if n == 0 {
			if first = word; quoted {
				first = unquote(word)
			}
		}
		n++
		line = rest
	}
}

func appendInlineArgs(dst [][]byte, line []byte) [][]byte {
	for {
		word, rest, quoted, ok := nextWord(line)
		if !ok || word == nil {
			return dst
		}
		if quoted {
			word = unquote(word)
		}
		dst = append(dst, word)
		line = rest
	}
}

// nextWord cuts the first argument from line, as it is written; nil when there is none. A NUL ends the line.
func nextWord(line []byte) (word, rest []byte, quoted, ok bool) {
	from := 0
	for from < len(line) && isSpace(line[from]) {
		from++
	}
	i := from
	var quote byte // the one that is open
scan:
	for ; i < len(line) && line[i] != 0; i++ {
		ch := line[i]
		switch {
		case quote == 0 && (ch == ' ' || ch == '\n' || ch == '\r' || ch == '\t'):
			break scan // \v and \f are skipped before a word, but do not end one
		case quote == 0 && (ch == '"' || ch == '\''):
			quote, quoted = ch, true
		case quote != 0 && ch == '\\' && i+1 < len(line) && line[i+1] != 0 && (quote == '"' || line[i+1] == '\''):
			i++
		case quote != 0 && ch == quote:
			quote = 0
			i++
			if i < len(line) && line[i] != 0 && !isSpace(line[i]) {
				return nil, nil, false, false
			}
			break scan
		}
	}
	if quote != 0 {
		return nil, nil, false, false
	}
	if i == from {
		return nil, nil, false, true
	}
	return line[from:i:i], line[i:], quoted, true
}

// unquote gives the argument that word, found by nextWord, stands for, in bytes of its own.
func unquote(word []byte) []byte {
	out := make([]byte, 0, len(word))
	var quote byte
	for i := 0; i < len(word); i++ {
		ch := word[i]
		switch {
		case quote == 0 && (ch == '"' || ch == '\''):
			quote = ch
		case quote != 0 && ch == quote:
			quote = 0
		case quote == '\'' && ch == '\\' && word[i+1] == '\'':
			out = append(out, '\'')
			i++
		case quote == '"' && ch == '\\':
			value, size := escape(word[i+1:])
			out = append(out, value)
			i += size
		default:
			out = append(out, ch)
		}
	}
	return out
}

// escape gives what the characters after a backslash stand for, and how many they are.
func escape(s []byte) (value byte, size int) {
	switch s[0] {
	case 'n':
		return '\n', 1
	case 'r':
		return '\r', 1
	case 't':
		return '\t', 1
	case 'b':
		return '\b', 1
	case 'a':
		return '\a', 1
	case 'x':
		if len(s) >= 3 && hexDigit(s[1]) >= 0 && hexDigit(s[2]) >= 0 {
			return byte(hexDigit(s[1])<<4 | hexDigit(s[2])), 3
		}
	}
	return s[0], 1
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// isSpace is that of C.
func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }
