package resp

import (
	"bytes"
	"encoding/binary"
	"math"
)

const crlf = '\r' | '\n'<<8

// length reads the line at p where it announces a length in the usual way: any first byte, one to nine digits without a
// leading zero, and CRLF. at is the offset past it, 0 when it is anything else (incomplete, negative, longer, malformed),
// which is for parseInt to judge.
func length(buf []byte, p int) (n, at int) {
	if len(buf)-p >= 8 {
		if n, size := short(binary.LittleEndian.Uint64(buf[p:])); size > 0 {
			return n, p + size
		}
	}
	return lengthByByte(buf, p)
}

// short reads the line that eight bytes begin with, if it has one digit or two, as nearly all have: one load, and bounds checked once.
// size is that of the line, 0 if it has not. It is small enough to be inlined, which is all that it is for.
func short(line uint64) (n, size int) {
	d := line>>8&0xff - '0'
	if line>>16&0xffff == crlf && d <= 9 {
		return int(d), 4
	}
	e := line>>16&0xff - '0'
	if line>>24&0xffff == crlf && d-1 < 9 && e <= 9 {
		return int(d*10 + e), 5
	}
	return 0, 0
}

// lengthByByte is length for lines at the end of the buffer, and for more digits.
func lengthByByte(buf []byte, p int) (n, at int) {
	for i := p + 1; i < len(buf)-1 && i <= p+10; i++ {
		d := buf[i] - '0'
		if d <= 9 {
			n = n*10 + int(d)
			continue
		}
		digits := i - p - 1
		if buf[i] == '\r' && buf[i+1] == '\n' && digits > 0 && (digits == 1 || buf[p+1] != '0') {
			return n, i + 2
		}
		break
	}
	return 0, 0
}

// checkedLength is length for a line that is known to be right: it may have more digits than usual.
func checkedLength(buf []byte, p int) (n, at int) {
	if n, at = length(buf, p); at > 0 {
		return n, at
	}
	end := p + bytes.IndexByte(buf[p:], '\r')
	long, _ := parseInt(buf[p+1 : end])
	return int(long), end + 2
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
