package resp

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"
)

// frame is what a test sees of one command.
type frame struct {
	raw    string
	args   []string
	name   string
	inline bool
}

// readCommands frames all of input, given in pieces that end at the offsets of cuts, as a caller does: the buffer moves
// between calls. rest is what was not framed.
func readCommands(t testing.TB, l Limits, input string, cuts ...int) (frames []frame, rest string, err error) {
	t.Helper()
	r := CommandReader{Limits: l}
	var c Command
	buf, done := []byte(nil), 0
	for _, cut := range append(cuts, len(input)) {
		buf = append([]byte(nil), input[done:cut]...)
		for {
			n, err := r.Next(buf, &c)
			if err != nil {
				return frames, string(buf), err
			}
			if n == 0 {
				break
			}
			if string(c.Raw) != string(buf[:n]) || cap(c.Raw) != n {
				t.Fatalf("Raw is %q, frame is %q", c.Raw, buf[:n])
			}
			frames = append(frames, frame{string(c.Raw), texts(c.AppendArgs(nil)), string(c.Name), c.Inline})
			if len(frames[len(frames)-1].args) != c.Args {
				t.Fatalf("%d arguments announced, %v", c.Args, frames[len(frames)-1])
			}
			buf = buf[n:]
			done += n
		}
		checkResume(t, &r, len(buf))
	}
	return frames, string(buf), nil
}

// checkResume tells that what was looked at is not looked at again, which is what makes the work for a frame O(bytes):
// either the end of an argument is awaited, or the search for a line's end goes on where the buffer ended.
func checkResume(t testing.TB, r *CommandReader, have int) {
	t.Helper()
	if need := r.Need(); need > 0 && (need <= have || need > r.Limits.Frame) {
		t.Fatalf("%d bytes needed, %d there, limit %d", need, have, r.Limits.Frame)
	}
	if r.end == 0 && max(r.pos, r.scan) < have-1 { // less one: a "\r" whose "\n" has not come
		t.Fatalf("of %d bytes would go on at %d, %d", have, r.pos, r.scan)
	}
}

func texts(args [][]byte) []string {
	out := []string{}
	for _, a := range args {
		out = append(out, string(a))
	}
	return out
}

func TestCommands(t *testing.T) {
	long := strings.Repeat("v", 1234)
	for _, tc := range []struct {
		input string
		want  []string // arguments joined by |
	}{
		{"*1\r\n$4\r\nPING\r\n", []string{"PING"}},
		{"*2\r\n$3\r\nGET\r\n$0\r\n\r\n*1\r\n$4\r\nping\r\n", []string{"GET|", "ping"}},
		{"*3\r\n$3\r\nSET\r\n$2\r\n\r\n\r\n$1234\r\n" + long + "\r\n", []string{"SET|\r\n|" + long}},
		{"*12\r\n" + strings.Repeat("$1\r\na\r\n", 12), []string{strings.TrimSuffix(strings.Repeat("a|", 12), "|")}},
		{"*0\r\n*-1\r\n*-77\r\n*1\r\n$1\r\nx\r\n", []string{"", "", "", "x"}},
		{"PING\r\n\r\n\nGET  a\t b\n", []string{"PING", "", "", "GET|a|b"}},
		{`set "a b" 'c\'d' "\x41\n\q" ""` + "\r\n", []string{"set|a b|c'd|A\nq|"}},
		{`"s\x65t" a'b'` + "\n", []string{"set|ab"}},
		{"*1\r\n$0\r\n\r\n", []string{""}},
	} {
		for cut := 0; cut <= len(tc.input); cut++ {
			frames, rest, err := readCommands(t, Limits{}, tc.input, cut)
			if err != nil || rest != "" {
				t.Fatalf("%q cut at %d: %v, rest %q", tc.input, cut, err, rest)
			}
			var got []string
			for _, f := range frames {
				got = append(got, strings.Join(f.args, "|"))
			}
			if strings.Join(got, "&") != strings.Join(tc.want, "&") {
				t.Fatalf("%q cut at %d: %q", tc.input, cut, got)
			}
		}
	}
}

