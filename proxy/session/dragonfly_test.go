package session

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"sentinelproxy/internal/servers"
	"sentinelproxy/proxy/command"
	"sentinelproxy/proxy/upstream"
	"sentinelproxy/resp"
)

// newDragonfly starts one, or its double where there is none, and says which.
func newDragonfly(t *testing.T, pool *servers.T) *servers.Node {
	t.Helper()
	node := pool.Dragonfly(servers.DragonflyOptions{})
	t.Logf("Dragonfly: %s", node.Kind())
	if ok := administer(t, node).do(said("ACL SETUSER user on >pw ~* &* +@all"))[0]; ok != "+OK\r\n" {
		t.Fatalf("ACL SETUSER: %q", ok)
	}
	return node
}

// TestRandomSameAsDragonfly is TestRandomSameAsDirect with Dragonfly.
func TestRandomSameAsDragonfly(t *testing.T) {
	sameAsDirect(t, newDragonfly(t, servers.NewT(t)), rounds(t, 25), generator{dragonfly: true})
}

// TestSwitchToDragonfly is TestSwitchAtEveryStep with Dragonfly as the next master. What a conversation is compared with
// is Redis all the same.
func TestSwitchToDragonfly(t *testing.T) {
	pool := servers.NewT(t)
	p := newPair(t, pool.Redis(withUser), newDragonfly(t, pool))
	b := newBench(t, pool.Redis(withUser), unstable, replicated, dragonfly)
	switchAtEveryStep(b, p, rounds(t, 8), generator{dragonfly: true}, nil)
}

// TestCrashOfDragonfly is TestCrashAtEveryStep with Dragonfly.
func TestCrashOfDragonfly(t *testing.T) {
	pool := servers.NewT(t)
	crashAtEveryStep(t, newDragonfly(t, pool), newDragonfly(t, pool), rounds(t, 3), generator{dragonfly: true})
}

// TestRefusedByOne: what one engine refuses and the other does not leaves no link in a transaction.
func TestRefusedByOne(t *testing.T) {
	node := newDragonfly(t, servers.NewT(t))
	l := newLane(t, func(_ *lane, o *upstream.Options) { o.PoolSize = pooled })
	l.serve(node.Addr())
	for _, talk := range []conversation{said("MULTI", "EXEC x"), said("SUBSCRIBE §c", "MULTI", "UNSUBSCRIBE"), said("MULTI", "DISCARD x")} {
		if got, err := pipelined(l.client(), talk, nil, []int{len(talk)}, nil); err != nil {
			t.Errorf("%s: %q, %v", talk, got, err)
		}
		if wrong := leftOver(l); wrong != "" {
			t.Errorf("%s: %s", talk, wrong)
		}
	}
}

// TestScriptOnDemotedDragonfly: a script that a Dragonfly refuses to let write, because it is a replica now, is run on the next master.
func TestScriptOnDemotedDragonfly(t *testing.T) {
	pool := servers.NewT(t)
	a, b := newDragonfly(t, pool), newDragonfly(t, pool)
	for _, how := range []string{"eval", "evalsha", "pinned"} {
		t.Run(how, func(t *testing.T) {
			d := direct(t, a.Addr())
			d.do("REPLICAOF NO ONE", "FLUSHALL")
			d.expect("+OK\r\n+OK\r\n")
			d2 := direct(t, b.Addr())
			d2.do("FLUSHALL")
			d2.expect("+OK\r\n")
			l := newLane(t, nil)
			l.serve(a.Addr())
			c := l.client()
			script := "return redis.call('INCR',KEYS[1])"
			call := string(resp.AppendCommand(nil, []byte("EVAL"), []byte(script), []byte("1"), []byte("n")))
			d.do("REPLICAOF 127.0.0.1 1")
			d.expect("+OK\r\n")
			want := ":1\r\n"
			switch how {
			case "pinned":
				call = wire("WATCH x") + call
				want = "+OK\r\n:1\r\n"
			case "evalsha":
				d.send(string(resp.AppendCommand(nil, []byte("SCRIPT"), []byte("LOAD"), []byte(script))))
				d.expect("$40\r\n")
				sha := d.upTo("\r\n")[:40]
				d2.send(string(resp.AppendCommand(nil, []byte("SCRIPT"), []byte("LOAD"), []byte(script))))
				d2.expect("$40\r\n" + sha + "\r\n")
				call = wire("EVALSHA " + sha + " 1 n")
			}
			c.send(call)
			deadline := time.Now().Add(2 * time.Second)
			for rejected := false; !rejected && time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
				l.in(func() { rejected = l.lost > 0 })
			}
			l.serve(b.Addr())
			c.expect(want)
		})
	}
}

// TestManyArgumentsAtDragonfly: what a Dragonfly closes the connection for (more than 65,536 arguments) is its client's business, and nobody else's.
func TestManyArgumentsAtDragonfly(t *testing.T) {
	node := newDragonfly(t, servers.NewT(t))
	addr := netip.MustParseAddrPort(node.Addr())
	l := newLane(t, func(l *lane, o *upstream.Options) {
		lost := o.Lost
		o.Lost = func(at string, err error) {
			lost(at, err)
			l.loop.After(time.Millisecond, func() { l.take(node.Addr(), addr) })
		}
	})
	l.serve(node.Addr())
	bad, good := l.client(), l.client()
	bad.do("RPUSH l a")
	bad.expect(":1\r\n")
	many := wire("RPUSH l" + strings.Repeat(" a", 70000))
	const n = 3000
	go func() {
		for range n {
			_, _ = good.conn.Write([]byte(wire("INCR n")))
			time.Sleep(20 * time.Microsecond)
		}
	}()
	answered := make(chan string, 1)
	go func() { _, _ = bad.conn.Write([]byte(many)); answered <- bad.upTo("\r\n") }()
	wrong := map[string]int{}
	for range n {
		if got := good.upTo("\r\n"); got[0] != ':' {
			wrong[got]++
		}
	}
	<-answered
	if len(wrong) > 0 {
		t.Errorf("another client: %v", wrong)
	}
	l.in(func() {
		if l.lost > 0 {
			t.Errorf("%d holds of all clients", l.lost)
		}
	})
}

// TestLearnedFromDragonfly: which gives the name of a command as a simple string.
func TestLearnedFromDragonfly(t *testing.T) {
	reply := "*1\r\n*7\r\n+MYGET\r\n:2\r\n*2\r\n+readonly\r\n+fast\r\n:1\r\n:1\r\n:1\r\n*1\r\n+@READ\r\n"
	if got := flagsOf([]byte(reply)); got != command.Read {
		t.Errorf("taken for %v", got)
	}
}
