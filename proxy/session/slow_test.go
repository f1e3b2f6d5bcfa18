package session

import (
	"io"
	"strings"
	"testing"
	"time"

	"sentinelproxy/internal/servers"
	"sentinelproxy/proxy/upstream"
)

// TestWritesAllFirst: a client that writes all its commands before it reads the first reply gets all replies, as it does
// from a server, which goes on reading. Neither the commands nor the replies fit into anybody's buffers.
func TestWritesAllFirst(t *testing.T) {
	node := servers.NewT(t).Redis(servers.RedisOptions{})
	l := newLane(t, func(l *lane, _ *upstream.Options) { l.g.Limits.Output = 64 << 20 })
	l.serve(node.Addr())
	c := l.client()
	value := strings.Repeat("v", 100)
	c.do("SET a " + value)
	c.expect("+OK\r\n")
	const n = 150_000
	_ = c.conn.SetWriteDeadline(time.Now().Add(30 * time.Second))
	if _, err := io.WriteString(c.conn, strings.Repeat(wire("GETRANGE a 0 -1"), n)); err != nil {
		t.Fatal(err)
	}
	c.expect(strings.Repeat("$100\r\n"+value+"\r\n", n))
	l.until("the end of the exception", func() bool { return l.one().slow == slowness{} })
	c.close()
}
