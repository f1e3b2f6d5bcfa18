package resp

import (
	"strings"
	"testing"
)

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
		checkReplyResume(t, r, len(buf))
		if stream {
			done += r.Partial()
			r.Advance(r.Partial())
		}
	}
	return frames, input[begin:], nil
}

// checkReplyResume is checkResume for replies.
func checkReplyResume(t testing.TB, r *ReplyReader, have int) {
	t.Helper()
	if r.Partial() > have {
		t.Fatalf("%d of %d bytes are partial", r.Partial(), have)
	}
	if r.end > 0 && r.Need() <= have || r.end == 0 && max(r.pos, r.scan) < have {
		t.Fatalf("of %d bytes would go on at %d, %d, %d", have, r.pos, r.scan, r.end)
	}
}

func TestReplies(t *testing.T) {
	for _, replies := range [][]string{
		{"+OK\r\n", ":1\r\n", "-ERR x\r\n", "$-1\r\n", "*-1\r\n", "_\r\n", "#t\r\n", ",1.5\r\n", "(123\r\n"},
		{"$0\r\n\r\n", "$5\r\nhello\r\n", "!5\r\nERR x\r\n", "=7\r\ntxt:abc\r\n", "+\r\n"},
		{"*0\r\n", "*2\r\n$1\r\na\r\n*1\r\n:5\r\n", "%1\r\n+a\r\n~2\r\n:1\r\n:2\r\n", ">2\r\n+message\r\n$1\r\nx\r\n", "+OK\r\n"},
		{"|1\r\n+k\r\n+v\r\n*2\r\n:1\r\n|0\r\n:2\r\n", "+OK\r\n", "|0\r\n|1\r\n+a\r\n*1\r\n:1\r\n$1\r\nx\r\n", ":1\r\n"},
		{"*2\r\n>1\r\n+invalidate\r\n:1\r\n:2\r\n", ">0\r\n", "+a\rb\nc\r\n"},
		{"*2\r\n>3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n:2\r\n", "*1\r\n>3\r\n$12\r\npunsubscribe\r\n_\r\n:0\r\n", ":1\r\n"},
		{"*1\r\n>3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nb\r\n:2\r\n", ":1\r\n"},
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

// TestStreamLargeReply passes a large string on in pieces, as it comes; only its CRLF is awaited whole.
func TestStreamLargeReply(t *testing.T) {
	const size, piece = 100_000, 700
	input := []byte("*2\r\n$3\r\nabc\r\n$100000\r\n" + strings.Repeat("x", size) + "\r\n+OK\r\n")
	var r ReplyReader
	var got, buf []byte
	for in := input; ; in = in[min(piece, len(in)):] {
		buf = append(buf, in[:min(piece, len(in))]...)
		n, err := r.Next(buf)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			n = r.Partial()
			r.Advance(n)
			if len(buf)-n > 20 {
				t.Fatalf("%d of %d bytes can't be passed on", len(buf)-n, len(buf))
			}
			if len(got)+n > 22 && r.Need() != len(input)-5-len(got)-n {
				t.Fatalf("after %d bytes %d are needed", len(got)+n, r.Need())
			}
		}
		got = append(got, buf[:n]...)
		buf = append(buf[:0], buf[n:]...)
		if !r.Begun() {
			break
		}
	}
	if string(got) != string(input[:len(input)-5]) {
		t.Fatalf("%d bytes, want %d", len(got), len(input)-5)
	}
	if n, err := r.Next([]byte("+OK\r\n")); n != 5 || err != nil {
		t.Fatal(n, err)
	}
}

func TestAdvanceTooFar(t *testing.T) {
	var r ReplyReader
	if n, err := r.Next([]byte("*2\r\n:1\r\n:")); n != 0 || err != nil || r.Partial() != 8 {
		t.Fatal(n, err, r.Partial())
	}
	defer func() {
		if recover() == nil {
			t.Fatal("no panic")
		}
	}()
	r.Advance(9)
}

func TestReplyDepth(t *testing.T) {
	for _, tc := range []struct{ max, depth int }{{0, DefaultMaxDepth}, {1, 1}, {7, 7}, {3000, 3000}} {
		r := ReplyReader{MaxDepth: tc.max}
		for range 2 { // the second goes into the room of the first
			in := []byte(strings.Repeat("%1\r\n+k\r\n", tc.depth) + ":1\r\n")
			if n, err := r.Next(in); n != len(in) || err != nil {
				t.Fatalf("depth %d: %d, %v", tc.depth, n, err)
			}
		}
		if n, err := r.Next([]byte(strings.Repeat("*1\r\n", tc.depth+1))); text(err) != errReplyDepth.Text {
			t.Fatalf("depth %d: %d, %v", tc.depth+1, n, err)
		}
		r.Reset()
		if n, err := r.Next([]byte(":1\r\n")); n != 4 || err != nil {
			t.Fatal(n, err)
		}
	}
}
