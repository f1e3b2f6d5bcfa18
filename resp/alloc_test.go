package resp

import (
	"strings"
	"testing"
)

// noAllocation runs f until its buffers have grown, then asserts that it allocates nothing.
func noAllocation(t *testing.T, name string, f func()) {
	t.Helper()
	if n := testing.AllocsPerRun(100, f); n != 0 {
		t.Errorf("%s: %v allocations", name, n)
	}
}

func TestCommandsDoNotAllocate(t *testing.T) {
	var r CommandReader
	var c Command
	args := make([][]byte, 0, 32)
	for _, in := range []string{
		"*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n",
		"*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$1000\r\n" + strings.Repeat("x", 1000) + "\r\n",
		"*25\r\n" + strings.Repeat("$1\r\na\r\n", 25),
		"set key value\r\n", "\r\n", "*0\r\n", "*-1\r\n",
	} {
		buf := []byte(in)
		noAllocation(t, in, func() {
			for _, end := range []int{1, len(buf) / 2, len(buf) - 1, len(buf)} {
				n, err := r.Next(buf[:end], &c)
				if err != nil || (n > 0) != (end == len(buf)) {
					t.Fatalf("%q: %d, %v", buf[:end], n, err)
				}
			}
			args = c.AppendArgs(args[:0])
		})
	}
}

func TestRepliesDoNotAllocate(t *testing.T) {
	var r ReplyReader
	for _, in := range []string{
		"+OK\r\n", ":1234567\r\n", "-ERR no\r\n", "$5\r\nhello\r\n", "$-1\r\n", "_\r\n", "#t\r\n", ",1.5\r\n", "=7\r\ntxt:abc\r\n",
		"*100\r\n" + strings.Repeat("$1\r\na\r\n", 100),
		"|1\r\n+ttl\r\n:1\r\n%2\r\n+a\r\n*2\r\n~1\r\n*1\r\n:1\r\n:2\r\n+b\r\n>0\r\n:1\r\n",
		strings.Repeat("*1\r\n", 100) + ":1\r\n", // the levels beyond shallow are kept
	} {
		buf := []byte(in)
		noAllocation(t, in, func() {
			for _, end := range []int{1, len(buf) / 2, len(buf) - 1, len(buf)} {
				n, err := r.Next(buf[:end])
				if err != nil || (n > 0) != (end == len(buf)) {
					t.Fatalf("%q: %d, %v", buf[:end], n, err)
				}
			}
		})
	}
}

// TestAnnouncedIsNotAllocated: lengths alone cost nothing, however large.
func TestAnnouncedIsNotAllocated(t *testing.T) {
	var r CommandReader
	var c Command
	for _, in := range []string{"*1048576\r\n", "*1048576\r\n$536870912\r\n", "*99999999999999\r\n", "*1\r\n$99999999999\r\n"} {
		buf := []byte(in)
		noAllocation(t, in, func() {
			_, _ = r.Next(buf, &c)
			r.Reset()
		})
	}
	var replies ReplyReader
	for _, in := range []string{"*1000000000000\r\n", "$1000000000000\r\n", "%1000000000000\r\n*1000000000000\r\n", "*2305843009213693952\r\n"} {
		buf := []byte(in)
		noAllocation(t, in, func() {
			_, _ = replies.Next(buf)
			replies.Reset()
		})
	}
}

func TestWritersDoNotAllocate(t *testing.T) {
	dst := make([]byte, 0, 1000)
	args := [][]byte{[]byte("SET"), []byte("key"), []byte(strings.Repeat("x", 100))}
	noAllocation(t, "writers", func() {
		dst = AppendCommand(dst[:0], args...)
		dst = AppendMapHeader(dst, 12345)
		dst = AppendDouble(dst, 1.25)
	})
}
