package resp

import (
	"regexp"
	"strconv"
	"strings"
)

// The reference framers: from the start of the input at each call, recursive, careless of cost. They are written from
// Redis's networking.c and the specification, not from the readers.

var number = regexp.MustCompile(`^(0|-?[1-9][0-9]*)$`)

func refNumber(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && number.MatchString(s)
}

// refCommand gives the size and the arguments of the first command of in; size 0 and no problem: it is incomplete.
func refCommand(in string, l Limits) (size int, args []string, inline bool, problem string) {
	if in == "" {
		return 0, nil, false, ""
	}
	if in[0] != '*' {
		size, args, problem = refInline(in, l)
		return size, args, true, problem
	}
	count, at, problem := refLine(in, 0, l, "too big mbulk count string")
	if at == 0 {
		return 0, nil, false, problem
	}
	n, ok := refNumber(count[1:])
	switch {
	case !ok || in[at-1] != '\n' || n > int64(l.Args):
		return 0, nil, false, "invalid multibulk length"
	case l.Unauthenticated && n > 10:
		return 0, nil, false, "unauthenticated multibulk length"
	}
	args = []string{}
	for ; n > 0; n-- {
		if at < len(in) && in[at] != '$' {
			got := strings.NewReplacer("\r", " ", "\n", " ", "\x00", " ").Replace(in[at : at+1])
			return 0, nil, false, "expected '$', got '" + got + "'"
		}
		line, next, problem := refLine(in, at, l, "too big bulk count string")
		if next == 0 {
			return 0, nil, false, problem
		}
		size, ok := refNumber(line[1:])
		switch {
		case !ok || in[next-1] != '\n' || size < 0 || size > int64(l.Bulk):
			return 0, nil, false, "invalid bulk length"
		case l.Unauthenticated && size > 16384:
			return 0, nil, false, "unauthenticated bulk length"
		case int64(next)+size+2 > int64(l.Frame):
			return 0, nil, false, "too big request"
		}
		at = next + int(size) + 2
		if at > len(in) {
			return 0, nil, false, ""
		}
		if in[at-2:at] != "\r\n" {
			return 0, nil, false, "expected CRLF after argument"
		}
		args = append(args, in[next:at-2])
	}
	return at, args, false, ""
}

// refLine gives the line at p without its end, and the offset past the end; 0: it is incomplete, or problem.
func refLine(in string, p int, l Limits, tooBig string) (line string, next int, problem string) {
	i := strings.IndexByte(in[p:], '\r')
	switch {
	case i < 0 && len(in)-p <= l.Inline:
		return "", 0, ""
	case i < 0 || i > l.Inline:
		return "", 0, tooBig
	case p+i+2 > len(in):
		return "", 0, ""
	}
	return in[p : p+i], p + i + 2, ""
}

func refInline(in string, l Limits) (size int, args []string, problem string) {
	i := strings.IndexAny(in, "\n\x00")
	if i < 0 || in[i] == 0 || i > l.Inline {
		if len(in) > l.Inline {
			return 0, nil, "too big inline request"
		}
		return 0, nil, ""
	}
	args, ok := refSplit(strings.TrimSuffix(in[:i], "\r"))
	if !ok {
		return 0, nil, "unbalanced quotes in request"
	}
	return i + 1, args, ""
}

var (
	plainWord  = regexp.MustCompile(`^[^ \n\r\t"']+`)
	doubleWord = regexp.MustCompile(`^"((?s:[^"\\]|\\.)*)"`)
	escaped    = regexp.MustCompile(`(?s)\\x[0-9a-fA-F]{2}|\\.`)
)

const space = " \t\n\v\f\r"

// refSplit is sdssplitargs by regular expressions.
func refSplit(line string) (args []string, ok bool) {
	args = []string{}
	for {
		if line = strings.TrimLeft(line, space); line == "" {
			return args, true
		}
		arg := plainWord.FindString(line)
		line = line[len(arg):]
		if line != "" && (line[0] == '"' || line[0] == '\'') {
			value, rest, ok := refQuoted(line)
			if !ok || rest != "" && !strings.ContainsRune(space, rune(rest[0])) {
				return nil, false
			}
			arg += value
			line = rest
		}
		args = append(args, arg)
	}
}

// refQuoted takes the quoted string that line begins with.
func refQuoted(line string) (value, rest string, ok bool) {
	if m := doubleWord.FindStringSubmatch(line); m != nil {
		return escaped.ReplaceAllStringFunc(m[1], refEscape), line[len(m[0]):], true
	}
	for i := 1; i < len(line) && line[0] == '\''; i++ {
		switch {
		case strings.HasPrefix(line[i:], `\'`):
			i++
		case line[i] == '\'':
			return value, line[i+1:], true
		}
		value += line[i : i+1]
	}
	return "", "", false
}

func refEscape(s string) string {
	switch {
	case len(s) == 4:
		n, _ := strconv.ParseUint(s[2:], 16, 8)
		return string([]byte{byte(n)})
	case s[1] == 'n':
		return "\n"
	case s[1] == 'r':
		return "\r"
	case s[1] == 't':
		return "\t"
	case s[1] == 'b':
		return "\b"
	case s[1] == 'a':
		return "\a"
	}
	return s[1:]
}
