package resp

import "testing"

// readReplies frames all of input, given in pieces that end at the offsets of cuts. Where stream is set, everything that
// Partial allows is taken away between the calls.
func readReplies(t testing.TB, r *ReplyReader, input string, stream bool, cuts ...int) (frames []string, rest string, err error) {
	t.Helper()
	done, begin := 0, 0 // offsets in input of the buffer and of the present reply
	var buf []byte
	for _, cut := range append(cuts, len(input)) {
		buf = []byte(input[done:cut])
		for {
			n, err := r.Next(buf)
			if err != nil {
				return frames, input[begin:], err
			}
			if n == 0 {
				break
			}
			done += n
			frames = append(frames, input[begin:done])
			begin, buf = done, buf[n:]
		}
		if stream {
			done += r.Partial()
			r.Advance(r.Partial())
		}
	}
	return frames, input[begin:], nil
}

func TestReplies(t *testing.T) {
	for _, replies := range [][]string{
		{"+OK\r\n", ":1\r\n", "-ERR x\r\n", "$-1\r\n", "*-1\r\n", "_\r\n", "#t\r\n", ",1.5\r\n", "(123\r\n"},
		{"$0\r\n\r\n", "$5\r\nhello\r\n", "!5\r\nERR x\r\n", "=7\r\ntxt:abc\r\n", "+\r\n"},
		{"*0\r\n", "*2\r\n$1\r\na\r\n*1\r\n:5\r\n", "%1\r\n+a\r\n~2\r\n:1\r\n:2\r\n", ">2\r\n+message\r\n$1\r\nx\r\n", "+OK\r\n"},
		{"|1\r\n+k\r\n+v\r\n*2\r\n:1\r\n|0\r\n:2\r\n", "+OK\r\n", "|0\r\n|1\r\n+a\r\n*1\r\n:1\r\n$1\r\nx\r\n", ":1\r\n"},
		{"*2\r\n>1\r\n+invalidate\r\n:1\r\n:2\r\n", ">0\r\n", "+a\rb\nc\r\n"},
		{"*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*2\r\n%1\r\n:1\r\n:2\r\n*0\r\n", ":1\r\n"},
	} {
		var input string
		for _, r := range replies {
			input += r
		}
		for cut := 0; cut <= len(input); cut++ {
			for _, stream := range []bool{false, true} {
				got, rest, err := readReplies(t, new(ReplyReader), input, stream, cut)
				if err != nil || len(got) != len(replies) || rest != "" {
					t.Fatalf("%q cut at %d: %v %q", input, cut, err, got)
				}
				for i, g := range got {
					if g != replies[i] {
						t.Fatalf("%q cut at %d: %q, want %q", input, cut, g, replies[i])
					}
				}
			}
		}
	}
}
