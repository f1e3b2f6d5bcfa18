package session

import (
	"strings"
	"testing"

	"sentinelproxy/internal/servers"
	"sentinelproxy/proxy/command"
)

// TestLearn: a command that the table lacks and the server knows takes the shared link from the second time on, if what
// the server says of it allows that; and is known to be a read or a write.
func TestLearn(t *testing.T) {
	renamed := []string{"GET", "SET", "BLPOP", "SUBSCRIBE", "DBSIZE", "CONFIG"}
	var config []string
	for _, name := range renamed {
		config = append(config, "rename-command "+name+" my"+strings.ToLower(name))
	}
	pool := servers.NewT(t)
	node := pool.Redis(servers.RedisOptions{Config: config})
	l := newLane(t, nil)
	l.serve(node.Addr())
	c := l.client()
	for _, proto := range []string{"2", "3"} {
		c.do("HELLO " + proto)
		c.hello()
		nothing := map[string]string{"2": "$-1\r\n", "3": "_\r\n"}[proto]
		c.do("myget k", "myset k v", "myget k", "MYGET k")
		c.expect(nothing + "+OK\r\n$1\r\nv\r\n$1\r\nv\r\n")
		learned := func(name string, want command.Flags) {
			t.Helper()
			l.in(func() {
				if got := l.g.learnedInfo([]byte(name)).Flags; got != want {
					t.Errorf("RESP%s: %s is taken for %v", proto, name, got)
				}
			})
		}
		learned("myget", command.Read)
		learned("myset", command.Write)
		second := l.client()
		second.do("myget k")
		second.expect("$1\r\nv\r\n")
		l.in(func() {
			if n := l.g.Pinned()["unknown"]; n != 1 {
				t.Errorf("%d sessions have a link of their own, of which one has asked", n)
			}
		})
		second.close()
		c.do("mydbsize", "myblpop none 0.001", "nosuch")
		c.expect(":1\r\n" + map[string]string{"2": "*-1\r\n", "3": "_\r\n"}[proto])
		c.until("-ERR unknown command 'nosuch'")
		c.upTo("\r\n")
		for _, name := range []string{"mydbsize", "myblpop", "nosuch"} {
			learned(name, command.NotListed().Flags)
		}
		l.in(func() {
			l.g.NewMaster(1)
			if _, asked := l.g.learned["nosuch"]; asked || l.g.learned["myget"] == nil {
				t.Errorf("after another master: %v", l.g.learned)
			}
			clear(l.g.learned)
			l.g.NewMaster(0)
		})
		c.do("RESET")
		c.expect("+RESET\r\n")
		d := direct(t, node.Addr())
		d.do("DEL k")
		d.expect(":1\r\n")
		d.close()
	}
	c.close()
}

// TestLearnInside: where COMMAND INFO would be queued, or refused, nothing is asked; replies stay in their order.
func TestLearnInside(t *testing.T) {
	node := servers.NewT(t).Redis(servers.RedisOptions{Config: []string{"rename-command GET myget"}})
	l := newLane(t, nil)
	l.serve(node.Addr())
	c := l.client()
	c.do("MULTI", "myget k", "EXEC", "SUBSCRIBE c", "myget k", "UNSUBSCRIBE", "CLIENT REPLY OFF", "myget k", "CLIENT REPLY ON", "myget k", "PING")
	c.expect("+OK\r\n+QUEUED\r\n*1\r\n$-1\r\n*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n")
	c.until("-ERR Can't execute 'get'")
	c.upTo("\r\n")
	c.expect("*3\r\n$11\r\nunsubscribe\r\n$1\r\nc\r\n:0\r\n+OK\r\n$-1\r\n+PONG\r\n")
	c.close()
}

// TestDebuggerCommands: what a client sends to the debugger of Lua looks like commands that nobody knows, and nothing may
// be sent between.
func TestDebuggerCommands(t *testing.T) {
	node := servers.NewT(t).Redis(servers.RedisOptions{})
	l := newLane(t, nil)
	l.serve(node.Addr())
	debugged := func(c *client) (all string) {
		c.do("SCRIPT DEBUG SYNC")
		all = c.upTo("\r\n")
		// One at a time: the debugger drops what comes behind the command that it reads.
		for _, command := range []string{"EVAL return(1) 0", "nosuch", "redis PING", "continue"} {
			c.do(command)
			head := c.upTo("\r\n")
			for range head[1] - '0' {
				head += c.upTo("\r\n")
			}
			all += head
		}
		c.close()
		return all
	}
	want := debugged(direct(t, node.Addr()))
	if got := debugged(l.client()); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// TestTypo: an error ends the pin.
func TestTypo(t *testing.T) {
	node := servers.NewT(t).Redis(servers.RedisOptions{})
	l := newLane(t, nil)
	l.serve(node.Addr())
	c := l.client()
	c.do("FOOBAR")
	l.settled()
	l.in(func() {
		if u := l.links.Usage(); u.Pinned != 0 {
			t.Errorf("%+v %v", u, l.g.Pinned())
		}
	})
	c.close()
}