func TestCommandLimits(t *testing.T) {
	full := func(args, size int) string {
		return "*" + strconv.Itoa(args) + "\r\n" + strings.Repeat("$"+strconv.Itoa(size)+"\r\n"+strings.Repeat("x", size)+"\r\n", args)
	}
	for _, tc := range []struct {
		name, input, want string
		limits            Limits
	}{
		{"default args", "*1048576\r\n", "", Limits{}},
		{"default args passed", "*1048577\r\n", errMultibulkLength.Text, Limits{}},
		{"default bulk", "*1\r\n$536870912\r\n", "", Limits{}},
		{"default bulk passed", "*1\r\n$536870913\r\n", errBulkLength.Text, Limits{}},
		{"default inline", strings.Repeat("a", 65536), "", Limits{}},
		{"default inline passed", strings.Repeat("a", 65537), errInline.Text, Limits{}},
		{"default frame", full(1, 200) + "*3\r\n$536870912\r\n", "", Limits{}},
		{"args", full(3, 1), "", Limits{Args: 3}},
		{"args passed", "*4\r\n", errMultibulkLength.Text, Limits{Args: 3}},
		{"bulk", full(2, 5), "", Limits{Bulk: 5}},
		{"bulk passed", "*1\r\n$6\r\n", errBulkLength.Text, Limits{Bulk: 5}},
		{"frame", full(3, 8), "", Limits{Frame: 4 + 3*14}},
		{"frame passed", full(3, 8)[:4+2*14+4], errFrame.Text, Limits{Frame: 4 + 3*14 - 1}},
		{"frame of nothings passed", full(100, 0)[:600], errFrame.Text, Limits{Frame: 500}},
		{"largest int", "*1\r\n$9223372036854775807\r\n", errFrame.Text, Limits{Bulk: math.MaxInt, Frame: math.MaxInt}},
		{"unauthenticated", full(10, 16384), "", Limits{Unauthenticated: true}},
		{"unauthenticated args", "*11\r\n", errMultibulkUnauth.Text, Limits{Unauthenticated: true}},
		{"unauthenticated bulk", "*1\r\n$16385\r\n", errBulkUnauth.Text, Limits{Unauthenticated: true}},
	} {
		_, _, err := readCommands(t, tc.limits, tc.input)
		if got := text(err); got != tc.want {
			t.Errorf("%s: error %q, want %q", tc.name, got, tc.want)
		}
	}
}

func text(err error) string {
	var problem *ProtocolError
	if errors.As(err, &problem) {
		return problem.Text
	}
	if err != nil {
		return "not a ProtocolError: " + err.Error()
	}
	return ""
}

// TestLimitsWithinFrame: what a client may send can change while a command is on its way; what was accepted stays so.
func TestLimitsWithinFrame(t *testing.T) {
	var r CommandReader
	var c Command
	buf := []byte("*2\r\n$3\r\nGET\r\n$2\r\nab\r\n")
	if n, err := r.Next(buf[:8], &c); n != 0 || err != nil || r.Need() != 13 {
		t.Fatal(n, err, r.Need())
	}
	r.Limits.Bulk, r.Limits.Args = 1, 1
	if _, err := r.Next(buf, &c); text(err) != errBulkLength.Text {
		t.Fatal(err)
	}
	r.Reset()
	if n, err := r.Next([]byte("*1\r\n$1\r\na\r\n"), &c); n != 11 || err != nil || string(c.Name) != "a" {
		t.Fatal(n, err)
	}
}

// TestErrorStays: a reader that is asked again after an error does not read on behind it.
func TestErrorStays(t *testing.T) {
	for _, in := range []string{"*1\r\n$1\r\nabc*1\r\n$1\r\na\r\n", "*1\r\n$-1\r\n", "*x\r\n", "*1\r\n:1\r\n", "'a\nPING\r\n"} {
		for cut := range len(in) {
			var r CommandReader
			var c Command
			_, _ = r.Next([]byte(in[:cut]), &c)
			for range 3 {
				if n, err := r.Next([]byte(in), &c); n != 0 || err == nil {
					t.Fatalf("%q: %d, no error", in, n)
				}
			}
		}
	}
}
