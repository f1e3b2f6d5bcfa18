package session

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"sentinelproxy/internal/servers"
	"sentinelproxy/proxy/upstream"
)

// vocabulary of the random differential test. No command in it blocks for ever or answers with something that
// differs between connections or depends on when the server sees a link close (PUBLISH counts its subscribers).
var vocabulary = []string{
	"GET a", "SET a 1", "INCR a", "DEL a", "LPUSH l x", "LRANGE l 0 -1", "HSET h f v", "HGETALL h", "PING", "ECHO hi",
	"MULTI", "MULTI", "EXEC", "EXEC", "DISCARD", "WATCH a", "WATCH b", "UNWATCH", "MULTI x", "EXEC x", "WATCH",
	"SELECT 0", "SELECT 1", "SELECT 99", "SELECT x",
	"SUBSCRIBE c", "SUBSCRIBE c d", "UNSUBSCRIBE c", "UNSUBSCRIBE", "PSUBSCRIBE c*", "PUNSUBSCRIBE", "SUBSCRIBE",
	"HELLO 2", "HELLO 3", "AUTH user pw", "AUTH nobody x", "RESET", "CLIENT SETNAME n", "CLIENT GETNAME",
	"BLPOP l 0.001", "BLPOP none 0.001", "NOSUCH x", "GET", "CLIENT NOSUCH", "SET a", "ACL WHOAMI",
	"CLIENT REPLY SKIP", "CLIENT REPLY ON", "CLIENT REPLY OFF", "CLIENT NO-EVICT ON", "WAIT 0 0", "READONLY",
}

// unfollowed are combinations that the session does not follow: subscribing, AUTH and HELLO inside MULTI, and
// confirmations, which come even to a client that wants no replies.
var unfollowed = [][]string{
	{"SUBSCRIBE", "AUTH", "HELLO", "CLIENT REPLY"},
	{"SUBSCRIBE", "MULTI"},
	{"CLIENT REPLY", "MULTI"},
}

// TestRandomSameAsDirect compares random conversations, pipelined whole and in pieces, with a direct connection.
func TestRandomSameAsDirect(t *testing.T) {
	pool := servers.NewT(t)
	node := pool.Redis(servers.RedisOptions{Config: []string{"user user on >pw ~* &* +@all"}})
	l := newLane(t, func(_ *lane, o *upstream.Options) { o.PoolSize = 1 })
	l.serve(node.Addr())
	fresh := direct(t, node.Addr())
	for round := range rounds {
		seed := rand.Uint64()
		without := unfollowed[round%len(unfollowed)]
		rnd := rand.New(rand.NewPCG(seed, 0))
		var commands []string
		for range 3 + rnd.IntN(15) {
			if c := vocabulary[rnd.IntN(len(vocabulary))]; !slices.ContainsFunc(without, func(w string) bool { return strings.Contains(c, w) }) {
				commands = append(commands, c)
			}
		}
		input := wire(commands...) + wire("RESET", "QUIT")
		run := func(c *client, split int) string {
			fresh.do("FLUSHALL")
			fresh.expect("+OK\r\n")
			go pieces(c, input, split)
			return normal(c.all())
		}
		want := run(direct(t, node.Addr()), 0)
		for _, split := range []int{0, 40} {
			if got := run(l.client(), split); got != want {
				t.Fatalf("%s\nin pieces of %d:\n got %q\nwant %q", strings.Join(commands, "; "), split, got, want)
			}
		}
	}
}

// rounds take about a second.
const rounds = 90
