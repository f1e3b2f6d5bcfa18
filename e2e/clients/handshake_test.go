package clients

import (
	"bytes"
	"fmt"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	"sentinelproxy/internal/servers"
	"sentinelproxy/resp"
)

// handshake is what a library sends on a new connection, in steps: it waits for all replies of one before it sends the
// next. Commands of one step are written at once.
type handshake struct {
	name  string
	steps [][]string // each command as words
}

// The sequences of Lettuce are those of its class RedisHandshake (6.x and, with MAINT_NOTIFICATIONS, 7.x); those of
// Jedis of Connection.initializeFromClientConfig (5.x and later; 4.x sends no SETINFO). The last steps are what their
// pools send to see whether a connection is still good, and what tells whether the connection is set up as wished.
var handshakes = []handshake{
	{name: "Lettuce, no credentials", steps: [][]string{
		{"HELLO 3"}, // NOAUTH: Lettuce gives up here
	}},
	{name: "Lettuce, password", steps: [][]string{
		{"HELLO 3 AUTH default secret"},
		{"CLIENT SETINFO lib-name Lettuce", "CLIENT SETINFO lib-ver 6.8.1.RELEASE/f3a2b1c"},
		{"PING"},
	}},
	{name: "Lettuce 7, user, name, database", steps: [][]string{
		{"HELLO 3 AUTH app app-secret SETNAME orders"},
		{"SELECT 2"},
		{"CLIENT SETINFO lib-name Lettuce", "CLIENT SETINFO lib-ver 7.0.0.RELEASE/0c1b2a3"},
		{"CLIENT MAINT_NOTIFICATIONS on moving-endpoint-type internal-ip"},
		{"CLIENT GETNAME", "SET handshake lettuce", "GET handshake", "HGETALL nothing"},
		{"PING"},
	}},
	{name: "Lettuce, reads from a replica", steps: [][]string{
		{"HELLO 3 AUTH app app-secret"},
		{"READONLY"},
		{"CLIENT SETINFO lib-name Lettuce", "CLIENT SETINFO lib-ver 6.8.1.RELEASE/f3a2b1c"},
	}},
	{name: "Lettuce, RESP2", steps: [][]string{
		{"AUTH app app-secret"},
		{"SELECT 3"},
		{"CLIENT SETNAME orders", "CLIENT SETINFO lib-name Lettuce", "CLIENT SETINFO lib-ver 6.8.1.RELEASE/f3a2b1c"},
		{"CLIENT GETNAME", "SET handshake lettuce2", "GET handshake", "HGETALL nothing"},
	}},
	{name: "Lettuce, wrong password", steps: [][]string{
		{"HELLO 3 AUTH app wrong"},
		{"PING"},
		{"HELLO 3 AUTH app app-secret"},
		{"PING"},
	}},
	{name: "Jedis, no credentials", steps: [][]string{
		{"SELECT 4", "CLIENT SETNAME orders"}, // it ignores NOAUTH here
		{"AUTH secret"},
		{"CLIENT GETNAME", "PING"},
	}},
	{name: "Jedis, password, name, database", steps: [][]string{
		{"AUTH secret"},
		{"SELECT 4", "CLIENT SETNAME orders", "CLIENT SETINFO LIB-NAME jedis", "CLIENT SETINFO LIB-VER 6.2.0"},
		{"CLIENT GETNAME", "SET handshake jedis", "GET handshake"},
		{"PING"},
		{"QUIT"},
	}},
	{name: "Jedis, RESP3", steps: [][]string{
		{"HELLO 3 AUTH app app-secret SETNAME orders"},
		{"SELECT 5", "CLIENT SETINFO LIB-NAME jedis", "CLIENT SETINFO LIB-VER 6.2.0"},
		{"CLIENT GETNAME", "SET handshake jedis3", "GET handshake", "HGETALL nothing"},
		{"PING"},
	}},
	{name: "Jedis, RESP3, credentials of a provider", steps: [][]string{
		{"AUTH app app-secret"},
		{"HELLO 3"},
		{"SELECT 99", "CLIENT SETNAME orders", "CLIENT SETINFO LIB-NAME jedis", "CLIENT SETINFO LIB-VER 6.2.0"}, // out of range: Jedis gives up
		{"PING"},
	}},
}

// TestHandshakes compares what the proxy answers with what the server does, byte by byte, with the commands of a step
// written at once, and with every byte written alone.
func TestHandshakes(t *testing.T) {
	t.Parallel()
	pool := servers.NewT(t)
	cluster := pool.Cluster(servers.ClusterOptions{
		Sentinels: 1, Password: "secret", NodeConfig: []string{"user app on >app-secret ~* &* +@all"},
	})
	p := start(t, pool, cluster, 0, "--password", "secret")
	for _, h := range handshakes {
		t.Run(h.name, func(t *testing.T) {
			h.replay(t, cluster.Nodes[0].Port, p.port, true)
			h.replay(t, cluster.Nodes[0].Port, p.port, false)
		})
	}
	p.concluded(t)
}

// replay compares the answers to each step.
func (h *handshake) replay(t *testing.T, directly, proxied int, whole bool) {
	t.Helper()
	direct, through := converse(t, directly, whole), converse(t, proxied, whole)
	for _, step := range h.steps {
		want, got := direct(step), through(step)
		if !bytes.Equal(want, got) {
			t.Errorf("%q, written at once: %v:\ndirect %q\nproxy  %q", step, whole, want, got)
		}
	}
}

// number is what a server counts for itself: the id of a connection in the reply of HELLO.
var number = regexp.MustCompile(`\$2\r\nid\r\n:\d+\r\n`)

// unknownSetinfo is Redis's answer before 7.2. The proxy knows SETINFO whatever the server is: it has to answer the same
// before and after a switch between servers of different age.
var unknownSetinfo = []byte("-ERR unknown subcommand 'SETINFO'. Try CLIENT HELP.\r\n")

// converse connects, and returns what sends a step and reads its replies.
func converse(t *testing.T, port int, whole bool) func(step []string) []byte {
	t.Helper()
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return func(step []string) []byte {
		t.Helper()
		var out []byte
		for _, command := range step {
			out = resp.AppendCommand(out, bytes.Fields([]byte(command))...)
		}
		size := len(out)
		if !whole {
			size = 1
		}
		for ; len(out) > 0; out = out[size:] {
			if _, err := conn.Write(out[:size]); err != nil {
				t.Fatalf("%q: %v", step, err)
			}
		}
		replies := receive(t, conn, len(step), strings.Join(step, "; "))
		replies = bytes.ReplaceAll(replies, unknownSetinfo, []byte("+OK\r\n"))
		return number.ReplaceAll(replies, []byte("(id)"))
	}
}

// receive reads n replies. Where one ends, the proxy's own reader says: if it were wrong, the two sides would differ.
func receive(t *testing.T, conn net.Conn, n int, what string) []byte {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	var reader resp.ReplyReader
	var replies []byte
	for framed := 0; n > 0; {
		length, err := reader.Next(replies[framed:])
		switch {
		case err != nil:
			t.Fatalf("%s: %q: %v", what, replies, err)
		case length > 0:
			framed += length
			n--
		default:
			more := make([]byte, 4096)
			k, err := conn.Read(more)
			if err != nil {
				t.Fatalf("%s: after %q: %v", what, replies, err)
			}
			replies = append(replies, more[:k]...)
		}
	}
	return replies
}
