package session

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sentinelproxy/internal/servers"
	"sentinelproxy/proxy/command"
)

// TestTrackingOff: the session gives its link back, and what had been set up is not set up again on the next master.
// A command that is repeated is kept once.
func TestTrackingOff(t *testing.T) {
	pool := servers.NewT(t)
	a, b := pool.Redis(servers.RedisOptions{}), pool.Redis(servers.RedisOptions{})
	l := newLane(t, nil)
	l.serve(a.Addr())
	c := l.client()
	c.do("HELLO 3")
	c.hello()
	tracked := func() (sessions int) {
		l.in(func() {
			for s := range l.g.sessions {
				if s.pin != nil && len(s.pin.setup) > 0 {
					sessions += len(s.pin.setup)
				}
			}
		})
		return sessions
	}
	c.do("CLIENT TRACKING ON", "CLIENT TRACKING ON", "CLIENT TRACKING maybe", "GET k")
	c.expect("+OK\r\n+OK\r\n-ERR syntax error\r\n_\r\n")
	if n := tracked(); n == 0 || n > 2 {
		t.Errorf("%d commands are kept", n)
	}
	l.serve(b.Addr())
	c.expect(">2\r\n$10\r\ninvalidate\r\n_\r\n")
	d := direct(t, b.Addr())
	c.do("GET k")
	c.expect("_\r\n")
	d.do("SET k 1")
	d.expect("+OK\r\n")
	c.expect(">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n")
	c.do("CLIENT TRACKING OFF", "PING")
	c.expect("+OK\r\n+PONG\r\n")
	if tracked() != 0 {
		t.Error("TRACKING OFF has left something to be set up again")
	}
	l.in(func() {
		if u := l.links.Usage(); u.Pinned != 0 {
			t.Errorf("%+v", u)
		}
	})
}

// TestSetupsInOrder: of commands that undo one another the last one has to come last.
func TestSetupsInOrder(t *testing.T) {
	var u setups
	note := func(id command.ID, words string) {
		raw := []byte(wire(words))
		u.note(id, raw, setup{raw: raw}.args())
	}
	note(command.ClientNoEvict, "CLIENT NO-EVICT OFF")
	note(command.ClientNoEvict, "CLIENT NO-EVICT on")
	note(command.HimportPrepare, "HIMPORT PREPARE a x")
	note(command.HimportPrepare, "HIMPORT PREPARE b x y")
	note(command.HimportPrepare, "HIMPORT PREPARE a z")
	note(command.HimportPrepare, "HIMPORT PREPARE c z")
	note(command.HimportDiscard, "HIMPORT DISCARD c")
	note(command.Readonly, "READONLY")
	note(command.Readwrite, "READWRITE")
	note(command.Readonly, "READONLY")
	note(command.ClientTracking, "CLIENT TRACKING ON BCAST PREFIX a")
	note(command.ClientTracking, "CLIENT TRACKING ON BCAST PREFIX b")
	note(command.ClientTracking, "CLIENT TRACKING ON BCAST PREFIX a")
	raw, n := "", len(u)
	for _, kept := range u {
		raw += string(kept.raw)
	}
	want := wire("CLIENT NO-EVICT on", "HIMPORT PREPARE b x y", "HIMPORT PREPARE a z",
		"READWRITE", "READONLY", "CLIENT TRACKING ON BCAST PREFIX b", "CLIENT TRACKING ON BCAST PREFIX a")
	if raw != want || n != 7 {
		t.Errorf("%d: %q", n, raw)
	}
	note(command.HimportDiscardall, "HIMPORT DISCARDALL")
	if n := len(u); n != 5 {
		t.Errorf("%d are left of 5", n)
	}
}

// TestWriteIsNoSetup: a write that needs the connection's flags is not done again on the next master.
func TestWriteIsNoSetup(t *testing.T) {
	pool := servers.NewT(t)
	a, b := pool.Redis(servers.RedisOptions{}), pool.Redis(servers.RedisOptions{})
	d := direct(t, a.Addr())
	d.do("SET k old", "DUMP k")
	d.expect("+OK\r\n")
	dump := d.reply()
	l := newLane(t, nil)
	l.serve(a.Addr())
	c := l.client()
	c.send(fmt.Sprintf("*5\r\n$14\r\nRESTORE-ASKING\r\n$1\r\nk\r\n$1\r\n0\r\n%s$7\r\nREPLACE\r\n", dump))
	c.do("CLIENT NO-EVICT ON")
	c.expect("+OK\r\n+OK\r\n")
	d = direct(t, b.Addr())
	d.do("SET k new")
	d.expect("+OK\r\n")
	l.serve(b.Addr())
	c.do("GET k")
	c.expect("$3\r\nnew\r\n")
}

// TestCachingRefused: CLIENT CACHING without tracking is an error, and leaves nothing behind.
func TestCachingRefused(t *testing.T) {
	node := servers.NewT(t).Redis(servers.RedisOptions{})
	l := newLane(t, nil)
	l.serve(node.Addr())
	c := l.client()
	c.do("CLIENT CACHING YES")
	if got := c.reply(); !strings.HasPrefix(got, "-ERR CLIENT CACHING") {
		t.Errorf("got %q", got)
	}
	l.settled()
	l.in(func() {
		if u := l.links.Usage(); u.Pinned != 0 {
			t.Errorf("%+v", u)
		}
	})
	c.close()
}

