package session

import (
	"fmt"
	"strings"
	"testing"

	"sentinelproxy/internal/servers"
	"sentinelproxy/proxy/command"
	"sentinelproxy/proxy/upstream"
)

// TestScriptsOverSwitch: a script that was loaded or evaluated is known to the next master before anything that
// was held; after SCRIPT FLUSH it is not.
func TestScriptsOverSwitch(t *testing.T) {
	pool := servers.NewT(t)
	nodes := []*servers.Node{pool.Redis(servers.RedisOptions{}), pool.Redis(servers.RedisOptions{}), pool.Redis(servers.RedisOptions{})}
	l := newLane(t, func(l *lane, o *upstream.Options) {
		l.g.Scripts = NewScripts(1 << 20)
		o.Scripts = l.g.Scripts.Load
	})
	l.serve(nodes[0].Addr())
	c := l.client()
	c.send("*3\r\n$6\r\nSCRIPT\r\n$4\r\nLOAD\r\n$8\r\nreturn 1\r\n")
	c.expect("$40\r\ne0e1f9fabfc9d4800c877a703b823ac0578ff8db\r\n")
	c.send("*3\r\n$4\r\nEVAL\r\n$8\r\nreturn 2\r\n$1\r\n0\r\n")
	c.expect(":2\r\n")
	both := []string{"EVALSHA e0e1f9fabfc9d4800c877a703b823ac0578ff8db 0", "EVALSHA 7f923f79fe76194c868d7e1d0820de36700eb649 0"}
	l.serve(nodes[1].Addr())
	c.do(both...)
	c.expect(":1\r\n:2\r\n")
	c.do("MULTI", both[0], "EXEC")
	c.expect("+OK\r\n+QUEUED\r\n*1\r\n:1\r\n")
	c.do("SCRIPT FLUSH")
	c.expect("+OK\r\n")
	l.serve(nodes[2].Addr())
	c.do(both[0])
	if got := c.upTo("\r\n"); !strings.HasPrefix(got, "-NOSCRIPT") {
		t.Errorf("after SCRIPT FLUSH: %q", got)
	}
}

// TestScriptsLimit: the oldest are forgotten first, one that is too large is not kept, and what a lane has seen is
// remembered anew after a flush by another lane.
func TestScriptsLimit(t *testing.T) {
	s := NewScripts(10 * (10 + scriptCost))
	lanes := [2]Group{{Scripts: s}, {Scripts: s}}
	eval := func(lane int, body string) {
		raw := []byte(wire("EVAL " + body + " 0"))
		lanes[lane].noteScript(command.Eval, argumentsOf(t, raw))
	}
	for i := range 11 {
		eval(i%2, fmt.Sprintf("%010d", i))
		eval(0, fmt.Sprintf("%010d", i))
	}
	eval(0, strings.Repeat("x", 11*scriptCost))
	raw, n := s.Load()
	if n != 10 || s.Evicted() != 1 || strings.Contains(string(raw), "0000000000\r\n") || strings.Contains(string(raw), "xxx") {
		t.Errorf("%d scripts, %d forgotten: %q", n, s.Evicted(), raw)
	}
	s.Forget()
	eval(0, "0000000010")
	eval(1, "0000000010")
	if _, n := s.Load(); n != 1 {
		t.Errorf("%d scripts after a flush and one more", n)
	}
}

// TestDeepReply: what a script returns may contain itself. Redis ends that when Lua has no room left, and the client that
// asked for it gets so much; the link, which others share, goes on.
func TestDeepReply(t *testing.T) {
	pool := servers.NewT(t)
	node := pool.Redis(servers.RedisOptions{})
	l := newLane(t, nil)
	l.serve(node.Addr())
	c, other, d := l.client(), l.client(), direct(t, node.Addr())
	const body = "local a = {} a[1] = {a} return a"
	eval := fmt.Sprintf("*3\r\n$4\r\nEVAL\r\n$%d\r\n%s\r\n$1\r\n0\r\n", len(body), body)
	d.send(eval)
	want := d.upTo("-ERR reached lua stack limit\r\n")
	c.send(eval)
	other.do("PING")
	if got := c.upTo("limit\r\n"); got != want {
		t.Errorf("%d bytes, and directly %d", len(got), len(want))
	}
	other.expect("+PONG\r\n")
	c.do("PING")
	c.expect("+PONG\r\n")
	l.in(func() {
		if broken := l.links.Counters.Broken; broken != 0 {
			t.Errorf("%d links broke", broken)
		}
	})
	c.close()
	other.close()
}

