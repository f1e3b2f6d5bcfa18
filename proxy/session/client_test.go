package session

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"sentinelproxy/internal/servers"
)

// bulkOf takes the payload of a bulk or verbatim string that is the whole of reply.
func bulkOf(reply string) string {
	i := strings.Index(reply, "\r\n")
	if i < 0 {
		return reply
	}
	return strings.TrimSuffix(strings.TrimPrefix(reply[i+2:], "txt:"), "\r\n")
}

// TestClientList: the clients are those of the proxy, each on a line with the fields that Redis has, in Redis's order.
func TestClientList(t *testing.T) {
	node := servers.NewT(t).Redis(servers.RedisOptions{})
	l := newLane(t, nil)
	l.serve(node.Addr())
	a, b := l.client(), l.client()
	b.do("CLIENT SETNAME bee", "CLIENT SETINFO lib-name lib", "SELECT 3", "MULTI", "PING")
	b.expect("+OK\r\n+OK\r\n+OK\r\n+OK\r\n+QUEUED\r\n")
	d := direct(t, node.Addr())
	fields := func(c *client) []string {
		c.send(wire("CLIENT INFO", "ECHO end"))
		info := bulkOf(strings.TrimSuffix(c.upTo("$3\r\nend\r\n"), "$3\r\nend\r\n"))
		return regexp.MustCompile(`[a-z-]+=`).FindAllString(info, -1)
	}
	ours, theirs := fields(a), fields(d)
	if len(ours) < len(theirs) || strings.Join(ours[:len(theirs)], "") != strings.Join(theirs, "") {
		t.Errorf("fields of CLIENT INFO:\n%v, Redis has\n%v", ours, theirs)
	}
	a.send(wire("CLIENT LIST", "ECHO end"))
	list := bulkOf(strings.TrimSuffix(a.upTo("$3\r\nend\r\n"), "$3\r\nend\r\n"))
	lines := strings.Split(strings.TrimSuffix(list, "\n"), "\n")
	if !strings.Contains(list, " qbuf=49 ") {
		t.Errorf("not the length of what it was asked with: %q", list)
	}
	if len(lines) != 2 {
		t.Fatalf("CLIENT LIST: %q", list)
	}
	for _, line := range lines {
		if strings.Contains(line, " name=bee ") {
			for _, want := range []string{" db=3 ", " flags=x", " multi=1 ", " cmd=ping ", " user=default ", " resp=2 ", " lib-name=lib "} {
				if !strings.Contains(line, want) {
					t.Errorf("%q lacks %q", line, want)
				}
			}
			return
		}
	}
	t.Errorf("no client named bee in %q", list)
}

// TestClientKill: by each filter, also the client itself, whose reply comes first.
func TestClientKill(t *testing.T) {
	node := servers.NewT(t).Redis(servers.RedisOptions{})
	l := newLane(t, nil)
	l.serve(node.Addr())
	a, b := l.client(), l.client()
	b.do("CLIENT ID")
	id := strings.TrimSpace(strings.TrimPrefix(b.upTo("\r\n"), ":"))
	a.do("CLIENT KILL ID 99999", "CLIENT KILL 1.2.3.4:5", "CLIENT KILL ID 0", "CLIENT KILL TYPE odd", "CLIENT KILL ID", "CLIENT KILL ID 1 SKIPME maybe", "CLIENT KILL USER nobody")
	a.expect(":0\r\n-ERR No such client\r\n-ERR client-id should be greater than 0\r\n-ERR Unknown client type 'odd'\r\n" +
		"-ERR No such client\r\n-ERR syntax error\r\n-ERR No such user 'nobody'\r\n")
	a.do("CLIENT KILL ID " + id)
	a.expect(":1\r\n")
	if rest := b.all(); rest != "" {
		t.Errorf("the killed client got %q", rest)
	}
	a.do("CLIENT KILL TYPE normal SKIPME no", "PING")
	if got := a.all(); got != ":1\r\n" {
		t.Errorf("a client that kills itself got %q", got)
	}
}

// TestClientUnblock: the link that the blocked session waits on is unblocked by the server; that the reply begins with
// UNBLOCKED is no rejection then.
func TestClientUnblock(t *testing.T) {
	node := servers.NewT(t).Redis(servers.RedisOptions{})
	l := newLane(t, nil)
	l.serve(node.Addr())
	a, b := l.client(), l.client()
	b.do("CLIENT ID")
	id := strings.TrimSpace(strings.TrimPrefix(b.upTo("\r\n"), ":"))
	a.do("CLIENT UNBLOCK " + id)
	a.expect(":0\r\n")
	for mode, want := range map[string]string{"": "*-1\r\n", " ERROR": "-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n"} {
		b.do("BLPOP none 0")
		l.until("blocked", func() bool {
			for s := range l.g.sessions {
				if s.pin != nil && s.pin.link != nil && s.pin.link.ServerID() != 0 && s.blocked() {
					return true
				}
			}
			return false
		})
		a.do("CLIENT UNBLOCK " + id + mode)
		a.expect(":1\r\n")
		b.expect(want)
	}
	if l.lost != 0 {
		t.Errorf("%d holds", l.lost)
	}
}

// TestClientACL: whether a user may list and kill clients is for the server to say.
func TestClientACL(t *testing.T) {
	node := servers.NewT(t).Redis(servers.RedisOptions{})
	d := direct(t, node.Addr())
	d.do("ACL SETUSER low on >pw ~* +@all -client", "ACL SETUSER default off")
	d.expect("+OK\r\n+OK\r\n")
	l := newLane(t, nil)
	l.serve(node.Addr())
	c := l.client()
	c.do("AUTH low pw")
	c.expect("+OK\r\n")
	for _, command := range []string{"LIST", "INFO", "KILL ID 1", "UNBLOCK 1"} {
		c.do("CLIENT " + command)
		if got := c.upTo("\r\n"); !strings.HasPrefix(got, "-NOPERM") {
			t.Errorf("CLIENT %s: %q", command, got)
		}
	}
}

// upTo reads up to and with end.
func (c *client) upTo(end string) string {
	c.t.Helper()
	_ = c.conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	var got []byte
	for b := make([]byte, 1); !strings.HasSuffix(string(got), end); {
		if _, err := c.conn.Read(b); err != nil {
			c.t.Fatalf("%v after %q, no %q", err, got, end)
		}
		got = append(got, b[0])
	}
	return string(got)
}
