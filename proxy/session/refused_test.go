package session

import (
	"testing"

	"sentinelproxy/internal/servers"
	"sentinelproxy/proxy/internal/scripted"
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

// TestRefusedInTheHandshake: a command that is answered while its link is set up can leave its session without need of the
// link. That link is closed once: it does not count as one that is still being set up, nor as one less than none.
func TestRefusedInTheHandshake(t *testing.T) {
	s := scripted.Listen(t)
	l := newLane(t, nil)
	l.serve(s.Addr().String())
	c := l.client()
	c.do("MULTI")
	p := s.Accept()
	const refusal = "-NOAUTH Authentication required.\r\n"
	for command := ""; command != "PING"; {
		command = p.Next()[0]
		p.Send(refusal)
	}
	c.expect(refusal)
	l.in(func() {
		if n := l.links.Usage().Setting; n != 0 {
			t.Errorf("%d handshakes are under way", n)
		}
	})
	p.ExpectClosed()
	c.close()
}
