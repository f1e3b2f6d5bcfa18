package session

import (
	"strings"
	"testing"
	"time"

	"sentinelproxy/internal/servers"
)

// TestPauseWrite: during CLIENT PAUSE WRITE those wait who write, and nobody else: neither reads, nor the command that
// ends the pause, nor clients that pause again. What is refused pauses nobody.
func TestPauseWrite(t *testing.T) {
	node := servers.NewT(t).Redis(servers.RedisOptions{})
	l := newLane(t, nil)
	l.serve(node.Addr())
	a, b, c := l.client(), l.client(), l.client()
	a.do("CLIENT PAUSE 60000 WRITE")
	a.expect("+OK\r\n")
	b.do("SET k v")
	c.do("EVAL return(1) 0", "GET none")
	a.do("GET k", "CLIENT PAUSE 50000 WRITE", "DBSIZE")
	a.expect("$-1\r\n+OK\r\n:0\r\n")
	d := direct(t, node.Addr())
	var blocked string
	for blocked != "2" {
		d.do("INFO clients")
		_, rest, _ := strings.Cut(d.upTo("\r\n\r\n"), "blocked_clients:")
		blocked, _, _ = strings.Cut(rest, "\r\n")
	}
	a.do("CLIENT UNPAUSE", "SET a b")
	a.expect("+OK\r\n+OK\r\n")
	b.expect("+OK\r\n")
	c.expect(":1\r\n$-1\r\n")
	a.do("CLIENT PAUSE x WRITE", "CLIENT PAUSE 60000 READ", "CLIENT PAUSE", "CLIENT UNPAUSE x", "SET a b")
	a.expect("-ERR timeout is not an integer or out of range\r\n-ERR CLIENT PAUSE mode must be WRITE or ALL\r\n" +
		"-ERR wrong number of arguments for 'client|pause' command\r\n-ERR wrong number of arguments for 'client|unpause' command\r\n+OK\r\n")
	l.in(func() {
		if !l.g.paused.IsZero() {
			t.Error("still paused")
		}
	})
	a.do("CLIENT PAUSE 100 WRITE", "SET a b", "GET a", "SET a c")
	a.expect("+OK\r\n+OK\r\n$1\r\nb\r\n+OK\r\n")
	a.close()
	b.close()
	c.close()
}

// TestShorterPause: the longer of two counts.
func TestShorterPause(t *testing.T) {
	node := servers.NewT(t).Redis(servers.RedisOptions{})
	l := newLane(t, nil)
	l.serve(node.Addr())
	c := l.client()
	c.do("CLIENT PAUSE 900 WRITE", "CLIENT PAUSE 10 WRITE")
	c.expect("+OK\r\n+OK\r\n")
	time.Sleep(50 * time.Millisecond)
	w, r := l.client(), l.client()
	w.do("SET k 1")
	time.Sleep(20 * time.Millisecond)
	began := time.Now()
	r.do("GET x")
	r.expect("$-1\r\n")
	if d := time.Since(began); d > 400*time.Millisecond {
		t.Errorf("a read waited %v", d)
	}
	w.expect("+OK\r\n")
	for _, c := range []*client{c, w, r} {
		c.close()
	}
}