// TestMonitorTwice: a server says nothing to the second.
func TestMonitorTwice(t *testing.T) {
	pool := servers.NewT(t)
	a := pool.Redis(servers.RedisOptions{})
	d := direct(t, a.Addr())
	d.do("MONITOR", "MONITOR", "RESET")
	d.expect("+OK\r\n")
	l := newLane(t, nil)
	l.serve(a.Addr())
	c := l.client()
	c.do("MONITOR", "MONITOR", "RESET")
	c.expect("+OK\r\n")
	c.expect("+RESET\r\n")
	c.close()
}

// TestMonitorRefused: what the former master has refused is not set up on the next.
func TestMonitorRefused(t *testing.T) {
	pool := servers.NewT(t)
	a, b := pool.Redis(servers.RedisOptions{}), pool.Redis(servers.RedisOptions{})
	l := newLane(t, nil)
	l.serve(a.Addr())
	c := l.client()
	c.do("SUBSCRIBE ch")
	c.expect("*3\r\n$9\r\nsubscribe\r\n$2\r\nch\r\n:1\r\n")
	c.do("MONITOR")
	c.expect("-ERR Can't execute 'monitor': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context\r\n")
	l.serve(b.Addr())
	d := direct(t, b.Addr())
	d.do("PING", "SET k 1")
	d.expect("+PONG\r\n+OK\r\n")
	time.Sleep(200 * time.Millisecond)
	d.do("PUBLISH ch x")
	d.expect(":1\r\n")
	c.expect("*3\r\n$7\r\nmessage\r\n$2\r\nch\r\n$1\r\nx\r\n")
	l.in(func() {
		if n := l.links.Counters.Broken; n > 0 {
			t.Errorf("%d links have broken", n)
		}
	})
	c.close()
}

// TestCachingOverASwitch: it is for the next command, or transaction, wherever that goes, and for no other.
func TestCachingOverASwitch(t *testing.T) {
	for name, c := range map[string]struct{ before, answers, after, then string }{
		"not used":           {"", "", "GET k", "_\r\n"},
		"MULTI":              {"MULTI", "+OK\r\n", "GET k|EXEC", "+QUEUED\r\n*1\r\n_\r\n"},
		"inside MULTI":       {"MULTI|GET k", "+OK\r\n+QUEUED\r\n", "EXEC", "*1\r\n_\r\n"},
		"used":               {"GET x", "_\r\n", "GET k", "_\r\n"},
		"used by MULTI":      {"MULTI|GET x|EXEC", "+OK\r\n+QUEUED\r\n*1\r\n_\r\n", "GET k", "_\r\n"},
		"used by a pipeline": {"GET x|GET y", "_\r\n_\r\n", "GET k", "_\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			pool := servers.NewT(t)
			a, b := pool.Redis(servers.RedisOptions{}), pool.Redis(servers.RedisOptions{})
			l := newLane(t, nil)
			l.serve(a.Addr())
			client := l.client()
			client.do("HELLO 3")
			client.hello()
			client.do("CLIENT TRACKING ON OPTIN", "CLIENT CACHING YES")
			client.expect("+OK\r\n+OK\r\n")
			if c.before != "" {
				client.do(strings.Split(c.before, "|")...)
				client.expect(c.answers)
			}
			l.serve(b.Addr())
			client.expect(">2\r\n$10\r\ninvalidate\r\n_\r\n")
			client.do(strings.Split(c.after, "|")...)
			client.expect(c.then)
			d := direct(t, b.Addr())
			d.do("SET k 1")
			d.expect("+OK\r\n")
			if strings.HasPrefix(name, "used") {
				client.silence()
				return
			}
			client.expect(">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n")
			client.close()
		})
	}
}

// TestRefusedSetups: what the server has refused is kept nowhere.
func TestRefusedSetups(t *testing.T) {
	node := servers.NewT(t).Redis(servers.RedisOptions{})
	l := newLane(t, nil)
	l.serve(node.Addr())
	c := l.client()
	c.do("CLIENT NO-EVICT ON", "CLIENT NO-EVICT maybe")
	c.expect("+OK\r\n-ERR syntax error\r\n")
	for i := range 2000 {
		c.do(fmt.Sprintf("HIMPORT PREPARE n%d a b", i))
		c.upTo("\r\n")
	}
	l.in(func() {
		for s := range l.g.sessions {
			if n := len(s.pin.setup); n != 1 {
				t.Errorf("%d commands are kept", n)
			}
		}
	})
	c.close()
}

// TestSetupBehindReplyMode: the reply to a CLIENT REPLY that no server takes is not taken for another command's.
func TestSetupBehindReplyMode(t *testing.T) {
	node := servers.NewT(t).Redis(servers.RedisOptions{})
	l := newLane(t, nil)
	l.serve(node.Addr())
	c := l.client()
	c.do("CLIENT REPLY maybe", "CLIENT NO-EVICT ON")
	c.expect("-ERR syntax error\r\n+OK\r\n")
	l.in(func() {
		for s := range l.g.sessions {
			if n := len(s.pin.setup); n != 1 {
				t.Errorf("%d commands are kept", n)
			}
		}
	})
	c.close()
}
