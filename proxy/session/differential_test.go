package session

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"sentinelproxy/internal/servers"
	"sentinelproxy/proxy/command"
	"sentinelproxy/proxy/upstream"
)

// rounds of a test with random conversations: n of them, unless SENTINELPROXY_ROUNDS says how many times as many.
func rounds(t *testing.T, n int) int {
	t.Helper()
	if testing.Short() {
		n = max(1, n/5)
	}
	if text := os.Getenv("SENTINELPROXY_ROUNDS"); text != "" {
		times, err := strconv.ParseFloat(text, 64)
		if err != nil {
			t.Fatalf("SENTINELPROXY_ROUNDS=%s: %v", text, err)
		}
		n = max(1, int(times*float64(n)))
	}
	return n
}

// seeds gives a test's seed: SENTINELPROXY_SEED, or a new one.
func seeds(t *testing.T) uint64 {
	t.Helper()
	if text := os.Getenv("SENTINELPROXY_SEED"); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatalf("SENTINELPROXY_SEED=%s: %v", text, err)
		}
		return seed
	}
	return rand.Uint64()
}

// shrink drops commands for as long as what is left still fails, and returns what is left and how it fails.
func shrink(talk conversation, failure string, fails func(conversation) string) (conversation, string) {
	for size := max(1, len(talk)/2); size > 0; {
		smaller := false
		for at := 0; at+size <= len(talk); {
			less := append(append(conversation{}, talk[:at]...), talk[at+size:]...)
			if f := fails(less); f != "" {
				talk, failure, smaller = less, f, true
				continue
			}
			at += size
		}
		if !smaller || size > 1 {
			size /= 2
		}
	}
	return talk, failure
}

// shortOfPatience is for shrinking what has failed because something never came.
func shortOfPatience() (end func()) {
	before := patience
	patience = time.Second
	return func() { patience = before }
}

// random groups of commands that are sent at once.
func randomGroups(rnd *rand.Rand, n int) []int {
	switch rnd.IntN(4) {
	case 0:
		return []int{1}
	case 1:
		return []int{n}
	}
	var groups []int
	for range n {
		groups = append(groups, 1+rnd.IntN(1+rnd.IntN(6)))
	}
	return groups
}

// withUser is the configuration of the servers of these tests. With the usual hz a blocked client waits up to 100 ms longer
// than it has said.
var withUser = servers.RedisOptions{Config: []string{"user user on >pw ~* &* +@all", "repl-ping-replica-period 3600", "hz 500"}}

// TestRandomSameAsDirect holds random conversations with a server directly, each command awaited, and through the
// lane, awaited, pipelined, in groups, and cut into pieces.
func TestRandomSameAsDirect(t *testing.T) {
	pool := servers.NewT(t)
	sameAsDirect(t, pool.Redis(withUser), rounds(t, 700), generator{alone: true})
}

func sameAsDirect(t *testing.T, node *servers.Node, n int, g generator) {
	t.Helper()
	seed := seeds(t)
	serving := func() *lane {
		l := newLane(t, func(_ *lane, o *upstream.Options) { o.PoolSize, o.StreamingThreshold = pooled, 32<<10 })
		l.serve(node.Addr())
		return l
	}
	l := serving()
	admin := direct(t, node.Addr())
	commands := 0
	for round := range n {
		rnd := rand.New(rand.NewPCG(seed, uint64(round)))
		g.Rand = rnd
		talk := g.conversation(3 + rnd.IntN(12))
		groups, split := randomGroups(rnd, len(talk)), rnd.IntN(2) == 0
		commands += len(talk)
		fails := func(talk conversation) string {
			talk = talk.own("q")
			fresh(admin, talk)
			want, err := ask(direct(t, node.Addr()), talk, func(int) {})
			if err != nil {
				return err.Error()
			}
			var pieces *rand.Rand
			if split {
				pieces = rnd
			}
			fresh(admin, talk)
			got, err := pipelined(l.client(), talk, want, groups, pieces)
			wrong := compare(talk, want, "q", replies{got, "q"}, unstable)
			if wrong == "" && err != nil {
				wrong = err.Error()
			}
			if wrong == "" {
				wrong = leftOver(l)
			}
			return wrong
		}
		if failure := fails(talk); failure != "" {
			failing := fails
			fails = func(talk conversation) string {
				l = serving() // the former one's links may be in any state
				return failing(talk)
			}
			defer shortOfPatience()()
			talk, failure = shrink(talk, failure, fails)
			t.Fatalf("SENTINELPROXY_SEED=%d, round %d, groups %v, in pieces: %v\n%s%s", seed, round, groups, split, talk, failure)
		}
	}
	t.Logf("seed %d: %d conversations of %d commands", seed, n, commands)
}

// leftOver looks for what a session has left on the links that the next ones get: in MULTI the server itself answers
// CLIENT INFO.
func leftOver(l *lane) string {
	talk := said("MULTI", "CLIENT INFO", "EXEC")
	for range pooled {
		got, err := pipelined(l.client(), talk, answers{}, []int{len(talk)}, nil)
		if err != nil || len(got) != 5 || got[0] != "+OK\r\n" || got[1] != "+QUEUED\r\n" || !strings.HasPrefix(got[2], "*1\r\n$") {
			return fmt.Sprintf("the next session got %q, %v", got, err)
		}
		for _, field := range strings.Fields(got[2]) {
			name, value, _ := strings.Cut(field, "=")
			if want, known := clean[name]; known && value != want {
				return fmt.Sprintf("the next session's link has %s", field)
			}
		}
	}
	return ""
}

// clean is what CLIENT INFO says of a new connection inside MULTI. Dragonfly does not say all of it.
var clean = map[string]string{
	"db": "0", "sub": "0", "psub": "0", "ssub": "0", "user": "default", "resp": "2", "redir": "-1",
}

// pooled is how many links of a kind the lanes of these tests keep for the next sessions.
const pooled = 2

// fresh empties a server for a conversation. Forgetting scripts takes much longer than all the rest.
func fresh(admin *client, talk conversation) {
	commands := []string{"FLUSHALL"}
	for _, l := range talk {
		if l.info().Flags.Has(command.Scripting) {
			commands = []string{"FLUSHALL", "SCRIPT FLUSH", "FUNCTION FLUSH"}
		}
	}
	admin.do(commands...)
	for range commands {
		_ = admin.reply()
	}
}
