package session

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"sentinelproxy/internal/servers"
	"sentinelproxy/proxy/upstream"
)

// inputs are what a client sends on one connection. QUIT ends each, so that all output can be read.
var inputs = map[string]string{
	"plain":                wire("SET a 1", "GET a", "INCR a", "DEL a", "GET a", "PING", "PING hello", "ECHO x", "LPUSH l 1 2 3", "LRANGE l 0 -1"),
	"errors":               wire("GET", "SET a", "LPUSH a", "NOSUCH x y", "INCR", "SET a x", "INCR a", "LPUSH a 1", "CONFIG NOSUCH", "CLIENT NOSUCH"),
	"case":                 wire("sEt a 1", "gET a", "sELECT 2", "gET a", "mULTI", "gET a", "eXEC"),
	"inline":               "PING\r\nSET a \"x y\\x41\"\r\nGET a\n\r\n\r\nGET 'a'\r\nSELECT 1\r\nGET a\r\nMULTI\r\nSET \"q r\" 's'\r\nEXEC\r\n",
	"inline quotes":        "SET a \"unbalanced\r\n",
	"empty":                "*0\r\n*-1\r\n\r\n" + wire("PING"),
	"bad multibulk":        wire("SET a 1") + "*x\r\n",
	"bad bulk":             wire("SET a 1", "GET a") + "*1\r\n$-1\r\n",
	"no dollar":            wire("GET a") + "*2\r\n$3\r\nGET\r\n:1\r\n",
	"select":               wire("SET a 0", "SELECT 1", "GET a", "SET a 1", "SELECT 0", "GET a", "SELECT 1", "GET a", "SELECT 99", "SELECT x", "SELECT", "SELECT -1", "GET a"),
	"multi":                wire("SET a 1", "MULTI", "INCR a", "GET a", "EXEC", "GET a"),
	"multi discard":        wire("MULTI", "INCR a", "DISCARD", "GET a", "DISCARD", "EXEC"),
	"multi error":          wire("MULTI", "NOSUCH", "GET a", "EXEC", "MULTI", "SET a x", "INCR a", "EXEC"),
	"multi nested":         wire("MULTI", "MULTI", "GET a", "WATCH a", "EXEC", "GET a"),
	"multi bad arity":      wire("WATCH a", "MULTI x", "MULTI", "GET a", "EXEC", "MULTI x", "MULTI", "EXEC"),
	"multi multi":          wire("MULTI", "GET a", "EXEC", "MULTI", "GET b", "EXEC", "MULTI", "EXEC"),
	"multi select":         wire("SET a 0", "MULTI", "SELECT 3", "SET a 3", "EXEC", "GET a", "SELECT 0", "GET a"),
	"multi locals":         wire("MULTI", "CLIENT SETNAME n", "SELECT x", "PING", "EXEC", "GET a"),
	"multi reset":          wire("SELECT 1", "MULTI", "SET a 1", "RESET", "GET a", "EXEC"),
	"exec alone":           wire("EXEC", "DISCARD", "UNWATCH", "GET a"),
	"watch":                wire("SET a 1", "WATCH a", "GET a", "MULTI", "INCR a", "EXEC", "WATCH a", "SET a 2", "MULTI", "INCR a", "EXEC", "GET a"),
	"watch behind exec":    wire("WATCH a", "MULTI", "SET a 1", "EXEC", "WATCH b", "SET b 2", "MULTI", "INCR b", "EXEC", "GET b"),
	"watch behind unwatch": wire("WATCH a", "UNWATCH", "WATCH b", "SET b 2", "MULTI", "INCR b", "EXEC", "GET b"),
	"watch behind discard": wire("MULTI", "DISCARD", "WATCH b", "SET b 2", "MULTI", "INCR b", "EXEC", "GET b"),
	"watch unwatch":        wire("WATCH a b", "UNWATCH", "SET a 1", "MULTI", "GET a", "EXEC", "WATCH", "GET a"),
	"blocking":             wire("LPUSH l 1 2", "BLPOP l 0", "BRPOP l 0", "BLPOP l 0.01", "GET a", "BLMOVE l m LEFT LEFT 0.01", "BLPOP l x", "GET a"),
	"blocking multi":       wire("MULTI", "BLPOP l 0", "EXEC", "GET a"),
	"subscribe":            wire("SUBSCRIBE a b", "PSUBSCRIBE p*", "PING", "PING x", "GET a", "UNSUBSCRIBE a", "UNSUBSCRIBE", "PUNSUBSCRIBE", "GET a", "SET a 1"),
	"unsubscribe auth":     wire("UNSUBSCRIBE", "AUTH user pw", "ACL WHOAMI", "UNSUBSCRIBE", "HELLO 3", "HGETALL h", "UNSUBSCRIBE", "SELECT 2", "SET a 1"),
	"subscribe same":       wire("SUBSCRIBE a a", "SUBSCRIBE a", "UNSUBSCRIBE a a", "UNSUBSCRIBE", "GET a"),
	"subscribe none":       wire("UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE", "UNSUBSCRIBE x y", "GET a", "SUBSCRIBE", "GET a"),
	"subscribe shard":      wire("SSUBSCRIBE s t", "SUNSUBSCRIBE", "GET a"),
	"subscribe reset":      wire("SUBSCRIBE a", "RESET", "GET a", "SET a 1"),
	"subscribe in w":       wire("WATCH a", "LPUSH l x message", "LRANGE l 0 -1", "SUBSCRIBE c", "UNSUBSCRIBE", "UNWATCH", "GET a"),
	"looks like one":       wire("LPUSH l x message", "LPUSH m 1 c unsubscribe", "WATCH a", "LRANGE l 0 -1", "LRANGE m 0 -1", "UNWATCH", "LRANGE l 0 -1"),
	"resp3":                wire("HSET h f v", "HELLO 3", "HGETALL h", "GET a", "CLIENT GETNAME", "SUBSCRIBE a", "GET a", "UNSUBSCRIBE a", "HGETALL h", "HELLO 2", "HGETALL h"),
	"resp3 multi":          wire("HELLO 3", "HSET h f v", "MULTI", "HGETALL h", "EXEC", "WATCH a", "SET a 1", "MULTI", "EXEC", "RESET", "HGETALL h"),
	"resp3 pinned":         wire("WATCH a", "HELLO 3", "HSET h f v", "HGETALL h", "UNWATCH", "HGETALL h", "WATCH a", "HELLO 2", "UNWATCH", "HGETALL h"),
	"hello errors":         wire("HELLO 4", "HELLO x", "HELLO 3 NOSUCH", "HELLO 3 AUTH", "HELLO 3 AUTH nobody pw", "GET a", "HELLO 3 SETNAME n", "CLIENT GETNAME", "HELLO 2 SETNAME m", "CLIENT GETNAME"),
	"auth":                 wire("AUTH x", "AUTH nobody x", "AUTH", "AUTH a b c", "GET a", "AUTH user pw", "GET a", "SET a 1"),
	"auth pinned":          wire("WATCH a", "AUTH nobody x", "GET a", "AUTH user pw", "GET a", "UNWATCH", "GET a"),
	"names":                wire("CLIENT GETNAME", "CLIENT SETNAME me", "CLIENT GETNAME", "CLIENT SETNAME", "CLIENT SETNAME a\x01b", `CLIENT SETNAME ""`, "CLIENT GETNAME", "WATCH a", "CLIENT SETNAME w", "CLIENT GETNAME", "UNWATCH", "CLIENT GETNAME"),
	"reply off":            wire("SET a 1", "CLIENT REPLY OFF", "INCR a", "GET a", "CLIENT REPLY ON", "GET a"),
	"reply skip":           wire("CLIENT REPLY SKIP", "SET a 1", "GET a", "CLIENT REPLY SKIP", "CLIENT REPLY ON", "GET a", "CLIENT REPLY SKIP", "GET a"),
	"reply errors":         wire("CLIENT REPLY", "CLIENT REPLY NOSUCH", "GET a"),
	"reply off twice":      wire("CLIENT REPLY OFF", "CLIENT REPLY OFF", "GET a", "CLIENT REPLY SKIP", "CLIENT REPLY ON", "CLIENT REPLY ON"),
	"reply off local":      wire("CLIENT REPLY OFF", "CLIENT SETNAME x", "SELECT 1", "SET a 1", "CLIENT GETNAME", "CLIENT REPLY ON", "CLIENT GETNAME", "GET a", "SELECT 0", "GET a"),
	"reply skip local":     wire("CLIENT REPLY SKIP", "CLIENT SETNAME x", "GET a", "CLIENT REPLY SKIP", "SELECT 1", "SET a 1", "GET a", "SELECT 0", "GET a"),
	"reply subscribed":     wire("SUBSCRIBE a", "CLIENT REPLY OFF", "PING", "CLIENT REPLY SKIP", "PING", "UNSUBSCRIBE a", "CLIENT REPLY SKIP", "GET a", "GET a"),
	"reply skip off":       wire("CLIENT REPLY SKIP", "CLIENT REPLY OFF", "GET a", "RESET", "GET a"),
	"reply reset":          wire("CLIENT REPLY OFF", "RESET", "GET a", "CLIENT REPLY SKIP", "RESET", "GET a"),
	"reply off sub":        wire("CLIENT REPLY OFF", "SUBSCRIBE a b", "PSUBSCRIBE p*", "UNSUBSCRIBE a", "UNSUBSCRIBE", "PUNSUBSCRIBE", "GET a", "CLIENT REPLY ON", "GET a"),
	"reply off sub resp3":  wire("HELLO 3", "CLIENT REPLY OFF", "SUBSCRIBE a b", "GET a", "PUBLISH a x", "UNSUBSCRIBE", "UNSUBSCRIBE", "CLIENT REPLY ON", "GET a"),
	"reply sub in multi":   wire("MULTI", "SUBSCRIBE a", "UNSUBSCRIBE a", "EXEC", "CLIENT REPLY OFF", "GET a", "CLIENT REPLY ON", "GET a"),
	"reply invalidation":   wire("HELLO 3", "CLIENT TRACKING ON", "GET a", "CLIENT REPLY OFF", "SET a 1", "CLIENT REPLY ON", "GET a"),
	"reply skip sub":       wire("CLIENT REPLY SKIP", "SUBSCRIBE a b", "UNSUBSCRIBE", "GET a"),
	"tracking":             wire("HELLO 3", "CLIENT TRACKING ON", "GET a", "CLIENT TRACKING OFF", "GET a"),
	"scripts":              wire("EVAL return{1,'x',{2}} 0", "EVAL return{err='MINE'} 0", "EVALSHA 0 0", "SCRIPT NOSUCH"),
	"wait":                 wire("SET a 1", "WAIT 0 0", "WAIT 1 10", "GET a"),
	"sort":                 wire("LPUSH l 3 1 2", "SORT l", "SORT l STORE m", "LRANGE m 0 -1", "OBJECT ENCODING l", "DBSIZE", "FLUSHALL", "DBSIZE"),
	"large":                wire("SET a "+strings.Repeat("x", 300000), "GET a", "GETRANGE a 0 70000", "GET a", "STRLEN a"),
	"larger":               wire("SET a 1", "SET a "+strings.Repeat("x", 3<<19), "APPEND a y", "STRLEN a", "WATCH a", "SET b "+strings.Repeat("z", 1<<20), "MULTI", "SET c "+strings.Repeat("z", 5<<18), "GET b", "EXEC", "GET a", "HELLO 3", "SET d "+strings.Repeat("d", 1<<20), "GET d"),
	"many":                 strings.Repeat(wire("INCR a", "GET a"), 6000),
	"reset args":           wire("RESET x", "SELECT 1", "SET a 1", "RESET", "GET a", "CLIENT SETNAME n", "RESET", "CLIENT GETNAME"),
	"readonly":             wire("READONLY", "READWRITE", "ASKING", "GET a"),
}

