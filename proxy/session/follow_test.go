package session

import (
	"crypto/sha1"
	"fmt"
	"testing"

	"sentinelproxy/internal/servers"
	"sentinelproxy/proxy/upstream"
)

// executed are scenes whose session has been set up by a transaction.
func executed() []scene {
	none := func(*client) {}
	return []scene{
		{
			name: "auth in multi", during: none,
			setup: func(c *client) {
				c.do("MULTI", "AUTH nobody x", "AUTH user pw", "SELECT 3", "SELECT 99", "EXEC")
				c.until("*4\r\n-WRONGPASS invalid username-password pair or user is disabled.\r\n+OK\r\n+OK\r\n-ERR DB index is out of range\r\n")
			},
			after: func(c, other *client) {
				c.do("ACL WHOAMI", "SET n 1")
				c.expect("$4\r\nuser\r\n+OK\r\n")
				other.do("SELECT 3", "GET n")
				other.expect("+OK\r\n$1\r\n1\r\n")
			},
		},
		{
			name: "hello in multi", during: func(c *client) { c.do("HGETALL h") },
			setup: func(c *client) {
				c.do("CLIENT ID", "MULTI", "HELLO 3 SETNAME me", "CLIENT SETINFO lib-name x", "PING", "EXEC")
				id := c.reply()
				c.expect("+OK\r\n+QUEUED\r\n")
				c.reply() // Redis 7.0 does not know SETINFO
				c.expect("+QUEUED\r\n")
				c.until("\r\n")
				c.do("MULTI", "HELLO 3 SETNAME me", "PING", "EXEC")
				c.expect("+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n")
				c.until("$2\r\nid\r\n")
				c.expect(id)
				c.hello()
				c.expect("+PONG\r\n")
			},
			after: func(c, _ *client) {
				c.expect("%0\r\n")
				c.do("CLIENT GETNAME")
				c.expect("$2\r\nme\r\n")
			},
		},
		{
			name: "subscribe in multi", during: func(c *client) { c.do("SUBSCRIBE later", "UNSUBSCRIBE later") },
			setup: func(c *client) {
				c.do("MULTI", "SUBSCRIBE a", "PING", "SUBSCRIBE b", "UNSUBSCRIBE b", "PSUBSCRIBE p*", "EXEC")
				c.until("*5\r\n*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n")
				c.until("*3\r\n$10\r\npsubscribe\r\n$2\r\np*\r\n:2\r\n")
			},
			after: func(c, other *client) {
				c.expect("*3\r\n$9\r\nsubscribe\r\n$5\r\nlater\r\n:3\r\n*3\r\n$11\r\nunsubscribe\r\n$5\r\nlater\r\n:2\r\n")
				other.do("PUBLISH a 1", "PUBLISH b 2", "PUBLISH pq 3")
				other.expect(":1\r\n:0\r\n:1\r\n")
				c.expect("*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\n1\r\n*4\r\n$8\r\npmessage\r\n$2\r\np*\r\n$2\r\npq\r\n$1\r\n3\r\n")
				c.do("UNSUBSCRIBE", "PUNSUBSCRIBE", "GET n")
				c.expect("*3\r\n$11\r\nunsubscribe\r\n$1\r\na\r\n:1\r\n*3\r\n$12\r\npunsubscribe\r\n$2\r\np*\r\n:0\r\n$-1\r\n")
			},
		},
		{
			name: "tracking in multi", during: none,
			setup: func(c *client) {
				c.do("HELLO 3")
				c.hello()
				c.do("MULTI", "CLIENT TRACKING ON", "GET n", "EXEC")
				c.expect("+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n_\r\n")
			},
			after: func(c, other *client) {
				c.expect(">2\r\n$10\r\ninvalidate\r\n_\r\n")
				c.do("GET n")
				c.expect("_\r\n")
				other.do("SET n 1")
				other.expect("+OK\r\n")
				c.expect(">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nn\r\n")
			},
		},
	}
}

// TestScriptInTransaction: the body of an EVAL inside MULTI is remembered, too.
func TestScriptInTransaction(t *testing.T) {
	pool := servers.NewT(t)
	a, b := pool.Redis(servers.RedisOptions{}), pool.Redis(servers.RedisOptions{})
	l := newLane(t, func(l *lane, o *upstream.Options) {
		l.g.Scripts = NewScripts(1 << 20)
		o.Scripts = l.g.Scripts.Load
	})
	l.serve(a.Addr())
	c := l.client()
	c.do("MULTI", "EVAL return{1} 0", "EXEC")
	c.expect("+OK\r\n+QUEUED\r\n*1\r\n*1\r\n:1\r\n")
	l.serve(b.Addr())
	c.do(fmt.Sprintf("EVALSHA %x 0", sha1.Sum([]byte("return{1}"))))
	c.expect("*1\r\n:1\r\n")
	c.close()
}

// TestFollowUnsubscribed: a transaction that ends the subscription that it has begun leaves no link of the session's own.
func TestFollowUnsubscribed(t *testing.T) {
	node := servers.NewT(t).Redis(servers.RedisOptions{})
	l := newLane(t, nil)
	l.serve(node.Addr())
	c := l.client()
	c.do("MULTI", "SUBSCRIBE a", "UNSUBSCRIBE a", "EXEC")
	c.upTo(":0\r\n")
	l.until("no link of its own", func() bool { return l.one().pin == nil })
	c.close()
}
