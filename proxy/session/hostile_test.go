package session

import (
	"strings"
	"testing"

	"sentinelproxy/internal/servers"
)

// TestUnauthenticatedLimits: a client that has not logged in may not send much to a server that wants a password, and what
// it sends costs the others nothing: Redis would close the connection, which here is a link that many share.
func TestUnauthenticatedLimits(t *testing.T) {
	node := servers.NewT(t).Redis(servers.RedisOptions{Password: "pw"})
	l := newLane(t, nil)
	l.serve(node.Addr())
	good := l.client()
	good.do("AUTH pw", "WATCH n", "MULTI", "INCR n")
	good.expect("+OK\r\n+OK\r\n+OK\r\n+QUEUED\r\n")
	large := strings.Repeat("x", 1<<20)
	many := strings.Repeat(" a", 20)
	for _, input := range []string{"SET a " + large, "AUTH " + large, "MGET" + many, "HELLO 2 AUTH default " + large} {
		for range 2 { // at first the proxy may not know that the server wants a password
			bad := l.client()
			go func() { _, _ = bad.conn.Write([]byte(wire(input))) }() // it may be closed before it has sent all
			if got := bad.upTo("\r\n"); !strings.HasPrefix(got, "-ERR Protocol error: unauthenticated") && !strings.HasPrefix(got, "-NOAUTH") {
				t.Errorf("%.20s...: %.80q", input, got)
			}
		}
	}
	small := l.client()
	small.do("GET a", "CLIENT GETNAME", "CLIENT ID", "AUTH pw", "GET a", "SET a "+large)
	small.expect(strings.Repeat("-NOAUTH Authentication required.\r\n", 3) + "+OK\r\n$-1\r\n+OK\r\n")
	good.do("EXEC")
	good.expect("*1\r\n:1\r\n")
	if l.lost > 0 {
		t.Errorf("%d holds", l.lost)
	}
}

// TestScriptedRejection: an error that a script makes is its reply, whatever its first word is; what it has written stays
// written once.
func TestScriptedRejection(t *testing.T) {
	node := servers.NewT(t).Redis(servers.RedisOptions{})
	l := newLane(t, nil)
	l.serve(node.Addr())
	c := l.client()
	script := "redis.call('INCR','audit') return redis.error_reply('READONLY account is frozen')"
	c.send("*3\r\n$4\r\nEVAL\r\n$81\r\n" + script + "\r\n$1\r\n0\r\n")
	if len(script) != 81 {
		t.Fatalf("%d bytes", len(script))
	}
	c.expect("-READONLY account is frozen\r\n")
	c.do("GET audit")
	c.expect("$1\r\n1\r\n")
	if l.lost > 0 {
		t.Errorf("%d holds", l.lost)
	}
}

// TestExecOnReplica: an EXEC that the server refuses because it is no master any more is done on the next.
func TestExecOnReplica(t *testing.T) {
	pool := servers.NewT(t)
	a, b := pool.Redis(servers.RedisOptions{}), pool.Redis(servers.RedisOptions{})
	l := newLane(t, nil)
	l.serve(a.Addr())
	c := l.client()
	c.do("MULTI", "INCR n")
	c.expect("+OK\r\n+QUEUED\r\n")
	d := direct(t, a.Addr())
	d.do("REPLICAOF 127.0.0.1 1")
	d.expect("+OK\r\n")
	c.do("EXEC")
	l.until("the rejection", func() bool { return l.lost > 0 })
	l.serve(b.Addr())
	c.expect("*1\r\n:1\r\n")
}
