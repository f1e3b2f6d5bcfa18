package session

import (
	"testing"

	"sentinelproxy/internal/servers"
)

// TestWatchRefused: a session that had watched keys, and is refused on its next link, must not forget that it had: its EXEC
// would be applied whatever has become of the keys.
func TestWatchRefused(t *testing.T) {
	node := servers.NewT(t).Redis(servers.RedisOptions{Config: []string{"user user on >pw ~* &* +@all"}})
	l := newLane(t, nil)
	l.serve(node.Addr())
	c := l.client()
	c.do("AUTH user pw", "WATCH a")
	c.expect("+OK\r\n+OK\r\n")
	d := direct(t, node.Addr())
	d.do("ACL SETUSER user resetpass >other", "CLIENT KILL USER user")
	d.expect("+OK\r\n:")
	if got := c.all(); got != "" {
		t.Errorf("got %q", got)
	}
}