// ids in the reply to HELLO, and addresses, differ.
var ids = regexp.MustCompile(`\$2\r\nid\r\n:[0-9]+`)

func normal(out string) string { return ids.ReplaceAllString(out, "$$2\r\nid\r\n:0") }

// TestSameAsDirect sends each input to a server directly, whole, and through the lane, whole, in random pieces
// and byte by byte.
func TestSameAsDirect(t *testing.T) {
	pool := servers.NewT(t)
	node := pool.Redis(servers.RedisOptions{Config: []string{"user user on >pw ~* &* +@all"}})
	fresh := func() { // every connection starts with an empty server
		c := direct(t, node.Addr())
		c.do("FLUSHALL", "SCRIPT FLUSH")
		c.expect("+OK\r\n+OK\r\n")
		c.close()
	}
	for name, input := range inputs {
		t.Run(name, func(t *testing.T) {
			input += wire("QUIT")
			fresh()
			d := direct(t, node.Addr())
			go func() { _, _ = d.conn.Write([]byte(input)) }() // what does not arrive is missed below
			want := normal(d.all())
			pooled, single := newLane(t, nil), newLane(t, func(_ *lane, o *upstream.Options) { o.PoolSize = 0 })
			pooled.serve(node.Addr())
			single.serve(node.Addr()) // each pin gets a new link, so state that was left behind is missed
			for i, split := range []int{0, 0, 400, 30, 1} {
				l := pooled
				if i == 1 {
					l = single
				}
				if split > 0 && split < len(input)/2000 {
					continue // would take long and show nothing more
				}
				fresh()
				c := l.client()
				go pieces(c, input, split)
				if got := normal(c.all()); got != want {
					i := 0
					for i < min(len(got), len(want)) && got[i] == want[i] {
						i++
					}
					i = max(0, i-40)
					t.Fatalf("pieces of %d:\n got ...%.300q\nwant ...%.300q", split, got[i:], want[i:])
				}
			}
		})
	}
}

// pieces writes input in random pieces of up to n bytes; 0: whole.
func pieces(c *client, input string, n int) {
	for len(input) > 0 {
		k := len(input)
		if n > 0 {
			k = min(k, 1+rand.IntN(n))
		}
		if _, err := c.conn.Write([]byte(input[:k])); err != nil {
			return // closed after a protocol error
		}
		if input = input[k:]; rand.IntN(8) == 0 {
			time.Sleep(50 * time.Microsecond)
		}
	}
}
