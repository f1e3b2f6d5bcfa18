package resp

import (
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
			if string(c.Raw) != string(buf[:n]) {
				t.Fatalf("Raw is %q, frame is %q", c.Raw, buf[:n])
			}
			frames = append(frames, frame{string(c.Raw), texts(c.AppendArgs(nil)), string(c.Name), c.Inline})
			if len(frames[len(frames)-1].args) != c.Args {
				t.Fatalf("%d arguments announced, %v", c.Args, frames[len(frames)-1])
			}
			buf = buf[n:]
			done += n
		}
	}
	return frames, string(buf), nil
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
