package load

import (
	"strings"
	"testing"
)

func TestFramesFindEnds(t *testing.T) {
	replies := []string{
		"+OK\r\n", ":12\r\n", "$-1\r\n", "$0\r\n\r\n", "$8\r\nx\r\ny\r\n$3\r\n", "*0\r\n", "*-1\r\n", "_\r\n",
		"*3\r\n$1\r\na\r\n*2\r\n:1\r\n+b\r\n$-1\r\n", "%2\r\n+a\r\n:1\r\n+b\r\n*1\r\n$2\r\nxx\r\n", "-ERR no\r\n", "*1\r\n-ERR inner\r\n",
	}
	all := strings.Join(replies, "")
	for _, step := range []int{1, 2, 3, 7, len(all)} {
		var f frames
		for at := 0; at < len(all); at += step {
			if err := f.feed([]byte(all[at:min(at+step, len(all))])); err != nil {
				t.Fatal(err)
			}
		}
		if f.replies != len(replies) || f.errors != 2 || f.firstError != "ERR no" {
			t.Errorf("in pieces of %d: %d replies, %d errors, %q", step, f.replies, f.errors, f.firstError)
		}
	}
	var f frames
	for _, reply := range replies { // no sooner than with the last byte
		before := f.replies
		if err := f.feed([]byte(reply[:len(reply)-1])); err != nil || f.replies != before {
			t.Errorf("%q counts before its end, %v", reply, err)
		}
		if err := f.feed([]byte(reply[len(reply)-1:])); err != nil || f.replies != before+1 {
			t.Errorf("%q does not count at its end, %v", reply, err)
		}
	}
}

func TestFramesRefuse(t *testing.T) {
	for _, bad := range []string{"OK\r\n", "\n", "+OK\n", "$x\r\n", "*x\r\n", "!5\r\n"} {
		var f frames
		if f.feed([]byte(bad)) == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}
