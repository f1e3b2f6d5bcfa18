package session

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sentinelproxy/internal/servers"
	"sentinelproxy/proxy/gate"
	"sentinelproxy/proxy/internal/scripted"
	"sentinelproxy/proxy/upstream"
	"sentinelproxy/resp"
)

// TestWhole: which transactions need no link of their session's own, and what it means to send them twice.
func TestWhole(t *testing.T) {
	const own = -1 // class of those that do
	many := make([]string, wholeCommands-2)
	for i := range many {
		many[i] = "GET k"
	}
	for name, c := range map[string]struct {
		commands []string
		class    int
	}{
		"empty":                {nil, int(upstream.Read)},
		"reads":                {[]string{"GET a", "MGET a b", "STRLEN a"}, int(upstream.Read)},
		"overwrites":           {[]string{"SET a 1", "MSET a 1 b 2"}, int(upstream.Overwrite)},
		"overwrite and read":   {[]string{"SET a 1", "GET a"}, int(upstream.Write)},
		"conditional":          {[]string{"SET a 1", "SET b 1 NX"}, int(upstream.Write)},
		"idempotent":           {[]string{"HSET a b c"}, int(upstream.Write)},
		"writes":               {[]string{"LPUSH a 1", "INCR b"}, int(upstream.Write)},
		"wrong arity":          {[]string{"GET"}, int(upstream.Read)},
		"as many as there may": {many, int(upstream.Read)},
		"one more":             {append([]string{"GET k"}, many...), own},
		"too long":             {[]string{"SET a " + strings.Repeat("x", wholeBytes)}, own},
		"nested":               {[]string{"MULTI"}, own},
		"unknown":              {[]string{"NOSUCH a"}, own},
		"database":             {[]string{"SELECT 1"}, own},
		"login":                {[]string{"AUTH x"}, own},
		"blocking":             {[]string{"BLPOP a 0"}, own},
		"watch":                {[]string{"WATCH a"}, own},
		"subscription":         {[]string{"SUBSCRIBE a"}, own},
		"script":               {[]string{"EVAL x 0"}, int(upstream.Write)},
		"script of reads":      {[]string{"EVAL_RO x 0", "GET a"}, int(upstream.Read)},
		"scripts forgotten":    {[]string{"SCRIPT FLUSH"}, own},
		"cursor":               {[]string{"SCAN 0"}, int(upstream.Read)},
		"client":               {[]string{"CLIENT ID"}, own},
		"discarded":            {[]string{"DISCARD"}, own},
		"EXEC with arguments":  {[]string{"EXEC now"}, own},
		"exec in small":        {[]string{"get a", "exec", "GET b"}, int(upstream.Read)},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLane(t, nil)
			s := &Session{g: l.g}
			input := wire("MULTI") + wire(c.commands...)
			want, commands := len(input)+len(wire("EXEC")), len(c.commands)+2
			if name == "exec in small" {
				want, commands = len(wire("MULTI", "get a", "exec")), 3
			}
			input += wire("EXEC", "GET behind")
			size, n, class := s.whole([]byte(input))
			defer l.g.forgetArguments()
			switch {
			case c.class == own && size != 0:
				t.Errorf("it is taken: %d bytes", size)
			case c.class != own && (size != want || n != commands || int(class) != c.class):
				t.Errorf("%d bytes, %d commands, class %d; want %d, %d, %d", size, n, class, want, commands, c.class)
			}
			for cut := range min(want, 200) {
				if size, _, _ := s.whole([]byte(input[:cut])); size != 0 {
					t.Errorf("%d bytes of it are taken for %d", cut, size)
				}
			}
		})
	}
}

