package e2e

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"sentinelproxy/internal/servers"
)

// TestLoading: a master that was restarted and loads its data for a while refuses everything with LOADING. No client hears
// of it, whether it was connected before, or comes meanwhile, and whatever link it needs.
func TestLoading(t *testing.T) {
	t.Parallel()
	pool := servers.NewT(t)
	cluster := pool.Cluster(servers.ClusterOptions{Sentinels: 1, DownAfter: 2 * patience})
	node := cluster.Nodes[0]
	p := before(t, pool, cluster)
	p.pinned = true
	audited := p.audit()
	plain, blocks, subscribes := dial(t, p, 2), dial(t, p, 2), dial(t, p, 3)
	plain.want(t, "1", "INCR", "n")
	for i := range 400 {
		plain.want(t, "OK", "SET", fmt.Sprint("k", i), strings.Repeat(fmt.Sprint(i), 500))
	}
	plain.want(t, "OK", "SAVE")
	blocked(t, blocks, "BLPOP", "l", "0")
	subscribes.want(t, "[subscribe c 1]", "SUBSCRIBE", "c")
	if err := node.Kill(); err != nil {
		t.Fatal(err)
	}
	slowly(t, node)
	restarted := make(chan error)
	go func() { restarted <- node.Restart() }()
	eventually(t, "the server is loading", func() error {
		_, err := node.Do(context.Background(), "PING")
		if err == nil || !strings.HasPrefix(err.Error(), "LOADING ") {
			return fmt.Errorf("PING: %v", err)
		}
		return nil
	})
	later := dial(t, p, 2)
	for _, w := range []*wire{plain, later} {
		if err := w.send([]string{"INCR", "n"}, []string{"GET", "k399"}, []string{"SELECT", "1"}, []string{"MULTI"}, []string{"INCR", "n"}, []string{"EXEC"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-restarted; err != nil {
		t.Fatal(err)
	}
	var seen []string
	for range 6 {
		for _, w := range []*wire{plain, later} {
			v, err := w.receive()
			if err != nil {
				t.Fatal(err)
			}
			seen = append(seen, fmt.Sprintf("%.12s", fmt.Sprint(v)))
		}
	}
	got := strings.Join(seen, " ")
	if want := "399399399399 399399399399 OK OK OK OK QUEUED QUEUED"; !strings.Contains(got, want) || strings.Contains(got, "LOADING") {
		t.Errorf("got %s, want %s within", got, want)
	}
	plain.want(t, "OK", "SELECT", "0")
	plain.want(t, "3", "GET", "n")
	plain.want(t, "1", "RPUSH", "l", "x")
	blocks.next(t, "[l x]")
	eventually(t, "the subscriber is back", func() error {
		if n := plain.ask(t, "PUBLISH", "c", "hello"); n != int64(1) {
			return fmt.Errorf("%v have heard", n)
		}
		return nil
	})
	subscribes.next(t, "[message c hello]")
	audited()
	if sum := p.settled(); sum.Refused > 0 || sum.Expired > 0 || sum.closed() > 0 {
		t.Errorf("refused %d, expired %d, closed %v", sum.Refused, sum.Expired, sum.Closed)
	}
}

// slowly makes the node's next start take a while, in which it answers.
func slowly(t *testing.T, node *servers.Node) {
	t.Helper()
	f, err := os.OpenFile(node.Config(), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	const perKey = 3 * time.Millisecond
	_, err = fmt.Fprintf(f, "\nkey-load-delay %d\nloading-process-events-interval-bytes 1024\n", perKey.Microseconds())
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}
}
