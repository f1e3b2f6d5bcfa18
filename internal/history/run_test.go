package history

import (
	"bufio"
	"context"
	"io"
	"net"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"sentinelproxy/internal/servers"
)

// TestRun: a server that does everything right is found right, whatever the mix, and all verbs are used.
func TestRun(t *testing.T) {
	node := servers.NewT(t).Redis(servers.RedisOptions{})
	for name, o := range map[string]Options{
		"mixed": {}, "read-heavy": {Mix: ReadHeavy}, "write-heavy": {Mix: WriteHeavy, Clients: 12}, "pipelines": {Pipeline: 3, Clients: 4},
	} {
		t.Run(name, func(t *testing.T) {
			o.Addrs, o.Fresh = []string{node.Addr()}, 200*time.Millisecond
			h := observe(t, o, 300)
			for _, v := range h.Check() {
				t.Error(v)
			}
			s := h.Summary()
			if s.Closed != 0 || len(s.Errors) != 0 || s.Unknown != 0 || s.Lost != 0 || s.Twice != 0 || s.LongestWait == 0 {
				t.Errorf("%+v", s)
			}
			used := map[Verb]int{}
			for _, o := range h.Operations {
				used[o.Verb]++
			}
			t.Logf("%+v %v", s, used)
			if len(used) != len(verbs) {
				t.Errorf("only %d verbs of %d were used: %v", len(used), len(verbs), used)
			}
		})
	}
}

// observe has every client do n calls.
func observe(t *testing.T, o Options, n int) *History {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	run, err := Start(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Works(ctx, n); err != nil {
		t.Error(err)
	}
	return run.Stop()
}

// TestRunFindsWrong: through somebody who does to some commands what he must not.
func TestRunFindsWrong(t *testing.T) {
	node := servers.NewT(t).Redis(servers.RedisOptions{})
	for name, c := range map[string]struct {
		meddle func(server net.Conn, in *bufio.Reader, command string) (reply string)
		kinds  []Kind
		found  func(h *History) bool
	}{
		"a lost write": {
			func(net.Conn, *bufio.Reader, string) string { return ":1\r\n" },
			[]Kind{Set},
			func(h *History) bool { return h.Summary().Lost > 0 },
		},
		"a write that is applied twice": {
			func(server net.Conn, in *bufio.Reader, command string) string {
				ask(server, in, command)
				return ask(server, in, command)
			},
			[]Kind{Counter},
			func(h *History) bool { return h.Summary().Twice > 0 && broken(h.CheckLossy(), Doubled) },
		},
		"another key's reply": {
			func(net.Conn, *bufio.Reader, string) string { return "$3\r\n9.9\r\n" },
			[]Kind{Register},
			func(h *History) bool { return broken(h.CheckLossy(), Foreign) },
		},
		"a reply that comes too late": {
			func(server net.Conn, in *bufio.Reader, command string) string {
				time.Sleep(time.Second)
				return ask(server, in, command)
			},
			nil, func(h *History) bool { return h.Summary().Closed > 0 && len(h.Check()) == 0 },
		},
		"an unknown outcome": {
			func(server net.Conn, in *bufio.Reader, command string) string {
				ask(server, in, command)
				return "-UNKNOWNOUTCOME it may have been applied\r\n"
			},
			[]Kind{Counter},
			func(h *History) bool { return h.Summary().Unknown > 0 && len(h.Check()) == 0 },
		},
	} {
		t.Run(name, func(t *testing.T) {
			addr := meddler(t, node.Addr(), c.meddle)
			h := observe(t, Options{Addrs: []string{addr}, Kinds: c.kinds, Fresh: time.Hour, Timeout: 500 * time.Millisecond, Mix: WriteHeavy}, 200)
			if !c.found(h) {
				t.Errorf("not found: %+v", h.Summary())
			}
		})
	}
}

func broken(list []*Violation, rule Rule) bool {
	for _, v := range list {
		if v.Rule == rule {
			return true
		}
	}
	return false
}

// meddled is to how many commands, one per connection: as many as are on their way when a master is lost.
const meddled = 8

// meddler passes commands to a server one by one, but some to meddle.
func meddler(t *testing.T, addr string, meddle func(net.Conn, *bufio.Reader, string) string) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for n := 0; ; n++ {
			client, err := l.Accept()
			if err != nil {
				return
			}
			do := ask
			if n < meddled {
				do = meddle
			}
			go relay(client, addr, do)
		}
	}()
	return l.Addr().String()
}

// writes are commands whose being left out, or done twice, shows.
var writes = regexp.MustCompile("INCR|SADD|SET|RPUSH")

func relay(client net.Conn, addr string, meddle func(net.Conn, *bufio.Reader, string) string) {
	defer client.Close()
	server, err := net.Dial("tcp", addr)
	if err != nil {
		return
	}
	defer server.Close()
	from, in := bufio.NewReader(client), bufio.NewReader(server)
	done, transaction := false, false
	for n := 0; ; n++ {
		command, err := frame(from)
		if err != nil {
			return
		}
		do := ask
		transaction = !strings.Contains(command, "EXEC") && (transaction || strings.Contains(command, "MULTI"))
		if n >= 50 && !done && !transaction && writes.MatchString(command) {
			do, done = meddle, true
		}
		if _, err := client.Write([]byte(do(server, in, command))); err != nil {
			return
		}
	}
}

func ask(server net.Conn, in *bufio.Reader, command string) string {
	_, _ = server.Write([]byte(command)) // else there is no reply either
	reply, _ := frame(in)
	return reply
}

// frame reads one command or reply, as it is.
func frame(in *bufio.Reader) (string, error) {
	text, err := in.ReadString('\n')
	if err != nil {
		return text, err
	}
	n, _ := strconv.Atoi(strings.TrimSpace(text[1:])) // else neither of these
	switch {
	case text[0] == '$' && n >= 0:
		b := make([]byte, n+2)
		_, err = io.ReadFull(in, b)
		return text + string(b), err
	case text[0] == '*':
		for range n {
			part, err := frame(in)
			if err != nil {
				return text, err
			}
			text += part
		}
	}
	return text, nil
}