// TestWholeShares: whole transactions of several clients, and what is before and behind them, go over one link, in order.
func TestWholeShares(t *testing.T) {
	s := scripted.Listen(t)
	l := newLane(t, nil)
	l.serve(s.Addr().String())
	one, other := l.client(), l.client()
	one.do("GET 1", "MULTI", "INCR 2", "EXEC", "GET 3", "MULTI", "EXEC")
	p := s.AcceptReady()
	p.Expect("GET 1", "MULTI", "INCR 2", "EXEC", "GET 3", "MULTI", "EXEC")
	other.do("MULTI", "INCR 4", "EXEC")
	p.Expect("MULTI", "INCR 4", "EXEC")
	p.Send("$1\r\n1\r\n+OK\r\n+QUEUED\r\n")
	one.expect("$1\r\n1\r\n")
	one.silence() // a transaction is answered as a whole
	p.Send("*1\r\n:2\r\n$1\r\n3\r\n+OK\r\n*0\r\n" + "+OK\r\n+QUEUED\r\n*1\r\n:4\r\n")
	one.expect("+OK\r\n+QUEUED\r\n*1\r\n:2\r\n$1\r\n3\r\n+OK\r\n*0\r\n")
	other.expect("+OK\r\n+QUEUED\r\n*1\r\n:4\r\n")
	one.close()
	other.close()
}

// TestWholeComesInPieces: wherever a transaction is cut on its way to the proxy, it is executed as if it had not been.
func TestWholeComesInPieces(t *testing.T) {
	node := servers.NewT(t).Redis(servers.RedisOptions{})
	l := newLane(t, nil)
	l.serve(node.Addr())
	input := wire("SET k 1", "MULTI", "INCR k", "GET k", "EXEC", "GET k", "MULTI", "SET k 5", "EXEC", "DEL k")
	want := "+OK\r\n+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n:2\r\n$1\r\n2\r\n$1\r\n2\r\n+OK\r\n+QUEUED\r\n*1\r\n+OK\r\n:1\r\n"
	c := l.client()
	for cut := range len(input) {
		c.send(input[:cut])
		if cut%4 == 0 {
			time.Sleep(time.Millisecond) // so that some of it has been answered
		}
		c.send(input[cut:])
		c.expect(want)
	}
	c.close()
}

// TestWholeHeld: a transaction that comes while the master changes is executed by the next one, and one that no master comes for is refused.
func TestWholeHeld(t *testing.T) {
	first, second := scripted.Listen(t), scripted.Listen(t)
	l := newLane(t, nil)
	l.serve(first.Addr().String())
	c := l.client()
	l.in(func() { l.gate.Hold(gate.HoldAll) })
	c.do("MULTI", "INCR a", "EXEC")
	l.held(1)
	l.adopt(second.Addr().String())
	p := second.AcceptReady()
	p.Expect("MULTI", "INCR a", "EXEC")
	p.Send("+OK\r\n+QUEUED\r\n*1\r\n:1\r\n")
	c.expect("+OK\r\n+QUEUED\r\n*1\r\n:1\r\n")
	l.in(func() { l.gate.Hold(gate.HoldAll); l.gate.Refuse() })
	c.do("MULTI", "INCR a", "EXEC")
	c.expect(strings.Repeat("-NOMASTER none\r\n", 2))
	if last := c.reply(); last[0] != '-' {
		t.Errorf("EXEC gives %q", last)
	}
	c.close()
}

// TestWholeBulky: after something large some transactions go over a link of the session's own, as other commands do.
func TestWholeBulky(t *testing.T) {
	s := scripted.Listen(t)
	l := newLane(t, nil)
	l.serve(s.Addr().String())
	c := l.client()
	c.do("GET k")
	shared := s.AcceptReady()
	shared.Expect("GET k")
	shared.Send("$-1\r\n")
	c.expect("$-1\r\n")
	l.in(func() {
		for s := range l.g.sessions {
			s.bulky = 2
		}
	})
	var own *scripted.Conn
	for i := range 4 {
		c.do("MULTI", "EXEC")
		p := shared
		if i < 2 {
			if own == nil {
				own = s.AcceptReady()
			}
			p = own
		}
		p.Expect("MULTI", "EXEC")
		p.Send("+OK\r\n*0\r\n")
		c.expect("+OK\r\n*0\r\n")
	}
	c.close()
}

