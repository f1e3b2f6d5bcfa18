package session

import (
	"strings"
	"testing"
	"time"

	"sentinelproxy/internal/servers"
	"sentinelproxy/proxy/gate"
)

// refusedInside is a session with a transaction in which the master, which has no memory, has refused a command. b has.
func refusedInside(t *testing.T) (l *lane, c *client, b *servers.Node) {
	t.Helper()
	pool := servers.NewT(t)
	a := pool.Redis(servers.RedisOptions{Config: []string{"maxmemory 1"}})
	l = newLane(t, nil)
	l.serve(a.Addr())
	c = l.client()
	c.do("MULTI", "SET k v")
	c.expect("+OK\r\n-OOM command not allowed when used memory > 'maxmemory'.\r\n")
	return l, c, pool.Redis(servers.RedisOptions{})
}

// TestSpoiled: what the former master has refused inside MULTI is not done by the next.
func TestSpoiled(t *testing.T) {
	l, c, b := refusedInside(t)
	l.serve(b.Addr())
	c.do("EXEC")
	c.expect("-EXECABORT")
	c.upTo("\r\n")
	c.close()
}

// TestSpoiledAndLost: nor with EXEC held.
func TestSpoiledAndLost(t *testing.T) {
	l, c, b := refusedInside(t)
	l.in(func() { l.gate.Hold(gate.HoldAll) })
	c.do("EXEC", "GET k")
	l.held(1)
	l.serve(b.Addr())
	c.expect("-EXECABORT Transaction discarded because of previous errors.\r\n$-1\r\n")
	c.close()
}

// TestSpoiledAndUnwritten: nor with EXEC waiting to be written.
func TestSpoiledAndUnwritten(t *testing.T) {
	l, c, b := refusedInside(t)
	l.in(func() { l.links.Seal() })
	c.do("EXEC", "GET k")
	l.until("EXEC is there", func() bool { return l.links.Usage().InFlight > 0 })
	l.serve(b.Addr())
	c.expect("-EXECABORT Transaction discarded because of previous errors.\r\n$-1\r\n")
	c.close()
}

// TestNilLost: the DISCARD that stands for an EXEC of watched keys is sent again: else the transaction would stay open.
func TestNilLost(t *testing.T) {
	pool := servers.NewT(t)
	a, b := pool.Redis(servers.RedisOptions{}), pool.Redis(servers.RedisOptions{})
	l := newLane(t, nil)
	l.serve(a.Addr())
	c := l.client()
	c.do("CLIENT NO-EVICT ON", "WATCH k")
	c.expect("+OK\r\n+OK\r\n")
	l.serve(b.Addr())
	c.do("PING")
	c.expect("+PONG\r\n")
	d := direct(t, b.Addr())
	d.do("CLIENT PAUSE 5000 ALL")
	d.expect("+OK\r\n")
	c.do("MULTI", "SET k 1", "EXEC")
	l.until("in flight", func() bool { return l.links.Usage().InFlight == 3 })
	time.Sleep(20 * time.Millisecond)
	l.serve(a.Addr())
	c.do("PING")
	c.expect("+OK\r\n+QUEUED\r\n*-1\r\n+PONG\r\n")
	c.close()
}

// TestRefusedInMulti: what can not be queued is not kept.
func TestRefusedInMulti(t *testing.T) {
	node := servers.NewT(t).Redis(servers.RedisOptions{})
	l := newLane(t, nil)
	l.serve(node.Addr())
	c := l.client()
	c.do("MULTI")
	c.expect("+OK\r\n")
	big := strings.Repeat("x", 100_000)
	for range 1000 {
		c.do("GET a " + big)
		c.expect("-ERR wrong number of arguments for 'get' command\r\n")
	}
	l.in(func() {
		for s := range l.g.sessions {
			if n := len(s.pin.tx.log); n > 10<<20 {
				t.Errorf("%d MB are kept", n>>20)
			}
		}
	})
	c.close()
}

// TestDiscardRefused: one without MULTI that is refused ends no WATCH.
func TestDiscardRefused(t *testing.T) {
	node := servers.NewT(t).Redis(servers.RedisOptions{})
	l := newLane(t, nil)
	l.serve(node.Addr())
	for _, c := range []*client{direct(t, node.Addr()), l.client()} {
		c.do("WATCH k")
		c.expect("+OK\r\n")
		c.do("SUBSCRIBE ch")
		c.expect("*3\r\n$9\r\nsubscribe\r\n$2\r\nch\r\n:1\r\n")
		c.do("DISCARD")
		c.expect("-ERR Can't execute 'discard'")
		c.upTo("\r\n")
		c.do("UNSUBSCRIBE ch")
		c.expect("*3\r\n$11\r\nunsubscribe\r\n$2\r\nch\r\n:0\r\n")
		d := direct(t, node.Addr())
		d.do("SET k 1")
		d.expect("+OK\r\n")
		c.do("MULTI", "SET k 2", "EXEC")
		c.expect("+OK\r\n+QUEUED\r\n*-1\r\n")
		c.close()
	}
}

// TestNameInMulti: the name that the session has given itself.
func TestNameInMulti(t *testing.T) {
	node := servers.NewT(t).Redis(servers.RedisOptions{})
	l := newLane(t, nil)
	l.serve(node.Addr())
	for _, c := range []*client{direct(t, node.Addr()), l.client()} {
		c.do("CLIENT SETNAME me", "MULTI", "CLIENT GETNAME", "EXEC")
		c.expect("+OK\r\n+OK\r\n+QUEUED\r\n*1\r\n$2\r\nme\r\n")
		c.close()
	}
}

// TestIDInMulti: the id that the session has outside.
func TestIDInMulti(t *testing.T) {
	node := servers.NewT(t).Redis(servers.RedisOptions{})
	l := newLane(t, nil)
	l.serve(node.Addr())
	c := l.client()
	c.do("CLIENT ID", "MULTI", "CLIENT ID", "EXEC")
	id := c.upTo("\r\n")
	c.expect("+OK\r\n+QUEUED\r\n*1\r\n" + id)
	c.close()
}
