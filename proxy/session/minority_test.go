package session

import (
	"io"
	"testing"

	"sentinelproxy/internal/servers"
	"sentinelproxy/proxy/gate"
)

// TestRefuseWritesBulky: reads go on behind a large reply, too.
func TestRefuseWritesBulky(t *testing.T) {
	node := servers.NewT(t).Redis(servers.RedisOptions{})
	l := newLane(t, nil)
	l.serve(node.Addr())
	c := l.client()
	c.do("SETRANGE big 3000000 x", "GET k")
	c.expect(":3000001\r\n$-1\r\n")
	c.do("GET big")
	c.expect("$3000001\r\n")
	buf := make([]byte, 3000003)
	if _, err := io.ReadFull(c.conn, buf); err != nil {
		t.Fatal(err)
	}
	l.in(func() { l.gate.Hold(gate.HoldWrites); l.gate.RefuseWrites() })
	c.do("GET k")
	c.expect("$-1\r\n")
	l.in(l.release)
	c.close()
}

// TestRefuseWritesHello: and new clients can say HELLO first.
func TestRefuseWritesHello(t *testing.T) {
	node := servers.NewT(t).Redis(servers.RedisOptions{})
	l := newLane(t, nil)
	l.serve(node.Addr())
	l.in(func() { l.gate.Hold(gate.HoldWrites); l.gate.RefuseWrites() })
	c := l.client()
	c.do("GET k")
	c.expect("$-1\r\n")
	c.do("HELLO 3")
	c.expect("%")
	c.close()
	l.in(l.release)
}
