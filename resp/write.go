package resp

import (
	"math"
	"strconv"
)

// AppendCommand appends a command as clients send it, multi-bulk. Without arguments it is the empty one, "*0".
func AppendCommand(dst []byte, args ...[]byte) []byte {
	dst = appendHeader(dst, '*', len(args))
	for _, arg := range args {
		dst = appendHeader(dst, '$', len(arg))
		dst = append(dst, arg...)
		dst = append(dst, '\r', '\n')
	}
	return dst
}

// AppendMapHeader announces n pairs (RESP3).
func AppendMapHeader(dst []byte, n int) []byte { return appendHeader(dst, '%', n) }

// AppendSetHeader announces n elements of a set (RESP3).
func AppendSetHeader(dst []byte, n int) []byte { return appendHeader(dst, '~', n) }

// AppendPushHeader announces n elements of an out-of-band message (RESP3); the first must be a string, its kind.
func AppendPushHeader(dst []byte, n int) []byte { return appendHeader(dst, '>', n) }

// AppendNull appends the null of RESP3.
func AppendNull(dst []byte) []byte { return append(dst, '_', '\r', '\n') }

// AppendBool appends a boolean (RESP3).
func AppendBool(dst []byte, v bool) []byte {
	if v {
		return append(dst, '#', 't', '\r', '\n')
	}
	return append(dst, '#', 'f', '\r', '\n')
}

// AppendDouble appends a double (RESP3) in the shortest form that reads back the same; inf, -inf and nan as in the
// specification.
func AppendDouble(dst []byte, v float64) []byte {
	dst = append(dst, ',')
	switch {
	case math.IsInf(v, 1):
		dst = append(dst, "inf"...)
	case math.IsInf(v, -1):
		dst = append(dst, "-inf"...)
	case math.IsNaN(v):
		dst = append(dst, "nan"...)
	default:
		dst = strconv.AppendFloat(dst, v, 'g', -1, 64)
	}
	return append(dst, '\r', '\n')
}

// appendHeader appends a type and a length.
func appendHeader(dst []byte, kind byte, n int) []byte {
	if n >= 0 && n < 10 {
		return append(dst, kind, '0'+byte(n), '\r', '\n')
	}
	dst = append(dst, kind)
	dst = strconv.AppendInt(dst, int64(n), 10)
	return append(dst, '\r', '\n')
}
