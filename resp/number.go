package resp

import "math"

// length reads the usual length at the start of b: one to nine digits without a leading zero, and CRLF. size is how many
// bytes these are, 0 when it is anything else (incomplete, negative, longer, malformed), which is for parseInt to judge.
func length(b []byte) (n, size int) {
	if len(b) < 3 {
		return 0, 0
	}
	d := b[0] - '0'
	if d > 9 {
		return 0, 0
	}
	if b[1] == '\r' && b[2] == '\n' {
		return int(d), 3
	}
	if d == 0 {
		return 0, 0
	}
	n = int(d)
	if len(b) > 11 {
		b = b[:11]
	}
	for i := 1; i < len(b)-1; i++ {
		d = b[i] - '0'
		if d > 9 {
			if b[i] == '\r' && b[i+1] == '\n' {
				return n, i + 2
			}
			return 0, 0
		}
		n = n*10 + int(d)
	}
	return 0, 0
}

// parseInt reads a whole decimal number by the rules of Redis's string2ll: no plus sign, no spaces, no leading zeros, no
// "-0", the range of int64.
func parseInt(b []byte) (int64, bool) {
	if len(b) == 1 && b[0] == '0' {
		return 0, true
	}
	negative := len(b) > 0 && b[0] == '-'
	if negative {
		b = b[1:]
	}
	if len(b) == 0 || len(b) > 19 || b[0] < '1' || b[0] > '9' {
		return 0, false
	}
	var n uint64 // 19 digits fit
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	switch {
	case negative && n == -math.MinInt64:
		return math.MinInt64, true
	case n > math.MaxInt64:
		return 0, false
	case negative:
		return -int64(n), true
	}
	return int64(n), true
}
