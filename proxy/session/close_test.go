package session

import (
	"fmt"
	"strings"
	"testing"

	"sentinelproxy/internal/servers"
	"sentinelproxy/proxy/gate"
	"sentinelproxy/proxy/internal/scripted"
	"sentinelproxy/proxy/upstream"
)

// TestCloseAtEveryStep: the client of each differential input goes away after so many of its commands, while
// the lane passes, holds, or refuses. lane.end looks for what is left.
func TestCloseAtEveryStep(t *testing.T) {
	pool := servers.NewT(t)
	node := pool.Redis(servers.RedisOptions{Config: []string{"user user on >pw ~* &* +@all"}})
	for _, mode := range []string{"pass", "hold", "refuse", "adopt"} {
		t.Run(mode, func(t *testing.T) {
			l := newLane(t, nil)
			l.serve(node.Addr())
			for _, input := range inputs {
				if len(input) > 2000 {
					continue
				}
				ends := commandEnds(input)
				for step, end := range ends {
					c := l.client()
					before := 0
					if step > 0 {
						before = ends[step-1]
					}
					c.send(input[:before])
					switch mode {
					case "hold":
						l.in(func() { l.gate.Hold(gate.HoldAll) })
					case "refuse":
						l.in(func() {
							l.gate.Hold(gate.HoldAll)
							l.gate.Refuse()
							l.links.Refuse(l.g.Refusal)
						})
					case "adopt":
						l.adopt(node.Addr())
					}
					_, _ = c.conn.Write([]byte(input[before:end]))
					c.close()
					if mode == "hold" || mode == "refuse" {
						l.adopt(node.Addr())
					}
				}
			}
			l.until("all sessions closed", func() bool { return l.g.Sessions() == 0 })
			d := direct(t, node.Addr()) // nobody is left blocked on the server
			d.do("INFO clients")
			d.until("blocked_clients:0\r\n")
		})
	}
}

// commandEnds are the offsets at which the commands of input end, as far as they are multi-bulk.
func commandEnds(input string) (ends []int) {
	for i := 1; i < len(input); i++ {
		if input[i] == '*' && input[i-1] == '\n' {
			ends = append(ends, i)
		}
	}
	return append(ends, len(input))
}

// TestHangUpBehindBlocking: what waits behind a blocking command does not keep the client's death from being
// seen, and nobody takes an element for it.
func TestHangUpBehindBlocking(t *testing.T) {
	s := scripted.Listen(t)
	l := newLane(t, nil)
	l.serve(s.Addr().String())
	c := l.client()
	c.do("BLPOP l 0")
	p := s.AcceptReady()
	p.Expect("BLPOP l 0")
	c.do("CLIENT ID", "GET a")
	l.until("the pause", func() bool {
		for s := range l.g.sessions {
			return s.stop&stopIdle != 0
		}
		return false
	})
	c.close()
	p.ExpectClosed()
}

// TestHalfClose: what was sent before is answered, transactions too.
func TestHalfClose(t *testing.T) {
	pool := servers.NewT(t)
	node := pool.Redis(servers.RedisOptions{})
	l := newLane(t, nil)
	l.serve(node.Addr())
	d := direct(t, node.Addr())
	d.do("SET a 1")
	d.expect("+OK\r\n")
	for input, want := range map[string]string{
		wire("SET a 1", "GET a"):       "+OK\r\n$1\r\n1\r\n",
		wire("MULTI", "GET a", "EXEC"): "+OK\r\n+QUEUED\r\n*1\r\n$1\r\n1\r\n",
		wire("SELECT 2", "GET a"):      "+OK\r\n$-1\r\n",
		wire("WATCH a", "GET a"):       "+OK\r\n$1\r\n1\r\n",
		"PING\r\nPING":                 "+PONG\r\n",
	} {
		c := l.client()
		c.send(input)
		if err := c.conn.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if got := c.all(); got != want {
			t.Errorf("%q: got %q, want %q", input, got, want)
		}
	}
}

