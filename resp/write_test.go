package resp

import (
	"math"
	"testing"
)

func TestAppendReplies(t *testing.T) {
	for _, tc := range []struct{ got, want string }{
		{string(AppendMapHeader([]byte("x"), 3)), "x%3\r\n"},
		{string(AppendSetHeader(nil, 10)), "~10\r\n"},
		{string(AppendPushHeader(nil, 0)), ">0\r\n"},
		{string(AppendNull(nil)), "_\r\n"},
		{string(AppendBool(nil, true)), "#t\r\n"},
		{string(AppendBool(nil, false)), "#f\r\n"},
		{string(AppendDouble(nil, 0.1)), ",0.1\r\n"},
		{string(AppendDouble(nil, -3)), ",-3\r\n"},
		{string(AppendDouble(nil, math.Inf(1))), ",inf\r\n"},
		{string(AppendDouble(nil, math.Inf(-1))), ",-inf\r\n"},
		{string(AppendDouble(nil, math.NaN())), ",nan\r\n"},
		{string(AppendCommand(nil)), "*0\r\n"},
		{string(AppendCommand([]byte("x"), []byte("GET"), nil)), "x*2\r\n$3\r\nGET\r\n$0\r\n\r\n"},
	} {
		if tc.got != tc.want {
			t.Errorf("%q, want %q", tc.got, tc.want)
		}
	}
}

func TestErrorPrefix(t *testing.T) {
	for _, tc := range []struct {
		reply, prefix string
		isError       bool
	}{
		{"-READONLY You can't write\r\n", "READONLY", true},
		{"-LOADING\r\n", "LOADING", true},
		{"!21\r\nSYNTAX invalid syntax\r\n", "SYNTAX", true},
		{"!4\r\nOOPS\r\n", "OOPS", true},
		{"-\r\n", "", true},
		{"-CUT", "CUT", true},
		{"+OK\r\n", "", false},
		{"$6\r\n-ERR x\r\n", "", false},
		{"", "", false},
	} {
		reply := []byte(tc.reply)
		if got := string(ErrorPrefix(reply)); got != tc.prefix || IsError(reply) != tc.isError {
			t.Errorf("%q: %q, %v", tc.reply, got, IsError(reply))
		}
		if (ErrorPrefix(reply) != nil) != tc.isError {
			t.Errorf("%q: nil is for what is no error", tc.reply)
		}
	}
}
