package session

import (
	"strings"
	"testing"
	"time"

	"sentinelproxy/internal/allocs"
	"sentinelproxy/internal/servers"
)

// ways are what the steady state is made of beside GET and SET of one key on a shared link, which TestAllocations has.
var ways = []struct {
	name   string
	before func(*client) // what the client sets up
	input  string
	answer string
}{
	{"several keys", nil, wire("MSET key value other value", "MGET key other"), "+OK\r\n*2\r\n$5\r\nvalue\r\n$5\r\nvalue\r\n"},
	{"counter and list", nil, wire("LPUSH list value", "LPOP list", "DEL list"), ":1\r\n$5\r\nvalue\r\n:0\r\n"},
	{"ping", nil, wire("PING"), "+PONG\r\n"},
	{"inline", nil, "GET key\r\n", "$5\r\nvalue\r\n"},
	{"an error of the server's", nil, wire("LPUSH key value"), wrongType},
	{"pinned", func(c *client) { c.do("WATCH none"); c.expect("+OK\r\n") }, wire("GET key", "SET key value"), "$5\r\nvalue\r\n+OK\r\n"},
	{"transaction", nil, wire("MULTI", "SET key value", "GET key", "EXEC"), transacted},
	{
		"transaction of a watcher", nil, wire("WATCH key", "GET key", "MULTI", "SET key value", "GET key", "EXEC"),
		"+OK\r\n$5\r\nvalue\r\n" + transacted,
	},
	{"RESP3", func(c *client) { c.do("HELLO 3"); c.hello() }, wire("GET key", "GET none"), "$5\r\nvalue\r\n_\r\n"},
	{"replies that outgrow a buffer", func(c *client) { c.do("SET long " + long); c.expect("+OK\r\n") }, wire("GET long"), longReply},
	{
		"transaction that outgrows a buffer", nil, wire("WATCH key", "MULTI", "SET long "+strings.Repeat(long, 45), "SET long "+long, "GET long", "EXEC"),
		"+OK\r\n+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n+OK\r\n+OK\r\n" + longReply,
	},
	{"database", func(c *client) { c.do("SELECT 1"); c.expect("+OK\r\n") }, wire("GET none"), "$-1\r\n"},
}

var (
	long      = strings.Repeat("x", 400) // 50 of them: more than a buffer of 4 KiB, less than what is written without one
	longReply = "$400\r\n" + long + "\r\n"
)

const transacted = "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n$5\r\nvalue\r\n"

const wrongType = "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"

// way prepares a client that repeats one of the ways so many times in a row.
func (l *lane) way(i, times int) *load {
	w := ways[i]
	c := l.client()
	c.do("SET key value")
	c.expect("+OK\r\n")
	if w.before != nil {
		w.before(c)
	}
	c.send(w.input)
	c.expect(w.answer) // once with a look at the bytes; the rounds only count them
	if err := c.conn.SetReadDeadline(time.Time{}); err != nil {
		l.t.Fatal(err)
	}
	return &load{c: c, input: []byte(strings.Repeat(w.input, times)), answer: make([]byte, times*len(w.answer))}
}

// TestAllocationsOfEachWay is TestAllocations for the rest.
func TestAllocationsOfEachWay(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	pool := servers.NewT(t)
	node := pool.Redis(servers.RedisOptions{})
	for i, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			l := newLane(t, nil)
			l.serve(node.Addr())
			const times = 50
			ld := l.way(i, times)
			for range 50 { // buffers and rings reach their size
				if err := ld.round(); err != nil {
					t.Fatal(err)
				}
			}
			got := allocs.Least(3, 50, func() {
				if err := ld.round(); err != nil {
					t.Fatal(err)
				}
			})
			if got > 1 {
				t.Errorf("%.2f allocations for %d times %q", got, times, w.input)
			}
			ld.c.close()
		})
	}
}

// BenchmarkWay is each of them, 16 at a time, through the lane and a real server.
func BenchmarkWay(b *testing.B) {
	pool := servers.NewT(b)
	node := pool.Redis(servers.RedisOptions{})
	for i, w := range ways {
		b.Run(strings.ReplaceAll(w.name, " ", "-"), func(b *testing.B) {
			l := newLane(b, nil)
			l.serve(node.Addr())
			const times = 16
			ld := l.way(i, times)
			b.ReportAllocs()
			b.ResetTimer()
			for n := 0; n < b.N; n += times {
				if err := ld.round(); err != nil {
					b.Fatal(err)
				}
			}
			b.StopTimer()
			ld.c.close()
		})
	}
}
