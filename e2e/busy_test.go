package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sentinelproxy/internal/servers"
)

// TestScriptKilled: while a script runs that will not end, nobody is held, SCRIPT KILL gets through over a new link from
// whatever session, and everybody who waited goes on.
func TestScriptKilled(t *testing.T) {
	t.Parallel()
	pool := servers.NewT(t)
	cluster := pool.Cluster(servers.ClusterOptions{
		Sentinels: 1, DownAfter: 2 * patience, // a Sentinel kills scripts, too
		NodeConfig: []string{"busy-reply-threshold 20", "user user on >pw ~* &* +@all"},
	})
	p := before(t, pool, cluster)
	audited := p.audit()
	node := cluster.Nodes[0]
	setup := dial(t, p, 2)
	setup.want(t, "lib", "FUNCTION", "LOAD", "#!lua name=lib\nredis.register_function('spin', function() while true do end end)")
	for _, c := range []struct {
		name, what string
		killer     [][]string // what the session does before it kills
	}{
		{"a new session", "SCRIPT", nil},
		{"RESP3", "SCRIPT", [][]string{{"HELLO", "3"}}},
		{"another database", "SCRIPT", [][]string{{"SELECT", "3"}}},
		{"another user", "SCRIPT", [][]string{{"AUTH", "user", "pw"}, {"SELECT", "2"}}},
		{"a link of its own", "SCRIPT", [][]string{{"SUBSCRIBE", "c"}, {"RESET"}, {"CLIENT", "TRACKING", "ON"}}},
		{"function", "FUNCTION", [][]string{{"SELECT", "4"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			runs, waits, own, killer := dial(t, p, 2), dial(t, p, 2), dial(t, p, 2), dial(t, p, 2)
			waits.want(t, "OK", "SET", "k", "1")
			own.want(t, "OK", "WATCH", "k")
			for _, command := range c.killer {
				killer.ask(t, command...)
			}
			spin := []string{"EVAL", "while true do end", "0"}
			if c.what == "FUNCTION" {
				spin = []string{"FCALL", "spin", "0"}
			}
			if err := runs.send(spin); err != nil {
				t.Fatal(err)
			}
			busy(t, node)
			if err := waits.send([]string{"GET", "k"}, []string{"PING"}); err != nil {
				t.Fatal(err)
			}
			// Over a link of its own, as at the server.
			if e, is := own.ask(t, "GET", "k").(replyError); !is || !strings.HasPrefix(string(e), "BUSY ") {
				t.Errorf("GET while a script runs: %v", e)
			}
			// What comes behind it goes its usual way. Both ends are right there: the script may not have heard of it yet.
			got, err := killer.do([][]string{{c.what, "KILL"}, {"GET", "k"}})
			if err != nil || got[0] != "OK" {
				t.Fatalf("%s KILL: %v %v", c.what, got, err)
			}
			if v, err := runs.receive(); err != nil || !strings.Contains(fmt.Sprint(v), "killed by user") {
				t.Errorf("the script: %v %v", v, err)
			}
			for _, want := range []string{"1", "PONG"} {
				if v, err := waits.receive(); err != nil || v != want && !strings.HasPrefix(fmt.Sprint(v), "BUSY ") {
					t.Errorf("%s that waited: %v %v", want, v, err)
				}
			}
			killer.want(t, "OK", "SET", "from", c.name)
			waits.want(t, "1", "GET", "k")
			own.want(t, "1", "GET", "k")
			runs.want(t, "1", "GET", "k")
			killer.want(t, c.name, "GET", "from") // in the database that it was in
			want := dialAt(t, node.Addr())
			killer.want(t, fmt.Sprint(want.ask(t, c.what, "KILL")), c.what, "KILL") // nothing runs
		})
	}
	audited()
	p.calm()
}

// busy waits until the server says that it is.
func busy(t *testing.T, node *servers.Node) {
	t.Helper()
	w := dialAt(t, node.Addr())
	eventually(t, "the server is busy", func() error {
		if v := w.ask(t, "PING"); !strings.HasPrefix(fmt.Sprint(v), "BUSY ") {
			time.Sleep(time.Millisecond)
			return fmt.Errorf("%v", v)
		}
		return nil
	})
}

// dialAt is dial for a server.
func dialAt(t testing.TB, addr string) *wire {
	t.Helper()
	w, err := connect("tcp", addr, 2)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.close)
	return w
}