func TestHeldClientHangsUp(t *testing.T) {
	s := scripted.Listen(t)
	l := newLane(t, nil)
	l.serve(s.Addr().String())
	gone, stays := l.client(), l.client()
	l.in(func() { l.gate.Hold(gate.HoldAll) })
	gone.do("SET a 1", "SET a 2")
	l.held(1)
	stays.do("GET a")
	l.held(2)
	gone.close()
	l.held(1)
	l.in(func() {
		if c := l.gate.Counters; c.Held != 3 || c.Cancelled != 2 {
			t.Errorf("held %d, cancelled %d", c.Held, c.Cancelled)
		}
	})
	l.adopt(s.Addr().String())
	p := s.AcceptReady()
	p.Expect("GET a")
	p.Send("$-1\r\n")
	stays.expect("$-1\r\n")
	stays.close()
}

// TestHeldInOrder: first-come first-served over all sessions, and within each.
func TestHeldInOrder(t *testing.T) {
	s := scripted.Listen(t)
	l := newLane(t, nil)
	l.serve(s.Addr().String())
	l.in(func() { l.gate.Hold(gate.HoldAll) })
	var clients []*client
	var want []string
	for i := range 20 {
		c := l.client()
		clients = append(clients, c)
		c.do(fmt.Sprintf("SET k%d 1", i), fmt.Sprintf("SET k%d 2", i))
		want = append(want, fmt.Sprintf("SET k%d 1", i), fmt.Sprintf("SET k%d 2", i))
		l.held(i + 1)
	}
	l.adopt(s.Addr().String())
	p := s.AcceptReady()
	p.Expect(want...)
	p.Send(strings.Repeat("+OK\r\n", len(want)))
	for _, c := range clients {
		c.expect("+OK\r\n+OK\r\n")
		c.close()
	}
}

// TestHoldWrites: reads go on, writes wait, and a read behind a write of the same client waits with it.
func TestHoldWrites(t *testing.T) {
	s := scripted.Listen(t)
	l := newLane(t, nil)
	l.serve(s.Addr().String())
	a, b := l.client(), l.client()
	l.in(func() { l.gate.Hold(gate.HoldWrites) })
	a.do("GET 1", "SET 2 2", "GET 3")
	p := s.AcceptReady()
	p.Expect("GET 1")
	p.Send("$-1\r\n")
	a.expect("$-1\r\n")
	l.held(1)
	b.do("GET 4", "BLPOP l 0")
	p.Expect("GET 4")
	p.Send("$-1\r\n")
	b.expect("$-1\r\n")
	l.held(2)
	p.ExpectNothing()
	l.in(l.gate.Release)
	p.Expect("SET 2 2", "GET 3")
	p.Send("+OK\r\n$-1\r\n")
	a.expect("+OK\r\n$-1\r\n")
	q := s.AcceptReady()
	q.Expect("BLPOP l 0")
	q.Send("*-1\r\n")
	b.expect("*-1\r\n")
	a.close()
	b.close()
}

// TestFullBudget: clients beyond the budget stay unread, and get no error.
func TestFullBudget(t *testing.T) {
	pool := servers.NewT(t)
	node := pool.Redis(servers.RedisOptions{})
	l := newLane(t, func(l *lane, _ *upstream.Options) {
		l.budget = gate.NewBudget(2, 1<<20)
		l.gate = gate.New(gate.HoldAll, l.budget, l.loop.Now)
		l.g.Gate = l.gate
	})
	l.serve(node.Addr())
	l.in(func() { l.gate.Hold(gate.HoldAll) })
	var clients []*client
	for i := range 5 {
		c := l.client()
		c.do("SET a 1", "SET a 2")
		clients = append(clients, c)
		l.held(i + 1)
	}
	l.in(func() {
		if n, _ := l.gate.Pending(); n != 2 || l.gate.Counters.FullCommands == 0 {
			t.Errorf("%d commands are held, full %d times", n, l.gate.Counters.FullCommands)
		}
	})
	l.adopt(node.Addr())
	for _, c := range clients {
		c.expect("+OK\r\n+OK\r\n")
		c.close()
	}
}

