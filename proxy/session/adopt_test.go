package session

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"sentinelproxy/internal/servers"
	"sentinelproxy/proxy/gate"
)

// two starts two servers that know nothing of each other.
func two(t *testing.T) (a, b *servers.Node) {
	t.Helper()
	pool := servers.NewT(t)
	o := servers.RedisOptions{Config: []string{"user user on >pw ~* &* +@all"}}
	return pool.Redis(o), pool.Redis(o)
}

// scene is a session's state: what sets it up, and how it shows on another server.
type scene struct {
	name  string
	setup func(c *client)
	// during is sent while the lane holds; its answer comes on the other server.
	during func(c *client)
	after  func(c *client, other *client)
}

func scenes() []scene {
	none := func(*client) {}
	return append(executed(), []scene{
		{
			name: "multi", during: func(c *client) { c.do("INCR n") },
			setup: func(c *client) { c.do("MULTI", "SET n 1"); c.expect("+OK\r\n+QUEUED\r\n") },
			after: func(c, other *client) {
				c.expect("+QUEUED\r\n")
				c.do("EXEC")
				c.expect("*2\r\n+OK\r\n:2\r\n")
				other.do("GET n")
				other.expect("$1\r\n2\r\n")
			},
		},
		{
			name: "multi discard", during: none,
			setup: func(c *client) { c.do("MULTI", "SET n 1"); c.expect("+OK\r\n+QUEUED\r\n") },
			after: func(c, _ *client) { c.do("DISCARD", "GET n"); c.expect("+OK\r\n$-1\r\n") },
		},
		{
			name: "multi with error", during: none,
			setup: func(c *client) {
				c.do("MULTI", "SET n")
				c.expect("+OK\r\n-ERR wrong number of arguments for 'set' command\r\n")
			},
			after: func(c, _ *client) {
				c.do("EXEC", "GET n")
				c.expect("-EXECABORT Transaction discarded because of previous errors.\r\n$-1\r\n")
			},
		},
		{
			name: "watch", during: none,
			setup: func(c *client) { c.do("WATCH n"); c.expect("+OK\r\n") },
			after: func(c, _ *client) {
				c.do("MULTI", "SET n 1", "EXEC", "GET n", "MULTI", "SET n 2", "EXEC")
				c.expect("+OK\r\n+QUEUED\r\n*-1\r\n$-1\r\n+OK\r\n+QUEUED\r\n*1\r\n+OK\r\n")
			},
		},
		{
			name: "watch resp3", during: none,
			setup: func(c *client) { c.do("HELLO 3"); c.hello(); c.do("WATCH n", "MULTI"); c.expect("+OK\r\n+OK\r\n") },
			after: func(c, _ *client) { c.do("EXEC", "GET n"); c.expect("_\r\n_\r\n") },
		},
		{
			name: "watch unwatch", during: none,
			setup: func(c *client) { c.do("WATCH n"); c.expect("+OK\r\n") },
			after: func(c, _ *client) {
				c.do("UNWATCH", "MULTI", "SET n 1", "EXEC")
				c.expect("+OK\r\n+OK\r\n+QUEUED\r\n*1\r\n+OK\r\n")
			},
		},
		{
			name: "subscribe", during: func(c *client) { c.do("SUBSCRIBE later") },
			setup: func(c *client) {
				c.do("SUBSCRIBE a", "PSUBSCRIBE p*", "SSUBSCRIBE s", "SUBSCRIBE b", "UNSUBSCRIBE b")
				c.expect("*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n*3\r\n$10\r\npsubscribe\r\n$2\r\np*\r\n:2\r\n" +
					"*3\r\n$10\r\nssubscribe\r\n$1\r\ns\r\n:1\r\n*3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:3\r\n*3\r\n$11\r\nunsubscribe\r\n$1\r\nb\r\n:2\r\n")
			},
			after: func(c, other *client) {
				c.expect("*3\r\n$9\r\nsubscribe\r\n$5\r\nlater\r\n:3\r\n")
				other.do("PUBLISH a 1", "PUBLISH b 2", "PUBLISH pq 3", "SPUBLISH s 4", "PUBLISH later 5")
				other.expect(":1\r\n:0\r\n:1\r\n:1\r\n:1\r\n")
				c.expect("*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\n1\r\n*4\r\n$8\r\npmessage\r\n$2\r\np*\r\n$2\r\npq\r\n$1\r\n3\r\n" +
					"*3\r\n$8\r\nsmessage\r\n$1\r\ns\r\n$1\r\n4\r\n*3\r\n$7\r\nmessage\r\n$5\r\nlater\r\n$1\r\n5\r\n")
				c.silence()
			},
		},
		{
			name: "blocking", during: none,
			setup: func(c *client) { c.do("BLPOP l 0") },
			after: func(c, other *client) {
				c.silence()
				other.do("LPUSH l x")
				other.expect(":1\r\n")
				c.expect("*2\r\n$1\r\nl\r\n$1\r\nx\r\n")
				c.do("GET n")
				c.expect("$-1\r\n")
			},
		},
		{
			name: "identity", during: func(c *client) { c.do("SET n 1") },
			setup: func(c *client) {
				c.do("AUTH user pw", "SELECT 3", "CLIENT SETNAME me")
				c.expect("+OK\r\n+OK\r\n+OK\r\n")
			},
			after: func(c, other *client) {
				c.expect("+OK\r\n")
				c.do("ACL WHOAMI", "CLIENT GETNAME")
				c.expect("$4\r\nuser\r\n$2\r\nme\r\n")
				other.do("SELECT 3", "GET n")
				other.expect("+OK\r\n$1\r\n1\r\n")
			},
		},
		{
			name: "identity of a pinned one", during: none,
			setup: func(c *client) {
				c.do("WATCH n", "AUTH user pw", "SELECT 3")
				c.expect("+OK\r\n+OK\r\n+OK\r\n")
			},
			after: func(c, other *client) {
				c.do("ACL WHOAMI", "SET n 1")
				c.expect("$4\r\nuser\r\n+OK\r\n")
				other.do("SELECT 3", "GET n")
				other.expect("+OK\r\n$1\r\n1\r\n")
			},
		},
		{
			name: "resp3", during: func(c *client) { c.do("HGETALL h") },
			setup: func(c *client) { c.do("HELLO 3"); c.hello() },
			after: func(c, _ *client) { c.expect("%0\r\n") },
		},
		{
			name: "reply off", during: func(c *client) { c.do("INCR n", "INCR n") },
			setup: func(c *client) { c.do("SELECT 0", "CLIENT REPLY OFF", "INCR n"); c.expect("+OK\r\n") },
			after: func(c, _ *client) { c.do("CLIENT REPLY ON", "INCR n"); c.expect("+OK\r\n:3\r\n") },
		},
		{
			name: "reply skip", during: func(c *client) { c.do("INCR n") },
			setup: func(c *client) { c.do("CLIENT REPLY SKIP") },
			after: func(c, _ *client) { c.do("INCR n"); c.expect(":2\r\n") },
		},
		{
			name: "monitor", during: none,
			setup: func(c *client) { c.do("MONITOR"); c.expect("+OK\r\n") },
			after: func(c, other *client) {
				go func() { // MONITOR and SET race on the server: one of many comes behind it
					for {
						if _, err := other.conn.Write([]byte(wire("SET seen 1"))); err != nil {
							return // the test has ended
						}
						time.Sleep(5 * time.Millisecond)
					}
				}()
				c.until(`"SET" "seen" "1"`)
			},
		},
		{
			name: "tracking", during: none,
			setup: func(c *client) {
				c.do("HELLO 3")
				c.hello()
				c.do("CLIENT TRACKING ON", "GET n")
				c.expect("+OK\r\n_\r\n")
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
	}...)
}

// hello reads the reply to HELLO 3.
func (c *client) hello() {
	c.t.Helper()
	c.until("$7\r\nmodules\r\n*0\r\n")
}

// until reads on until what it has read ends with, or contains a line with, want.
func (c *client) until(want string) {
	c.t.Helper()
	_ = c.conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	var got []byte
	b := make([]byte, 1)
	for !strings.HasSuffix(string(got), want) {
		if _, err := c.conn.Read(b); err != nil {
			c.t.Fatalf("got %q (%v), want %q", got, err, want)
		}
		got = append(got, b...)
	}
}

// taken waits until the lane has all that c, its only client, has sent: what is not parked is answered, or written where no answer is
// wanted, so that it is not sent to the next master instead; or it blocks.
func (l *lane) taken(c *client) {
	l.t.Helper()
	l.until("the client's commands taken", func() bool {
		s := l.one()
		waits := 0
		if s.blocked() {
			waits = 1
		}
		return s.ticket.Parked() || l.g.Counters.BytesIn == c.sent.Load() && l.links.Usage().InFlight == waits
	})
}

// settled waits until the session has nothing in flight but what blocks, so that what comes next is not about
// commands on the wire.
func (l *lane) settled() {
	l.t.Helper()
	time.Sleep(3 * time.Millisecond)
}

// TestAdoptPlanned: hold, another master, release.
func TestAdoptPlanned(t *testing.T) {
	a, b := two(t)
	for _, s := range scenes() {
		t.Run(s.name, func(t *testing.T) {
			l, c, other := begin(t, a, b)
			s.setup(c)
			l.taken(c)
			l.in(func() { l.gate.Hold(gate.HoldAll) })
			s.during(c)
			l.taken(c)
			l.adopt(b.Addr())
			s.after(c, other)
			c.close()
		})
	}
}

// TestAdoptTwice: the second adoption comes while the first is being restored.
func TestAdoptTwice(t *testing.T) {
	a, b := two(t)
	for _, s := range scenes() {
		t.Run(s.name, func(t *testing.T) {
			l, c, other := begin(t, a, b)
			s.setup(c)
			l.taken(c)
			l.in(func() { l.gate.Hold(gate.HoldAll) })
			s.during(c)
			l.taken(c)
			l.in(func() { l.hold = true })
			l.adopt(a.Addr())
			l.in(func() {
				l.hold = false
				l.links.Adopt(b.Addr(), netip.MustParseAddrPort(b.Addr()))
			})
			if strings.HasPrefix(s.name, "tracking") {
				c.expect(">2\r\n$10\r\ninvalidate\r\n_\r\n") // of the first
			}
			s.after(c, other)
			c.close()
		})
	}
}

// TestAdoptCut: the server kills all links, and the same one becomes the master again: for what has state on
// the link that is no less a new one.
func TestAdoptCut(t *testing.T) {
	a, _ := two(t)
	for _, s := range scenes() {
		if s.name == "reply off" || s.name == "reply skip" {
			continue // what they have written before is still there: see TestAdoptPlanned
		}
		t.Run(s.name, func(t *testing.T) {
			l, c, other := begin(t, a, a)
			s.setup(c)
			l.taken(c)
			other.do("CLIENT KILL TYPE normal", "CLIENT KILL TYPE pubsub")
			other.expect2(":")
			l.settled()
			l.in(func() { l.gate.Hold(gate.HoldAll) })
			s.during(c)
			l.adopt(a.Addr())
			s.after(c, other)
			c.close()
		})
	}
}

// expect2 reads two lines that begin with prefix.
func (c *client) expect2(prefix string) {
	c.t.Helper()
	for range 2 {
		c.expect(prefix)
		c.until("\r\n")
	}
}

// begin makes a lane on server a, a client of it, and a direct connection to b; both servers are emptied.
func begin(t *testing.T, a, b *servers.Node) (l *lane, c, other *client) {
	t.Helper()
	for _, n := range []*servers.Node{a, b} {
		d := direct(t, n.Addr())
		d.do("FLUSHALL")
		d.expect("+OK\r\n")
		d.close()
	}
	l = newLane(t, nil)
	l.serve(a.Addr())
	return l, l.client(), direct(t, b.Addr())
}
