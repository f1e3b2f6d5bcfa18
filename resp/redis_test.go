package resp_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"sentinelproxy/internal/servers"
	"sentinelproxy/resp"
)

// ask sends input on a connection of its own and gives all that the server answers until it closes, because of an
// error or because no more can come.
func ask(t *testing.T, addr, input string) string {
	t.Helper()
	conn, err := net.DialTimeout("tcp", addr, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, input); err != nil {
		t.Fatal(err)
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil && !errors.Is(err, syscall.ENOTCONN) {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil && !errors.Is(err, syscall.ECONNRESET) {
		t.Fatal(err)
	}
	return string(answer)
}

// own gives what we make of input: the number of commands that are to be answered, then the error as it would be sent.
func own(r *resp.CommandReader, input string) (commands int, problem string) {
	buf := []byte(input)
	var c resp.Command
	for {
		n, err := r.Next(buf, &c)
		if err != nil {
			return commands, "-ERR " + err.Error() + "\r\n"
		}
		if n == 0 {
			return commands, ""
		}
		if c.Args > 0 {
			commands++
		}
		buf = buf[n:]
	}
}

// numbers are lengths as clients might write them.
var numbers = []string{
	"", "0", "-0", "00", "01", "1", "+1", " 1", "1 ", "-1", "--1", "-", "1x", "0x1", "1.0", "-01", "2147483647", "2147483648", "999999999",
	"9999999999", "536870912", "536870913", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809",
	"18446744073709551617", "99999999999999999999", "1\n",
}

func malformed() (inputs []string) {
	for _, n := range numbers {
		inputs = append(inputs, "*"+n+"\r\nPING\r\n", "*1\r\n$"+n+"\r\n", "*3\r\n$4\r\nPING\r\n$"+n+"\r\n")
	}
	inputs = append(inputs,
		"*1\r\nPING\r\n", "*1\r\n:4\r\n", "*1\r\n\r\n", "*1\r\n\n\r\n", "*1\r\n*1\r\n", "*3\r\n$-1\r\n", "*1\r\n\xff\r\n", "*1\r\n%\r\n",
		"\r\n\n\r\nPING\r\n", "PING \"a\r\n", "PING 'a\n", "PING 'a'b\n", "PING \"a\"b\n", "PING \"a\\\"\n", "PING a\x00b\r\nPING\r\n", "\x00\n", "\r\r\nPING\n",
		strings.Repeat("a", 65537), strings.Repeat(" ", 65537), "NONE "+strings.Repeat("a", 60000)+"\n",
		"*"+strings.Repeat("1", 65536), "*"+strings.Repeat("1", 65535), "*1\r\n$"+strings.Repeat("1", 65536), "*1\r\n$"+strings.Repeat("1", 65535),
		"*1\r\n$4\r\nPING\r\n*-1\r\n*0\r\n*-7\r\nPING\r\n*x\r\n",
	)
	return inputs
}

// TestErrorsOfRedis sends malformed input to a real server: it must answer as many commands, and give the same error.
func TestErrorsOfRedis(t *testing.T) {
	node := servers.NewT(t).Redis(servers.RedisOptions{})
	for _, input := range malformed() {
		compare(t, node.Addr(), input, resp.Limits{Args: 1<<31 - 1})
	}
}

// TestErrorsOfRedisUnauthenticated does so where the server wants a password first.
func TestErrorsOfRedisUnauthenticated(t *testing.T) {
	node := servers.NewT(t).Redis(servers.RedisOptions{Password: "secret"})
	for _, n := range append(numbers, "9", "10", "11", "16384", "16385") {
		for _, input := range []string{"*" + n + "\r\n", "*2\r\n$" + n + "\r\n"} {
			compare(t, node.Addr(), input, resp.Limits{Args: 1<<31 - 1, Unauthenticated: true})
		}
	}
}

func compare(t *testing.T, addr, input string, l resp.Limits) {
	t.Helper()
	commands, problem := own(&resp.CommandReader{Limits: l}, input)
	answer := ask(t, addr, input)
	if got := strings.Count(answer, "\r\n"); !strings.HasSuffix(answer, problem) || got != commands+strings.Count(problem, "\r\n") {
		t.Errorf("%.60q: Redis answers %q; we see %d commands and %q", input, answer, commands, problem)
	}
}

// TestStricterThanRedis shows the one difference: what Redis skips unseen must be a line end here.
func TestStricterThanRedis(t *testing.T) {
	node := servers.NewT(t).Redis(servers.RedisOptions{})
	for _, input := range []string{"*1\rX$4\r\nPING\r\n", "*1\r\n$4\rXPING\r\n", "*1\r\n$4\r\nPINGXY", "*1\r\n$4\r\nPING\n\r"} {
		if got := ask(t, node.Addr(), input); got != "+PONG\r\n" {
			t.Errorf("%q: Redis answers %q", input, got)
		}
		if commands, problem := own(new(resp.CommandReader), input); commands != 0 || problem == "" {
			t.Errorf("%q: we see %d commands and no error", input, commands)
		}
	}
}

// TestRepliesOfRedis frames replies of every type, as they come from a real server's socket.
func TestRepliesOfRedis(t *testing.T) {
	node := servers.NewT(t).Redis(servers.RedisOptions{Args: []string{"--enable-debug-command", "yes"}})
	for _, tc := range []struct{ hello, types string }{
		{"HELLO 2\r\n", "*" + "$:$$***$-$::$" + "-" + "*" + "$"}, // no push for a client of RESP2
		{"HELLO 3\r\n", "%" + "$:,_*~%|>$=##(" + "-" + "*" + "$"},
	} {
		input := tc.hello
		for _, kind := range []string{
			"string", "integer", "double", "null", "array", "set", "map", "attrib", "push", "verbatim", "true", "false", "bignum",
		} {
			input += "DEBUG PROTOCOL " + kind + "\r\n"
		}
		input += "GET\r\nCOMMAND\r\nECHO end\r\n"
		if got := replyTypes(t, node.Addr(), input, len(tc.types)); got != tc.types {
			t.Errorf("%q: types %s, want %s", tc.hello, got, tc.types)
		}
	}
}

// replyTypes sends input and gives the types of the first n replies, which must be all.
func replyTypes(t *testing.T, addr, input string, n int) (types string) {
	t.Helper()
	conn, err := net.DialTimeout("tcp", addr, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, input); err != nil {
		t.Fatal(err)
	}
	var r resp.ReplyReader
	var buf []byte
	piece := make([]byte, 1000)
	for len(types) < n {
		size, err := r.Next(buf)
		if err != nil {
			t.Fatalf("after %q: %v: %.80q", types, err, buf)
		}
		if size > 0 {
			types += string(buf[:1])
			buf = buf[size:]
			continue
		}
		if size, err = conn.Read(piece); err != nil {
			t.Fatalf("after %q: %v, left %.80q", types, err, buf)
		}
		buf = append(buf, piece[:size]...)
	}
	if len(buf) > 0 {
		t.Fatalf("left %.80q", buf)
	}
	return types
}

// TestInlineOfRedis has a real server split lines of random words, blanks, quotes and escapes.
func TestInlineOfRedis(t *testing.T) {
	node := servers.NewT(t).Redis(servers.RedisOptions{})
	conn, err := net.Dial("tcp", node.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	pieces := []string{"a", "b7", " ", "\t", "\v", "\f", "\r", `"`, `"`, "'", "'", `\`, `\x41`, `\x4`, `\n`, `\'`, `\"`, "\xff", "$1"}
	random := rand.New(rand.NewPCG(1, 2))
	var accepted int
	for range 3000 {
		line := "EVAL 'return ARGV' 0 "
		for range random.IntN(14) {
			line += pieces[random.IntN(len(pieces))]
		}
		args, err := resp.SplitInline([]byte(strings.TrimSuffix(line, "\r")))
		if err != nil { // the server would close
			if got := ask(t, node.Addr(), line+"\n"); got != "-ERR "+err.Error()+"\r\n" {
				t.Fatalf("%q: Redis answers %q", line, got)
			}
			continue
		}
		accepted++
		if _, err := fmt.Fprintf(conn, "%s\n", line); err != nil {
			t.Fatal(err)
		}
		want := resp.AppendCommand(nil, args[3:]...) // an array of strings looks like a command
		got := make([]byte, len(want))
		if n, err := io.ReadFull(conn, got); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%q: Redis splits %q (%v), we %q", line, got[:n], err, want)
		}
	}
	if accepted < 500 {
		t.Fatalf("only %d lines were accepted", accepted)
	}
}