// TestRefuseWrites: reads of sessions without a link of their own, and logins, go on, everything else is refused at once; a transaction that is refused is
// over at the server, too, and who has lost a link is not left waiting.
func TestRefuseWrites(t *testing.T) {
	pool := servers.NewT(t)
	node := pool.Redis(servers.RedisOptions{})
	l := newLane(t, nil)
	l.serve(node.Addr())
	d := direct(t, node.Addr())
	plain, held, multi, discards, watch, subscriber, pops, silent := l.client(), l.client(), l.client(), l.client(), l.client(), l.client(), l.client(), l.client()
	for _, c := range []*client{multi, discards} {
		c.do("MULTI", "SET a 1")
		c.expect("+OK\r\n+QUEUED\r\n")
	}
	watch.do("WATCH a")
	watch.expect("+OK\r\n")
	subscriber.do("SUBSCRIBE c")
	subscriber.expect("*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n")
	silent.do("GET a", "CLIENT REPLY OFF", "MULTI", "SET a 1")
	silent.expect("$-1\r\n")
	l.until("it is queued", func() bool { return l.links.Usage().InFlight == 0 })
	pops.do("BLPOP l 0")
	l.until("BLPOP is sent", func() bool { return l.links.Usage().InFlight == 1 })
	d.do("SET a 0")
	d.expect("+OK\r\n")
	l.in(func() { l.gate.Hold(gate.HoldWrites) })
	held.do("INCR a", "GET a")
	l.held(1)
	l.in(func() {
		l.gate.RefuseWrites()
		l.links.Refuse(l.g.Refusal)
	})
	const no, is = "-NOMASTER none\r\n", "$1\r\n0\r\n"
	held.expect(no + is)
	plain.do("GET a", "SET a 1", "GET a", "SELECT 1", "SELECT 0", "BLPOP l 0", "NOSUCH", "MULTI", "PING", "CLIENT GETNAME", "GET a")
	plain.expect(is + no + is + "+OK\r\n+OK\r\n" + strings.Repeat(no, 3) + "+PONG\r\n$-1\r\n" + is)
	multi.do("INCR a", "EXEC", "GET a")
	multi.expect(no + no + is)
	discards.do("GET a", "DISCARD", "GET a")
	discards.expect(no + "+OK\r\n" + is)
	silent.do("EXEC", "CLIENT REPLY ON")
	silent.expect(no) // the latter's
	watch.do("GET a", "UNWATCH")
	watch.expect(no + no)
	d.do("PUBLISH c m")
	d.expect(":1\r\n")
	subscriber.expect("*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nm\r\n")
	d.do("CLIENT KILL TYPE normal SKIPME yes")
	pops.expect(no)
	pops.do("GET a")
	pops.expect(is)
	l.in(func() {
		l.links.Resume()
		l.gate.Release()
	})
	silent.do("CLIENT REPLY ON")
	silent.expect("+OK\r\n")
	for _, c := range []*client{plain, held, multi, discards, pops, silent} {
		c.do("GET a", "MULTI", "PING", "EXEC")
		c.expect(is + "+OK\r\n+QUEUED\r\n*1\r\n+PONG\r\n")
		c.close()
	}
	watch.do("MULTI", "GET a", "EXEC")
	watch.expect("+OK\r\n+QUEUED\r\n*-1\r\n") // its link was lost
	watch.close()
	subscriber.close()
}

