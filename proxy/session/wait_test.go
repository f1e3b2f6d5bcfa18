package session

import (
	"testing"

	"sentinelproxy/internal/servers"
)

// TestWait: WAIT vouches for what the session has written over the shared link, also on a link that has been
// idle since before. The replica is frozen, so the only right answer is 0.
func TestWait(t *testing.T) {
	pool := servers.NewT(t)
	master := pool.Redis(servers.RedisOptions{})
	replica := pool.Redis(servers.RedisOptions{ReplicaOf: master.Addr()})
	l := newLane(t, nil)
	l.serve(master.Addr())
	c := l.client()
	for {
		c.do("SET a 1", "WAIT 1 1000")
		c.expect("+OK\r\n")
		if c.reply() == ":1\r\n" { // in sync; and a link has been put into the pool
			break
		}
	}
	if err := replica.Pause(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = replica.Resume() }()
	c.do("SET a 2", "WAIT 1 50")
	c.expect("+OK\r\n:0\r\n")
	c.close()
}