// TestScriptFlushRefused: nothing is forgotten.
func TestScriptFlushRefused(t *testing.T) {
	pool := servers.NewT(t)
	a, b := pool.Redis(servers.RedisOptions{Config: []string{"user low on >pw ~* &* +@all -script"}}), pool.Redis(servers.RedisOptions{Config: []string{"user low on >pw ~* &* +@all -script"}})
	l := newLane(t, func(l *lane, o *upstream.Options) {
		l.g.Scripts = NewScripts(1 << 20)
		o.Scripts = l.g.Scripts.Load
	})
	l.serve(a.Addr())
	c := l.client()
	c.send("*3\r\n$6\r\nSCRIPT\r\n$4\r\nLOAD\r\n$8\r\nreturn 1\r\n")
	c.expect("$40\r\ne0e1f9fabfc9d4800c877a703b823ac0578ff8db\r\n")
	e := l.client()
	e.do("AUTH low pw", "SCRIPT FLUSH")
	e.expect("+OK\r\n-NOPERM")
	e.upTo("\r\n")
	e.close()
	c.do("EVALSHA e0e1f9fabfc9d4800c877a703b823ac0578ff8db 0")
	c.expect(":1\r\n")
	l.serve(b.Addr())
	c.do("EVALSHA e0e1f9fabfc9d4800c877a703b823ac0578ff8db 0")
	c.expect(":1\r\n")
	c.close()
}

// TestScriptEvictedIsRememberedAgain: when it is loaded again.
func TestScriptEvictedIsRememberedAgain(t *testing.T) {
	pool := servers.NewT(t)
	a, b := pool.Redis(servers.RedisOptions{}), pool.Redis(servers.RedisOptions{})
	l := newLane(t, func(l *lane, o *upstream.Options) {
		l.g.Scripts = NewScripts(2 * (10 + scriptCost))
		o.Scripts = l.g.Scripts.Load
	})
	l.serve(a.Addr())
	c := l.client()
	load := "*3\r\n$6\r\nSCRIPT\r\n$4\r\nLOAD\r\n$8\r\nreturn 1\r\n"
	c.send(load)
	c.expect("$40\r\ne0e1f9fabfc9d4800c877a703b823ac0578ff8db\r\n")
	for _, n := range []string{"2", "3", "4"} {
		c.send("*3\r\n$4\r\nEVAL\r\n$8\r\nreturn " + n + "\r\n$1\r\n0\r\n")
		c.expect(":" + n + "\r\n")
	}
	c.send(load)
	c.expect("$40\r\ne0e1f9fabfc9d4800c877a703b823ac0578ff8db\r\n")
	l.serve(b.Addr())
	c.do("EVALSHA e0e1f9fabfc9d4800c877a703b823ac0578ff8db 0")
	c.expect(":1\r\n")
	c.close()
}

// TestUnauthenticatedScripts: those of clients that have not logged in are not remembered.
func TestUnauthenticatedScripts(t *testing.T) {
	pool := servers.NewT(t)
	a, b := pool.Redis(servers.RedisOptions{Password: "pw"}), pool.Redis(servers.RedisOptions{Password: "pw"})
	l := newLane(t, func(l *lane, o *upstream.Options) {
		l.g.Scripts = NewScripts(64 << 10)
		o.Scripts = l.g.Scripts.Load
		o.Warm = true
	})
	l.serve(a.Addr())
	c := l.client()
	c.do("AUTH pw")
	c.expect("+OK\r\n")
	c.send("*3\r\n$6\r\nSCRIPT\r\n$4\r\nLOAD\r\n$8\r\nreturn 1\r\n")
	c.expect("$40\r\ne0e1f9fabfc9d4800c877a703b823ac0578ff8db\r\n")
	e := l.client()
	for i := range 80 {
		e.do(fmt.Sprintf("EVAL x%d 0", i))
		e.expect("-NOAUTH Authentication required.\r\n")
	}
	e.close()
	l.serve(b.Addr())
	c.do("EVALSHA e0e1f9fabfc9d4800c877a703b823ac0578ff8db 0")
	c.expect(":1\r\n")
	c.close()
}

// TestScriptBehindFlush: what comes behind SCRIPT FLUSH in a pipeline is remembered.
func TestScriptBehindFlush(t *testing.T) {
	pool := servers.NewT(t)
	a, b := pool.Redis(servers.RedisOptions{}), pool.Redis(servers.RedisOptions{})
	l := newLane(t, func(l *lane, o *upstream.Options) {
		l.g.Scripts = NewScripts(1 << 20)
		o.Scripts = l.g.Scripts.Load
	})
	l.serve(a.Addr())
	c := l.client()
	c.send(wire("SCRIPT FLUSH") + "*3\r\n$4\r\nEVAL\r\n$8\r\nreturn 1\r\n$1\r\n0\r\n")
	c.expect("+OK\r\n:1\r\n")
	l.serve(b.Addr())
	c.do("EVALSHA e0e1f9fabfc9d4800c877a703b823ac0578ff8db 0")
	c.expect(":1\r\n")
	c.close()
}
