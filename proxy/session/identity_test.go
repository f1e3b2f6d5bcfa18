package session

import (
	"testing"

	"sentinelproxy/internal/servers"
)

// TestSelectBeforeAuth: Redis stays in the database that was selected when another user logs in, even one who may not
// SELECT, over a link of the session's own, too, and on the next master. Of what sets up the links nothing is told by ACL
// LOG when the user may do as little as this one.
func TestSelectBeforeAuth(t *testing.T) {
	pool := servers.NewT(t)
	o := servers.RedisOptions{Config: []string{"user admin on >pw ~* &* +@all", "user little on >pw ~* +get +set +multi +exec"}}
	a, b := pool.Redis(o), pool.Redis(o)
	for _, first := range []string{"PING", "AUTH admin pw", "HELLO 3"} {
		l := newLane(t, nil)
		l.serve(a.Addr())
		c, admin := l.client(), l.client()
		c.do(first)
		c.upTo("\r\n")
		if first == "HELLO 3" {
			c.upTo("modules\r\n*0\r\n")
		}
		c.do("SELECT 3", "AUTH little pw", "SET k v")
		c.expect("+OK\r\n+OK\r\n+OK\r\n")
		for _, node := range []*servers.Node{a, b} {
			l.serve(node.Addr())
			admin.do("ACL LOG RESET", "SELECT 3", "SET k v")
			admin.expect("+OK\r\n+OK\r\n+OK\r\n")
			c.do("GET k", "MULTI", "GET k", "EXEC")
			c.expect("$1\r\nv\r\n+OK\r\n+QUEUED\r\n*1\r\n$1\r\nv\r\n")
		}
		c.do("SELECT 3")
		c.expect("-NOPERM this user has no permissions to run the 'select' command\r\n")
		c.close()
		admin.close()
	}
}

// TestLittleUser: the proxy sends nothing of its own as a user who has logged in but what every user may.
func TestLittleUser(t *testing.T) {
	pool := servers.NewT(t)
	node := pool.Redis(servers.RedisOptions{Config: []string{"user little on >pw ~* +set +multi +exec"}})
	l := newLane(t, nil)
	l.serve(node.Addr())
	c, admin := l.client(), l.client()
	c.do("AUTH little pw", "SET k v", "MULTI", "SET k v", "EXEC")
	c.expect("+OK\r\n+OK\r\n+OK\r\n+QUEUED\r\n*1\r\n+OK\r\n")
	admin.do("ACL LOG")
	admin.expect("*0\r\n")
	c.close()
	admin.close()
}

// TestSubscriberLosesRight: Redis closes the connection of a subscriber who may not be one any more. That is a link of the
// session's own, whose subscriptions can't be made again.
func TestSubscriberLosesRight(t *testing.T) {
	pool := servers.NewT(t)
	node := pool.Redis(servers.RedisOptions{Config: []string{"user listener on >pw ~* &news +@all"}})
	l := newLane(t, nil)
	l.serve(node.Addr())
	c, admin := l.client(), l.client()
	c.do("AUTH listener pw", "SUBSCRIBE news")
	c.expect("+OK\r\n*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n")
	admin.do("ACL SETUSER listener resetchannels", "PING")
	admin.expect("+OK\r\n+PONG\r\n")
	if rest := c.all(); rest != "" {
		t.Errorf("before the close: %q", rest)
	}
	admin.close()
}
