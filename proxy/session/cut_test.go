package session

import (
	"fmt"
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"

	"sentinelproxy/internal/servers"
	"sentinelproxy/proxy/internal/scripted"
	"sentinelproxy/proxy/upstream"
)

// cut runs input through a lane whose first link is cut at every byte of what the server gets, and of what
// it says. check is given what the client got, and what a read on the server says then.
func cut(t *testing.T, input []string, read string, check func(got []string, value string) string) {
	pool := servers.NewT(t)
	node := pool.Redis(servers.RedisOptions{})
	for _, pipelined := range []bool{true, false} {
		for _, out := range []bool{false, true} {
			for at := 0; at < 400; at += 4 {
				if at > len(wire(input...))+len(wire("PING")) || out && at > 120 {
					break
				}
				key := fmt.Sprintf("k%v%v%d", pipelined, out, at)
				t.Run(fmt.Sprintf("pipelined=%v,out=%v/%d", pipelined, out, at), func(t *testing.T) {
					t.Parallel()
					f := scripted.NoFaults
					if out {
						f.CutOut = at
					} else {
						f.CutIn = at
					}
					relay := scripted.StartRelay(t, node.Addr(), f)
					l := newLane(t, nil)
					l.serve(relay.Addr().String())
					stop := make(chan struct{})
					defer close(stop)
					go l.keepServing(relay.Addr().String(), stop)
					c := l.client()
					var got []string
					commands := make([]string, len(input))
					for i := range input {
						commands[i] = strings.ReplaceAll(input[i], "KEY", key)
					}
					if pipelined {
						c.do(commands...)
					}
					for _, command := range commands {
						if !pipelined {
							c.do(command)
						}
						got = append(got, c.reply())
					}
					d := direct(t, node.Addr())
					d.do(strings.ReplaceAll(read, "KEY", key))
					value := d.reply()
					if wrong := check(got, value); wrong != "" {
						t.Errorf("%s: got %q, and then there is %q", wrong, got, value)
					}
					c.close()
				})
			}
		}
	}
}

// keepServing adopts the address again whenever a loss has begun a hold.
func (l *lane) keepServing(addr string, stop chan struct{}) {
	seen, a := 0, netip.MustParseAddrPort(addr)
	for {
		select {
		case <-stop:
			return
		case <-time.After(time.Millisecond):
		}
		// In one step: what is lost in between would have the master adopted once more, which is a crash of its own.
		done := make(chan struct{})
		again := func() {
			if l.lost > seen {
				seen = l.lost
				l.take(addr, a)
			}
			close(done)
		}
		if !l.loop.Post(again) {
			return
		}
		<-done
	}
}

// reply reads one reply of those that these tests get.
func (c *client) reply() string {
	c.t.Helper()
	_ = c.conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	line := ""
	b := make([]byte, 1)
	for !strings.HasSuffix(line, "\r\n") {
		if _, err := c.conn.Read(b); err != nil {
			c.t.Fatalf("got %q, %v", line, err)
		}
		line += string(b)
	}
	var n int
	_, _ = fmt.Sscan(line[1:], &n)
	switch {
	case line[0] == '$' && n >= 0:
		rest := make([]byte, n+2)
		if _, err := io.ReadFull(c.conn, rest); err != nil {
			c.t.Fatal(err)
		}
		return line + string(rest)
	case line[0] == '*':
		for range n {
			line += c.reply()
		}
	}
	return line
}

// TestCutTransaction: a transaction is applied once or not at all, and the client is told which, or that it is
// unknown; with WATCH it is not applied on a link that has not seen the WATCH.
func TestCutTransaction(t *testing.T) {
	const done, null = "*2\r\n:1\r\n:2\r\n", "*-1\r\n"
	for _, before := range [][]string{nil, {"WATCH KEY"}} {
		t.Run(fmt.Sprint(len(before)), func(t *testing.T) {
			input := append(before, "MULTI", "INCR KEY", "INCR KEY", "EXEC", "PING")
			cut(t, input, "GET KEY", func(got []string, value string) string {
				got = got[len(before):]
				exec := got[3]
				switch {
				case got[0] != "+OK\r\n" || got[1] != "+QUEUED\r\n" || got[2] != "+QUEUED\r\n" || got[4] != "+PONG\r\n":
					return "answers"
				case exec == done && value == "$1\r\n2\r\n":
				case exec == null && value == "$-1\r\n" && before != nil:
				case exec == upstream.UnknownOutcome && (value == "$-1\r\n" || value == "$1\r\n2\r\n"):
				default:
					return "outcome"
				}
				return ""
			})
		})
	}
}

// TestCutPlain: the same for what goes over the shared link.
func TestCutPlain(t *testing.T) {
	cut(t, []string{"INCR KEY", "GET KEY", "INCR KEY", "PING"}, "GET KEY", func(got []string, value string) string {
		unknown, applied := 0, 0
		for _, i := range []int{0, 2} {
			switch {
			case got[i] == upstream.UnknownOutcome:
				unknown++
			case got[i][0] == ':':
				applied++
			default:
				return "answers"
			}
		}
		n := 0
		if value != "$-1\r\n" {
			_, _ = fmt.Sscanf(value, "$1\r\n%d", &n)
		}
		if n < applied || n > applied+unknown {
			return "outcome"
		}
		return ""
	})
}

// TestCutSubscribe: whatever is cut, every confirmation comes once, and what is published afterwards comes.
func TestCutSubscribe(t *testing.T) {
	input := []string{"SUBSCRIBE KEY", "PSUBSCRIBE KEY*x", "UNSUBSCRIBE KEY", "PING"}
	cut(t, input, "PUBLISH KEYx 1", func(got []string, _ string) string {
		if !strings.Contains(got[0], "subscribe") || !strings.HasSuffix(got[0], ":1\r\n") || !strings.HasSuffix(got[1], ":2\r\n") ||
			!strings.HasSuffix(got[2], ":1\r\n") || !strings.Contains(got[3], "pong") {
			return "confirmations"
		}
		return ""
	})
}