// TestWholeNotAgain: after an EXEC that has left a transaction open, the next one goes over a link of the session's own.
func TestWholeNotAgain(t *testing.T) {
	const busy = "-BUSY Redis is busy running a script.\r\n"
	s := scripted.Listen(t)
	l := newLane(t, nil)
	l.serve(s.Addr().String())
	c := l.client()
	c.do("MULTI", "INCR a", "EXEC")
	p := s.AcceptReady()
	p.Expect("MULTI", "INCR a", "EXEC")
	p.Send("+OK\r\n" + busy + busy)
	c.expect("+OK\r\n" + busy + busy)
	p.ExpectClosed()
	l.in(func() {
		if l.gate.Mode() != gate.Pass {
			t.Error("everybody is held for it")
		}
	})
	l.serve(s.Addr().String())
	c.do("MULTI", "INCR a", "EXEC")
	p = s.AcceptReady()
	p.Expect("MULTI", "INCR a", "EXEC")
	other := l.client()
	other.do("GET b")
	q := s.AcceptReady() // no shared link was there
	q.Expect("GET b")
	q.Send("$-1\r\n")
	other.expect("$-1\r\n")
	p.Send("+OK\r\n+QUEUED\r\n*1\r\n:1\r\n")
	c.expect("+OK\r\n+QUEUED\r\n*1\r\n:1\r\n")
	c.close()
	other.close()
}

// TestWholeUnauthenticated: what a client may send that has not logged in is as little in a transaction.
func TestWholeUnauthenticated(t *testing.T) {
	s := &Session{g: newLane(t, nil).g}
	s.reader.Limits = resp.DefaultLimits()
	s.reader.Limits.Unauthenticated = true
	input := wire("MULTI", fmt.Sprintf("SET k %s", strings.Repeat("x", 17000)), "EXEC")
	if size, _, _ := s.whole([]byte(input)); size != 0 {
		t.Errorf("%d bytes of it are taken", size)
	}
}

// TestOpenLinkIsNotShared: a link of a session's own, on which EXEC was refused in a way that may leave the transaction open, is given to nobody else.
func TestOpenLinkIsNotShared(t *testing.T) {
	for reply, open := range map[string]bool{"-NOPERM no\r\n": true, "-EXECABORT no\r\n": false, "*0\r\n": false} {
		s := scripted.Listen(t)
		l := newLane(t, nil)
		l.serve(s.Addr().String())
		c := l.client()
		c.do("MULTI")
		p := s.AcceptReady()
		p.Expect("MULTI")
		p.Send("+OK\r\n")
		c.expect("+OK\r\n")
		c.do("EXEC")
		p.Expect("EXEC")
		p.Send(reply)
		c.expect(reply)
		if open {
			p.ExpectClosed()
		}
		l.in(func() {
			if idle := l.links.Usage().Idle; idle == 1 == open {
				t.Errorf("%q leaves %d idle links", reply, idle)
			}
		})
		c.close()
	}
}

// TestWholeSlowReader: a client that may not call MULTI, and so has the commands executed one by one, does not read their large replies.
func TestWholeSlowReader(t *testing.T) {
	node := servers.NewT(t).Redis(servers.RedisOptions{})
	d := direct(t, node.Addr())
	d.do("ACL SETUSER default on nopass ~* &* +@all -multi", "SETRANGE a 1200000 x", "SETRANGE b 900000 x")
	d.expect("+OK\r\n:1200001\r\n:900001\r\n")
	l := newLane(t, nil)
	l.serve(node.Addr())
	c, other := l.client(), l.client()
	l.in(func() { l.gate.Hold(gate.HoldAll) })
	c.do("MULTI", "GET a", "GET b", "GET b", "EXEC")
	l.held(1)
	other.do("GET none")
	l.held(2)
	l.in(l.release)
	other.expect("$-1\r\n") // nobody waits for a client that does not read
	other.close()
	a, b := bulkString(strings.Repeat("\x00", 1200000)+"x"), bulkString(strings.Repeat("\x00", 900000)+"x")
	if refused := c.reply(); !strings.HasPrefix(refused, "-NOPERM") {
		t.Errorf("MULTI: %q", refused)
	}
	c.expect(a + b + b)
	if refused := c.reply(); refused != "-ERR EXEC without MULTI\r\n" {
		t.Errorf("EXEC: %q", refused)
	}
	c.close()
}
