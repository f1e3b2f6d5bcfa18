package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sentinelproxy/internal/servers"
)

// mood is a state of the server in which it refuses some of what it is asked. None of them is a matter of which node is the
// master, so the proxy passes on what the server says and holds nobody.
type mood struct {
	name    string
	config  []string // CONFIG SET of these
	undo    []string
	asked   [][]string
	refused string // the word that comes with at least one of the replies
}

var moods = []mood{
	{
		name: "out of memory", refused: "OOM", config: []string{"maxmemory", "1"}, undo: []string{"maxmemory", "0"},
		asked: [][]string{
			{"SET", "k", "1"},
			{"GET", "k"},
			{"PING"},
			{"DEL", "k"},
			{"MULTI"},
			{"SET", "k", "1"},
			{"EXEC"},
			{"MULTI"},
			{"GET", "k"},
			{"EXEC"},
			{"EVAL", "return redis.call('SET', KEYS[1], 1)", "1", "k"},
			{"EVAL", "return redis.call('GET', KEYS[1])", "1", "k"},
			{"SELECT", "7"},
			{"SET", "k", "1"},
			{"LPUSH", "l", "1"},
			{"BLPOP", "l", "0.01"},
			{"SUBSCRIBE", "c"},
		},
	},
	{
		name: "no replicas", refused: "NOREPLICAS", config: []string{"min-replicas-to-write", "3"}, undo: []string{"min-replicas-to-write", "0"},
		asked: [][]string{
			{"SET", "k", "1"},
			{"GET", "k"},
			{"PING"},
			{"MULTI"},
			{"SET", "k", "1"},
			{"EXEC"},
			{"WATCH", "k"},
			{"INCR", "k"},
			{"UNWATCH"},
			{"EVAL", "return redis.call('SET', KEYS[1], 1)", "1", "k"},
			{"SELECT", "8"},
			{"SET", "k", "1"},
			{"BLPOP", "l", "0.01"},
		},
	},
	{
		name: "can't save", refused: "MISCONF", config: []string{"save", "3600 1000000"}, undo: []string{"save", ""},
		asked: [][]string{
			{"SET", "k", "1"},
			{"GET", "k"},
			{"PING"},
			{"MULTI"},
			{"SET", "k", "1"},
			{"EXEC"},
			{"SELECT", "9"},
			{"GET", "k"},
			{"SET", "k", "1"},
			{"HELLO", "3"},
			{"GET", "k"},
			{"WATCH", "k"},
			{"GET", "k"},
			{"UNWATCH"},
			{"EVAL", "return redis.call('SET', KEYS[1], 1)", "1", "k"},
			{"SUBSCRIBE", "c"},
		},
	},
	{
		name: "not allowed", refused: "NOPERM",
		asked: [][]string{
			{"AUTH", "reader", "pw"},
			{"GET", "k"},
			{"SET", "k", "1"},
			{"GET", "other"},
			{"MULTI"},
			{"SET", "k", "1"},
			{"EXEC"},
			{"BLPOP", "k", "1"},
			{"SUBSCRIBE", "c"},
			{"SCRIPT", "KILL"},
			{"CONFIG", "GET", "save"},
			{"SELECT", "1"},
			{"PING"},
			{"NOSUCH"},
			{"CLIENT", "KILL", "ID", "999999"},
			{"EVAL", "return 1", "0"},
			{"AUTH", "reader", "no"},
			{"GET", "k"},
		},
	},
	{
		name: "wrong type", refused: "WRONGTYPE",
		asked: [][]string{
			{"SET", "k", "x"},
			{"LPUSH", "k", "1"},
			{"INCR", "k"},
			{"BLPOP", "k", "1"},
			{"MULTI"},
			{"LPUSH", "k", "1"},
			{"EXEC"},
			{"GET", "k"},
			{"XREAD", "BLOCK", "1", "STREAMS", "k", "0"},
			{"EVALSHA", "0", "0"},
			{"SCRIPT", "KILL"},
			{"FUNCTION", "KILL"},
			{"OBJECT", "FREQ", "k"},
			{"DEL", "k"},
		},
	},
}

// TestMoods: what the server refuses in some state is refused through the proxy in the same words, over links that were
// there before and over new ones.
func TestMoods(t *testing.T) {
	t.Parallel()
	pool := servers.NewT(t)
	cluster := pool.Cluster(servers.ClusterOptions{Sentinels: 1, DownAfter: patience, NodeConfig: []string{"user reader on >pw ~k +@read +multi +exec +@connection -client|kill"}})
	node := cluster.Nodes[0]
	// A directory in its place: a save fails, whoever the server runs as.
	if err := os.Mkdir(filepath.Join(node.Dir(), "dump.rdb"), 0o700); err != nil {
		t.Fatal(err)
	}
	p := before(t, pool, cluster)
	other := dial(t, p, 2)
	audited := p.audit()
	for _, m := range moods {
		t.Run(m.name, func(t *testing.T) {
			if m.config != nil {
				configure(t, node, m.config...)
				defer configure(t, node, m.undo...)
			}
			if m.refused == "MISCONF" {
				failToSave(t, node)
			}
			want, got := conversation(t, node.Addr(), m.asked), conversation(t, p.addr, m.asked)
			for i := range want {
				if got[i] != want[i] {
					t.Errorf("%q: got %s, want %s", m.asked[i], got[i], want[i])
				}
			}
			if !strings.Contains(strings.Join(want, "\n"), m.refused) {
				t.Errorf("the server has not said %s: %q", m.refused, want)
			}
			other.want(t, "<nil>", "GET", "nothing")
		})
	}
	audited()
	p.calm()
}

// conversation is one client's, and the replies as fmt.Sprint writes them.
func conversation(t *testing.T, addr string, commands [][]string) (replies []string) {
	t.Helper()
	w, err := connect("tcp", addr, 2)
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	for _, c := range commands {
		if v := w.ask(t, c...); c[0] == "HELLO" {
			replies = append(replies, fmt.Sprintf("%T", v)) // it has an id
		} else {
			replies = append(replies, fmt.Sprintf("%T %v", v, v))
		}
	}
	return replies
}

func configure(t *testing.T, node *servers.Node, args ...string) {
	t.Helper()
	command := []any{"CONFIG", "SET"}
	for _, a := range args {
		command = append(command, a)
	}
	if _, err := node.Do(context.Background(), command...); err != nil {
		t.Fatal(err)
	}
}

func failToSave(t *testing.T, node *servers.Node) {
	t.Helper()
	if _, err := node.Do(context.Background(), "BGSAVE"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the save fails", func() error {
		info, err := node.Do(context.Background(), "INFO", "persistence")
		if err == nil && !strings.Contains(fmt.Sprint(info), "rdb_last_bgsave_status:err") {
			err = fmt.Errorf("%v", info)
		}
		return err
	})
}
