package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sentinelproxy/e2e/plainresp"
	"sentinelproxy/internal/servers"
)

// left waits until so many clients are connected: those that have ended are seen to have.
func (p *proxy) left(clients int64) {
	p.t.Helper()
	eventually(p.t, fmt.Sprintf("%d clients are left", clients), func() error {
		s, err := p.status()
		if sum := s.sum(); err == nil && sum.Clients != clients {
			err = fmt.Errorf("%d are there", sum.Clients)
		}
		return err
	})
}

// TestCLI: what redis-cli prints through the proxy is what it prints at the server itself.
func TestCLI(t *testing.T) {
	t.Parallel()
	pool := servers.NewT(t)
	cluster := pool.Cluster(servers.ClusterOptions{Sentinels: 1, NodeConfig: []string{"enable-debug-command yes"}})
	p := before(t, pool, cluster)
	master := cluster.Nodes[0]
	for _, c := range []struct {
		name string
		in   string
		args []string
	}{
		{"a session", "PING\nSET k v\nGET k\nGET nothing\nINCR k\nLPUSH l a b c\nLRANGE l 0 -1\nNONSENSE 1\nGET\n", nil},
		{"a session in RESP3", "HSET h a 1 b 2\nHGETALL h\nSADD s x\nSMEMBERS s\nZADD z 1.5 m\nZSCORE z m\nGET nothing\n", []string{"-3"}},
		{"a transaction", "MULTI\nSET k 1\nINCR k\nEXEC\nMULTI\nNONSENSE\nEXEC\nMULTI\nDISCARD\nEXEC\nDISCARD\nWATCH k\nUNWATCH\n", nil},
		{"databases", "SELECT 3\nSET k three\nGET k\nSELECT 0\nGET k\nSELECT 99\nSELECT x\nSELECT\nDBSIZE\n", nil},
		{"-n", "", []string{"-n", "3", "GET", "k"}},
		{"names", "CLIENT SETNAME me\nCLIENT GETNAME\nCLIENT SETNAME 'a b'\nCLIENT ID extra\nCLIENT GETNAME extra\nCLIENT SETNAME\nRESET extra\nRESET\nCLIENT GETNAME\n", nil},
		{"a protocol changed under way", "HELLO 4\nHELLO x\nHELLO 2 NONSENSE\nHGETALL h\n", nil},
		{"AUTH without a password", "AUTH x\nAUTH x y\nAUTH\n", nil},
		{"quoted", "SET 'a b' \"x\\ny\"\nGET 'a b'\nECHO \"\\x00\\xff\"\n", nil},
		{"documentation", "COMMAND DOCS GET\nCOMMAND COUNT\nCOMMAND INFO GET\nCOMMAND GETKEYS MSET a 1 b 2\n", nil},
		{"a script", "", []string{"EVAL", "return {KEYS[1],ARGV[1],redis.call('PING')}", "1", "k", "v"}},
		{"an argument from stdin", strings.Repeat("0123456789", 100000), []string{"-x", "SET", "large"}},
		{"a large reply", "", []string{"GET", "large"}},
		{"repeated", "", []string{"-r", "5", "INCR", "repeated"}},
		{"an error's exit code", "", []string{"-e", "LPUSH", "s", "x"}},
		{"scan of one kind", "", []string{"--scan", "--pattern", "a*"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			flush(t, master)
			want, wantErr := tool(t, master.Addr(), c.in, "redis-cli", c.args...)
			state := dump(t, master)
			flush(t, master)
			got, gotErr := tool(t, p.addr, c.in, "redis-cli", c.args...)
			if got != want || fmt.Sprint(gotErr) != fmt.Sprint(wantErr) {
				t.Errorf("through the proxy (%v):\n%.2000s\nat the server (%v):\n%.2000s", gotErr, got, wantErr, want)
			}
			if now := dump(t, master); now != state {
				t.Errorf("the data are %s, want %s", now, state)
			}
		})
	}
	p.left(0)
	p.settled()
}

// flush leaves a data set in which the cases find something.
func flush(t *testing.T, master *servers.Node) {
	t.Helper()
	c := master.Client()
	defer c.Close()
	for _, command := range [][]any{{"FLUSHALL"}, {"SADD", "s", "x"}, {"SET", "large", strings.Repeat("x", 3<<20)}, {"SET", "abc", "1"}} {
		if err := c.Do(context.Background(), command...).Err(); err != nil {
			t.Fatal(err)
		}
	}
}

