package resp

import "strings"

const more = "more" // not a problem: the reply is incomplete

// refReply gives the size of the reply at the start of in, or the problem with it. first: it is not inside another
// reply, nor after an attribute. depth is how many aggregates may be opened yet.
func refReply(in string, first bool, depth int) (size int, problem string) {
	if in == "" {
		return 0, more
	}
	if strings.IndexByte("+-:_#,($!=*~%>|", in[0]) < 0 {
		if in[0] == '.' || in[0] == ';' {
			return 0, errReplyStream.Text
		}
		return 0, unknownType(in[0]).Text
	}
	line, _, whole := strings.Cut(in, "\r\n")
	scalar := strings.IndexByte("+-:_#,(", in[0]) >= 0
	if !whole && (scalar || len(in) <= maxLengthLine) {
		return 0, more
	}
	size = len(line) + 2
	if scalar {
		return size, ""
	}
	n, ok := refNumber(line[1:])
	null := ok && n == -1 && (in[0] == '$' || in[0] == '*')
	switch {
	case line != in[:1] && line[1] == '?':
		return 0, errReplyStream.Text
	case !whole || !ok || n < 0 && !null || n > maxLength:
		return 0, errReplyLength.Text
	case null:
		return size, ""
	case strings.IndexByte("$!=", in[0]) >= 0:
		if n > int64(len(in)-size-2) {
			return 0, more
		}
		size += int(n) + 2
		if in[size-2:size] != "\r\n" {
			return 0, errReplyEnd.Text
		}
		return size, ""
	}
	if in[0] == '%' || in[0] == '|' {
		n *= 2
	}
	if n > 0 && depth == 0 {
		return 0, errReplyDepth.Text
	}
	for ; n > 0; n-- {
		if size, problem = refAfter(in, size, depth-1); problem != "" {
			return 0, problem
		}
	}
	if in[0] == '|' || in[0] == '>' && !first && !refConfirms(in) { // the value it stands beside belongs to it
		return refAfter(in, size, depth)
	}
	return size, ""
}

// refConfirms: Redis counts the confirmation of a subscription as an element of the reply to EXEC.
func refConfirms(in string) bool {
	parts := strings.SplitN(in, "\r\n", 3)
	n, ok := refNumber(parts[0][1:])
	if !ok || n != 3 || parts[1][0] != '$' {
		return false
	}
	n, _ = refNumber(parts[1][1:])
	return n >= 9 && n <= 12
}

// refAfter adds to size that of the reply which follows.
func refAfter(in string, size, depth int) (int, string) {
	n, problem := refReply(in[size:], false, depth)
	return size + n, problem
}
