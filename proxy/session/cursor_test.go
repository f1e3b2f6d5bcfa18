package session

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"sentinelproxy/internal/servers"
	"sentinelproxy/proxy/command"
	"sentinelproxy/proxy/internal/scripted"
	"sentinelproxy/resp"
)

// TestCursorMarks: a cursor comes back as the master gave it, while the epoch is the same; one of another epoch begins
// anew; what is no cursor of ours is left alone. Without a failover in the group's history nothing is changed.
func TestCursorMarks(t *testing.T) {
	to := func(g *Group, id command.ID, words string) string {
		raw := []byte(wire(words))
		return string(g.toServer(raw, id, argumentsOf(t, raw)))
	}
	reply := func(cursor uint64) string {
		text := fmt.Sprint(cursor)
		return fmt.Sprintf("*2\r\n$%d\r\n%s\r\n*1\r\n$1\r\nk\r\n", len(text), text)
	}
	const marked = 17 | 3<<epochShift
	g := &Group{Epoch: 3}
	for _, c := range []struct{ got, want string }{
		{string(g.toClient([]byte(reply(17)))), reply(marked)},
		{string(g.toClient([]byte(reply(0)))), reply(0)},
		{string(g.toClient([]byte(reply(1 << 60)))), reply(1 << 60)},
		{string(g.toClient([]byte("-ERR invalid cursor\r\n"))), "-ERR invalid cursor\r\n"},
		{to(g, command.Scan, fmt.Sprint("SCAN ", uint64(marked), " COUNT 5")), wire("SCAN 17 COUNT 5")},
		{to(g, command.Hscan, fmt.Sprint("HSCAN h ", uint64(marked))), wire("HSCAN h 17")},
		{to(g, command.Scan, "SCAN 17"), wire("SCAN 0")},
		{to(g, command.Scan, fmt.Sprint("SCAN ", uint64(17|2<<epochShift))), wire("SCAN 0")},
		{to(g, command.Scan, "SCAN 0"), wire("SCAN 0")},
		{to(g, command.Scan, "SCAN x"), wire("SCAN x")},
		{to(g, command.Scan, "SCAN"), wire("SCAN")},
		{to(g, command.BfScandump, "BF.SCANDUMP f 17"), wire("BF.SCANDUMP f 17")}, // can't begin anew
		{to(g, command.FtAggregate, "FT.AGGREGATE i 17 WITHCURSOR"), wire("FT.AGGREGATE i 17 WITHCURSOR")},
		{to(&Group{}, command.Scan, "SCAN 17"), wire("SCAN 17")},
		{string((&Group{}).toClient([]byte(reply(17)))), reply(17)},
		{to(&Group{Epoch: 4}, command.Scan, "SCAN 17"), wire("SCAN 17")}, // two bits: four epochs later
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

// TestScanOverSwitch: a scan that began on one master is complete on the next, whose cursors mean something else.
func TestScanOverSwitch(t *testing.T) {
	pool := servers.NewT(t)
	a, b := pool.Redis(servers.RedisOptions{}), pool.Redis(servers.RedisOptions{})
	const keys = 500
	add := "SADD set"
	for i := range keys {
		add += fmt.Sprintf(" member%d", i)
	}
	for _, node := range []*servers.Node{a, b} {
		d := direct(t, node.Addr())
		d.do(add)
		d.expect(fmt.Sprintf(":%d\r\n", keys))
		d.close()
	}
	l := newLane(t, nil)
	l.serve(a.Addr())
	c := l.client()
	seen := map[string]bool{}
	cursor := "0"
	for round := 0; ; round++ {
		if round == 5 {
			l.in(func() { l.g.Epoch++ })
			l.adopt(b.Addr())
		}
		c.do("SSCAN set " + cursor + " COUNT 20")
		var members []string
		cursor, members = scanned(c)
		for _, m := range members {
			seen[m] = true
		}
		if cursor == "0" {
			break
		}
		if round > keys {
			t.Fatal("the scan never ends")
		}
	}
	if len(seen) != keys {
		t.Errorf("a scan over a switch has seen %d of %d", len(seen), keys)
	}
}

// TestScanLost: a scan that is on its way when the master is lost begins anew on the next one, whose cursors mean something
// else; the other commands are sent again as they are.
func TestScanLost(t *testing.T) {
	for _, way := range []string{"shared", "pinned", "not written"} {
		t.Run(way, func(t *testing.T) {
			s := scripted.Listen(t)
			l := newLane(t, nil)
			l.g.Epoch = 1
			l.serve(s.Addr().String())
			c := l.client()
			var p *scripted.Conn
			if way == "pinned" {
				c.do("WATCH a")
				p = s.AcceptReady()
				p.Expect("WATCH a")
				p.Send("+OK\r\n")
				c.expect("+OK\r\n")
			}
			const mark = 1 << epochShift
			c.do(fmt.Sprint("SCAN ", 17|mark, " COUNT 5"), "SCAN 0", fmt.Sprint("HSCAN h ", 18|mark), "GET 17", "SCAN x")
			if way == "not written" {
				p = s.Accept() // the handshake is not answered
			} else {
				if p == nil {
					p = s.AcceptReady()
				}
				p.Expect("SCAN 17 COUNT 5", "SCAN 0", "HSCAN h 18", "GET 17", "SCAN x")
			}
			p.Cut()
			l.until("the loss", func() bool { return l.lost > 0 || l.links.Counters.Broken > 0 })
			l.in(func() { l.g.NewMaster(2) })
			l.adopt(s.Addr().String())
			p = s.AcceptReady()
			p.Expect("SCAN 0 COUNT 5", "SCAN 0", "HSCAN h 0", "GET 17", "SCAN x")
			p.Send("*2\r\n$1\r\n9\r\n*0\r\n*2\r\n$1\r\n0\r\n*0\r\n*2\r\n$1\r\n0\r\n*0\r\n$-1\r\n-ERR invalid cursor\r\n")
			next := fmt.Sprint(9 | 2<<epochShift)
			c.expect(fmt.Sprintf("*2\r\n$%d\r\n%s\r\n*0\r\n", len(next), next) + "*2\r\n$1\r\n0\r\n*0\r\n*2\r\n$1\r\n0\r\n*0\r\n$-1\r\n-ERR invalid cursor\r\n")
			c.close()
		})
	}
}

// scanned reads the reply to a scanning command.
func scanned(c *client) (cursor string, elements []string) {
	c.t.Helper()
	bulk := func() string {
		size, err := strconv.Atoi(strings.TrimSpace(c.upTo("\r\n")[1:]))
		if err != nil {
			c.t.Fatal(err)
		}
		return strings.TrimSuffix(c.upTo("\r\n"), "\r\n")[:size]
	}
	if head := c.upTo("\r\n"); head != "*2\r\n" {
		c.t.Fatalf("no reply to a scan: %q", head)
	}
	cursor = bulk()
	n, err := strconv.Atoi(strings.TrimSpace(c.upTo("\r\n")[1:]))
	if err != nil {
		c.t.Fatal(err)
	}
	for range n {
		elements = append(elements, bulk())
	}
	return cursor, elements
}

func argumentsOf(t *testing.T, raw []byte) [][]byte {
	t.Helper()
	var c resp.Command
	var r resp.CommandReader
	if n, err := r.Next(raw, &c); n != len(raw) || err != nil {
		t.Fatalf("%q: %d, %v", raw, n, err)
	}
	return c.AppendArgs(nil)
}
