package e2e

import (
	"fmt"
	"strings"
	"testing"

	"sentinelproxy/internal/servers"
)

// TestReplicaThroughProxy: a server that follows the master through the proxy, as migration tools and redis-cli --rdb do,
// gets everything, and after a switch what is written on the next master, too. It is not announced: Sentinel would make
// it follow the master's own address.
func TestReplicaThroughProxy(t *testing.T) {
	t.Parallel()
	pool := servers.NewT(t)
	cluster := threeAndThree(t, pool)
	p := before(t, pool, cluster)
	w := dial(t, p, 2)
	for i := range 1000 {
		w.want(t, "OK", "SET", fmt.Sprint("before:", i), strings.Repeat("v", 1000))
	}
	host, port, _ := strings.Cut(p.addr, ":")
	replica := pool.Redis(servers.RedisOptions{Config: []string{"replica-announced no", "replicaof " + host + " " + port}})
	direct, err := connect("tcp", replica.Addr(), 2)
	if err != nil {
		t.Fatal(err)
	}
	defer direct.close()
	has := func(key, value string) {
		t.Helper()
		eventually(t, "the replica has "+key, func() error {
			if got := direct.ask(t, "GET", key); got != value {
				return fmt.Errorf("it is %v", got)
			}
			return nil
		})
	}
	has("before:999", strings.Repeat("v", 1000))
	w.want(t, "OK", "SET", "streamed", "1")
	has("streamed", "1")
	cluster.Failover()
	w.want(t, "OK", "SET", "after", "2")
	has("after", "2")
	if got := fmt.Sprint(direct.ask(t, "INFO", "replication")); !strings.Contains(got, "master_port:"+port) {
		t.Errorf("it does not follow the proxy any more: %s", got)
	}
}
