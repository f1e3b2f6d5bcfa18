package e2e

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"sentinelproxy/internal/servers"
)

// malformed is what no client of Redis should send, by name.
var malformed = map[string]string{
	"count is no number":         "*x\r\n",
	"count is empty":             "*\r\n",
	"count too large":            "*2147483648\r\n",
	"count beyond any integer":   "*99999999999999999999\r\n",
	"count with a sign":          "*+1\r\n$4\r\nPING\r\n",
	"count with a zero in front": "*01\r\n$4\r\nPING\r\n",
	"count without an end":       "*" + strings.Repeat("1", 300_000),
	"negative count":             "*-2\r\n",
	"no arguments":               "*0\r\n*-1\r\n",
	"length is no number":        "*1\r\n$x\r\n",
	"length is empty":            "*1\r\n$\r\n",
	"length is negative":         "*1\r\n$-1\r\n",
	"length too large":           "*1\r\n$536870913\r\n",
	"length beyond any integer":  "*2\r\n$3\r\nGET\r\n$99999999999999999999\r\n",
	"length without an end":      "*1\r\n$" + strings.Repeat("1", 300_000),
	"no dollar":                  "*1\r\n:1\r\n",
	"no dollar, a word":          "*2\r\n$3\r\nGET\r\nabc\r\n",
	"no dollar, a line end":      "*1\r\n\r\n",
	"array in array":             "*1\r\n*1\r\n$4\r\nPING\r\n",
	"behind good ones":           "*1\r\n$4\r\nPING\r\n*2\r\n$3\r\nGET\r\n$1\r\na\r\n*1\r\n!\r\n",
	"behind a MULTI":             "*1\r\n$5\r\nMULTI\r\n*1\r\n$4\r\nPING\r\n*1\r\n$-5\r\n",
	"line too long":              strings.Repeat("a", 300_000),
	"line with open quotes":      "SET a \"b\r\n",
	"line with text at a quote":  "SET a \"b\"c\r\n",
	"line with a NUL":            "PI\x00NG\r\n" + strings.Repeat("a", 300_000),
	"NUL bytes":                  "\x00\x00\x00\r\n" + strings.Repeat("\x00", 300_000),
	"NUL in an argument":         "*2\r\n$4\r\nECHO\r\n$3\r\na\x00b\r\n",
	"NUL in a name":              "*1\r\n$5\r\nPI\x00NG\r\n",
	"line ends in a name":        "*1\r\n$6\r\nPI\r\nNG\r\n",
	"empty name":                 "*1\r\n$0\r\n\r\n",
	"empty line":                 "\r\n\r\n\n",
	"spaces":                     "   \r\n",
	"a reply":                    "+OK\r\n",
	"a RESP3 map":                "%1\r\n+a\r\n+b\r\n",
	"TLS":                        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n" + strings.Repeat("\x00", 300_000),
	"POST":                       "POST / HTTP/1.1\r\nHost: x\r\n\r\n",
	"post in an array":           "*1\r\n$4\r\nPoSt\r\n",
	"Host:":                      "Host: x\r\n",
	"GET of HTTP":                "GET / HTTP/1.1\r\n\r\n",
}

// spoken sends input and QUIT behind it, and tells all that comes until the connection is closed: "+OK" is the last where
// QUIT was read.
func spoken(t *testing.T, addr, input string) string {
	t.Helper()
	conn, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	_, _ = io.WriteString(conn, input+"*1\r\n$4\r\nQUIT\r\n") // whoever reads it may close before it has read all
	return all(t, conn)
}

// all reads until the other side closes, by a reset where it has not read everything.
func all(t *testing.T, from io.Reader) string {
	t.Helper()
	got, err := io.ReadAll(from)
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		t.Fatalf("not closed after %q", got)
	}
	return string(got)
}

// spokenTwice sends Host: when the first line is answered.
func spokenTwice(t *testing.T, addr, first string) string {
	t.Helper()
	w, err := connect("tcp", addr, 2)
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	_ = w.conn.SetDeadline(time.Now().Add(patience))
	_, _ = io.WriteString(w.conn, first)
	reply, err := w.receive()
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(w.conn, "Host: x\r\nPING\r\n")
	return fmt.Sprintf("%v %s", reply, all(t, w.in))
}

// TestMalformed: what is no RESP, beyond a limit, or HTTP, is answered as the server answers it, and ends the connection
// where the server ends it. It costs nobody else anything.
func TestMalformed(t *testing.T) {
	t.Parallel()
	pool := servers.NewT(t)
	cluster := pool.Cluster(servers.ClusterOptions{Sentinels: 1, DownAfter: patience})
	p := before(t, pool, cluster)
	other := dial(t, p, 2)
	other.want(t, "OK", "WATCH", "a")
	for name, input := range malformed {
		t.Run(name, func(t *testing.T) {
			want := spoken(t, cluster.Nodes[0].Addr(), input)
			if got := spoken(t, p.addr, input); got != want {
				t.Errorf("%.80q:\n got %.300q\nwant %.300q", input, got, want)
			}
		})
	}
	for _, first := range []string{"GET / HTTP/1.1\r\n", "*1\r\n$5\r\nMULTI\r\n", "*2\r\n$5\r\nWATCH\r\n$1\r\na\r\n"} {
		t.Run("Host: behind "+strings.Fields(first)[0], func(t *testing.T) {
			// One after another: what the server has to say to the first is lost where both come in one read.
			want, got := spokenTwice(t, cluster.Nodes[0].Addr(), first), spokenTwice(t, p.addr, first)
			if got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
	other.want(t, "OK", "MULTI")
	other.want(t, "[]", "EXEC")
	p.left(1)
	p.calm()
}

// TestMalformedUnauthenticated: where the server wants a password, those who have not given it may send little.
func TestMalformedUnauthenticated(t *testing.T) {
	t.Parallel()
	pool := servers.NewT(t)
	cluster := pool.Cluster(servers.ClusterOptions{Sentinels: 1, DownAfter: patience, Password: "pw"})
	p := before(t, pool, cluster, "--password", "pw")
	for _, input := range []string{
		"*11\r\n", "*1\r\n$16385\r\n", "*10\r\n$3\r\nDEL\r\n" + strings.Repeat("$1\r\na\r\n", 9), "*1\r\n$-1\r\n", "*x\r\n", "GET a\r\n", "MULTI\r\n",
		"SUBSCRIBE a\r\n", "POST / HTTP/1.1\r\n", "*1\r\n:\r\n", "AUTH no\r\n", "AUTH pw\r\n*11\r\n" + strings.Repeat("$1\r\na\r\n", 11),
	} {
		want := spoken(t, cluster.Nodes[0].Addr(), input)
		if got := spoken(t, p.addr, input); got != want {
			t.Errorf("%.80q:\n got %.300q\nwant %.300q", input, got, want)
		}
	}
}