// TestRefuse: every way of command is refused at once, in order, by clients that stay connected.
func TestRefuse(t *testing.T) {
	pool := servers.NewT(t)
	node := pool.Redis(servers.RedisOptions{})
	l := newLane(t, nil)
	l.serve(node.Addr())
	plain, multi, watch, discards := l.client(), l.client(), l.client(), l.client()
	discards.do("MULTI", "SET a 1")
	discards.expect("+OK\r\n+QUEUED\r\n")
	plain.do("GET a")
	plain.expect("$-1\r\n")
	multi.do("MULTI", "SET a 1")
	multi.expect("+OK\r\n+QUEUED\r\n")
	watch.do("WATCH a")
	watch.expect("+OK\r\n")
	l.in(func() { l.gate.Hold(gate.HoldAll) })
	d := direct(t, node.Addr())
	d.do("CLIENT KILL TYPE normal")
	d.expect(":")
	l.until("the links to be gone", func() bool { u := l.links.Usage(); return u.Shared+u.Pinned == 0 })
	l.in(func() {
		l.gate.Refuse()
		l.links.Refuse(l.g.Refusal)
	})
	const no = "-NOMASTER none\r\n"
	plain.do("GET a", "SET a 1", "SELECT 1", "AUTH x", "HELLO 3", "BLPOP l 0", "NOSUCH", "MULTI", "PING", "CLIENT GETNAME")
	plain.expect(strings.Repeat(no, 9) + "$-1\r\n")
	multi.do("INCR a", "EXEC", "GET a")
	multi.expect(no + no + no)
	discards.do("GET a", "DISCARD", "DISCARD")
	discards.expect(no + "+OK\r\n" + no)
	watch.do("GET a", "SELECT 1", "AUTH x")
	watch.expect(no + no + no)
	l.adopt(node.Addr())
	plain.do("GET a")
	plain.expect("$-1\r\n")
	multi.do("EXEC", "GET a")
	multi.expect("-ERR EXEC without MULTI\r\n$-1\r\n")
	discards.do("DISCARD", "GET a")
	discards.expect("-ERR DISCARD without MULTI\r\n$-1\r\n")
	discards.close()
	watch.do("MULTI", "GET a", "EXEC")
	watch.expect("+OK\r\n+QUEUED\r\n*-1\r\n")
	plain.close()
	multi.close()
	watch.close()
}

// TestHalfClosed: who sends everything and shuts down its side gets the answers of what has been executed, as from the server. What waits is given up.
func TestHalfClosed(t *testing.T) {
	node := servers.NewT(t).Redis(servers.RedisOptions{})
	l := newLane(t, nil)
	l.serve(node.Addr())
	for talk, want := range map[string]string{
		"SET a 1|GET a":                        "+OK\r\n$1\r\n1\r\n",
		"WATCH x|MULTI|SET a 2|EXEC|GET a":     "+OK\r\n+OK\r\n+QUEUED\r\n*1\r\n+OK\r\n$1\r\n2\r\n",
		"DEL q|LPUSH q a|BLPOP r 0":            ":0\r\n:1\r\n",
		"SET a 1|WAIT 1 0|GET a":               "+OK\r\n",
		"SET a 3|XREAD BLOCK 0 STREAMS none 0": "+OK\r\n",
	} {
		c := l.client()
		c.do(strings.Split(talk, "|")...)
		_ = c.conn.(interface{ CloseWrite() error }).CloseWrite()
		if got := c.all(); got != want {
			t.Errorf("%s: %q, want %q", talk, got, want)
		}
	}
}

// TestHalfClosedWhileHeld: also if the rest of it is held.
func TestHalfClosedWhileHeld(t *testing.T) {
	node := servers.NewT(t).Redis(servers.RedisOptions{})
	l := newLane(t, nil)
	l.serve(node.Addr())
	c := l.client()
	l.in(func() { l.gate.Hold(gate.HoldWrites) })
	c.do("GET a", "GET a", "SET a 1")
	_ = c.conn.(interface{ CloseWrite() error }).CloseWrite()
	if got := c.all(); got != "$-1\r\n$-1\r\n" {
		t.Errorf("got %q", got)
	}
	l.in(func() {
		if n, _ := l.gate.Pending(); n != 0 {
			t.Errorf("%d commands are held", n)
		}
		l.release()
	})
}
