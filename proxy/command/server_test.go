package command

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// server is a real redis-server of this test's own, reached over a Unix socket, so that no port can be
// taken. The test skips where redis-server is not installed.
type server struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

func startServer(t *testing.T) *server {
	t.Helper()
	binary, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("no redis-server on PATH")
	}
	dir := t.TempDir()
	socket := filepath.Join(dir, "s")
	cmd := exec.Command(binary, "--port", "0", "--unixsocket", socket, "--dir", dir, "--save", "",
		"--enable-debug-command", "yes")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // says that it was killed
	})
	for range 500 {
		if conn, err := net.Dial("unix", socket); err == nil {
			t.Cleanup(func() { conn.Close() })
			s := &server{t, conn, bufio.NewReader(conn)}
			if s.do("PING") == "+PONG\r\n" {
				return s
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("redis-server does not answer")
	return nil
}

// do sends a command written with single spaces and gives the reply's bytes.
func (s *server) do(line string) string { return s.args(split(line)...) }

func (s *server) args(args ...[]byte) string {
	s.t.Helper()
	var out bytes.Buffer
	fmt.Fprintf(&out, "*%d\r\n", len(args))
	for _, arg := range args {
		fmt.Fprintf(&out, "$%d\r\n%s\r\n", len(arg), arg)
	}
	if _, err := s.conn.Write(out.Bytes()); err != nil {
		s.t.Fatalf("%q: %v", args, err)
	}
	reply, err := s.reply()
	if err != nil {
		s.t.Fatalf("%q: %v", args, err)
	}
	return reply
}

// must is do for what has to succeed.
func (s *server) must(line string) string {
	s.t.Helper()
	reply := s.do(line)
	if strings.HasPrefix(reply, "-") {
		s.t.Fatalf("%s: %s", line, reply)
	}
	return reply
}

// reply reads one reply, nested ones included (RESP2).
func (s *server) reply() (string, error) {
	line, err := s.in.ReadString('\n')
	if err != nil {
		return "", err
	}
	n, err := strconv.Atoi(strings.TrimSuffix(line[1:], "\r\n"))
	switch {
	case line[0] == '$' && n >= 0:
		text := make([]byte, n+2)
		_, err = io.ReadFull(s.in, text)
		return line + string(text), err
	case line[0] == '*' && err == nil:
		var all strings.Builder
		all.WriteString(line)
		for range n {
			item, err := s.reply()
			if err != nil {
				return "", err
			}
			all.WriteString(item)
		}
		return all.String(), nil
	}
	return line, nil
}

// list gives the strings in a reply, nesting ignored, for replies that hold bulk strings only.
func list(reply string) []string {
	var words []string
	for rest := reply; rest != ""; {
		line, after, _ := strings.Cut(rest, "\r\n")
		rest = after
		if n, err := strconv.Atoi(line[1:]); line[0] == '$' && err == nil && n >= 0 {
			words = append(words, rest[:n])
			rest = rest[n+2:]
		}
	}
	return words
}