func dump(t *testing.T, master *servers.Node) string {
	t.Helper()
	c := master.Client()
	defer c.Close()
	v, err := c.Do(context.Background(), "DEBUG", "DIGEST").Text()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestMassInsertion: redis-cli --pipe with 100,000 commands, all of which arrive; then --scan finds every key, and
// --bigkeys the largest.
func TestMassInsertion(t *testing.T) {
	t.Parallel()
	pool := servers.NewT(t)
	cluster := pool.Cluster(servers.ClusterOptions{Sentinels: 1})
	p := before(t, pool, cluster)
	const commands = 100_000
	var in strings.Builder
	for i := range commands {
		in.Write(plainresp.Encode([]string{"SET", fmt.Sprintf("mass:%06d", i), fmt.Sprint(i)}))
	}
	out, err := tool(t, p.addr, in.String(), "redis-cli", "--pipe")
	if err != nil || !strings.Contains(out, fmt.Sprintf("errors: 0, replies: %d", commands)) {
		t.Fatalf("--pipe: %v\n%s", err, out)
	}
	checkMass(t, cluster.Nodes[0], commands)

	out, err = tool(t, p.addr, "", "redis-cli", "--scan", "--pattern", "mass:*")
	keys := strings.Fields(out)
	slices.Sort(keys)
	if keys = slices.Compact(keys); err != nil || len(keys) != commands {
		t.Errorf("--scan: %v, %d keys", err, len(keys))
	}

	w := dial(t, p, 2)
	w.want(t, "OK", "SET", "biggest", strings.Repeat("x", 4<<20))
	w.want(t, "3", "RPUSH", "list", "a", "b", "c")
	out, err = tool(t, p.addr, "", "redis-cli", "--bigkeys")
	for _, want := range []string{
		fmt.Sprintf("Sampled %d keys", commands+2), `string found "biggest" has 4194304 bytes`, `list found "list" has 3 items`,
	} {
		if err != nil || !strings.Contains(strings.ReplaceAll(out, "'", `"`), want) && !strings.Contains(plain(out), plain(want)) {
			t.Errorf("--bigkeys: %v, no %q in\n%.3000s", err, want, out)
		}
	}
	w.close()
	p.left(0)
	p.settled()
}

// plain leaves out what versions of redis-cli write differently.
func plain(s string) string { return strings.NewReplacer(`"`, "", "'", "", " ", "").Replace(s) }

// checkMass reads every key at the master itself.
func checkMass(t *testing.T, master *servers.Node, n int) {
	t.Helper()
	c := master.Client()
	defer c.Close()
	const step = 1000
	for from := 0; from < n; from += step {
		var keys []string
		for i := from; i < from+step; i++ {
			keys = append(keys, fmt.Sprintf("mass:%06d", i))
		}
		values, err := c.MGet(context.Background(), keys...).Result()
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range values {
			if v != fmt.Sprint(from+i) {
				t.Fatalf("%s = %v", keys[i], v)
			}
		}
	}
}

// TestPipeThroughFailover: --pipe with a planned failover in the middle. Its error count is what a client of the
// least patience sees.
func TestPipeThroughFailover(t *testing.T) {
	t.Parallel()
	pool := servers.NewT(t)
	cluster := threeAndThree(t, pool)
	p := before(t, pool, cluster)
	const commands = 100_000
	var in strings.Builder
	for i := range commands {
		in.Write(plainresp.Encode([]string{"SET", fmt.Sprintf("mass:%06d", i), fmt.Sprint(i)}))
	}
	type result struct {
		out string
		err error
	}
	done := make(chan result, 1)
	// Begun while writes are on their way to be held, it can't end before the switch.
	if err := cluster.StartFailover(); err != nil {
		t.Fatal(err)
	}
	go func() {
		out, err := tool(t, p.addr, in.String(), "redis-cli", "--pipe")
		done <- result{out, err}
	}()
	r := <-done
	if r.err != nil || !strings.Contains(r.out, fmt.Sprintf("errors: 0, replies: %d", commands)) {
		t.Errorf("--pipe: %v\n%s", r.err, r.out)
	}
	next := cluster.WaitMasterOtherThan(cluster.Nodes[0])
	p.serving(next)
	checkMass(t, next, commands)
	p.left(0)
	p.settled()
}

// TestLatency: redis-cli --latency measures for a second where it has no terminal.
func TestLatency(t *testing.T) {
	t.Parallel()
	pool := servers.NewT(t)
	cluster := pool.Cluster(servers.ClusterOptions{Sentinels: 1})
	p := before(t, pool, cluster)
	out, err := tool(t, p.addr, "", "redis-cli", "--latency")
	var least, most, average float64
	var count int
	if _, bad := fmt.Sscan(out, &least, &most, &average, &count); err != nil || bad != nil || count == 0 {
		t.Errorf("--latency: %v, %v: %s", err, bad, out)
	}
}

// TestDump: redis-cli --rdb takes a dump through the proxy, as it does from the server.
func TestDump(t *testing.T) {
	t.Parallel()
	pool := servers.NewT(t)
	cluster := pool.Cluster(servers.ClusterOptions{Sentinels: 1})
	p := before(t, pool, cluster)
	w := dial(t, p, 2)
	w.want(t, "OK", "SET", "dumped", strings.Repeat("value", 1000))
	w.close()
	file := filepath.Join(t.TempDir(), "dump.rdb")
	if out, err := tool(t, p.addr, "", "redis-cli", "--rdb", file); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	dump, err := os.ReadFile(file)
	if err != nil || !strings.HasPrefix(string(dump), "REDIS0") || !strings.Contains(string(dump), "dumped") {
		t.Errorf("%v: no dump: %.100q", err, dump)
	}
	p.left(0)
	p.settled()
}
