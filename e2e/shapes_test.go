package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sentinelproxy/internal/servers"
)

// TestSeveralGroups: two masters under the same Sentinels' host in one YAML file, each with a listener. One of them
// switches; the other's clients notice nothing at all.
func TestSeveralGroups(t *testing.T) {
	t.Parallel()
	pool := servers.NewT(t)
	one := pool.Cluster(servers.ClusterOptions{Name: "one", Replicas: 1, Sentinels: 3})
	two := pool.Cluster(servers.ClusterOptions{Name: "two", Sentinels: 1})
	replicated(t, one.Nodes[0], 1)
	addr := []string{fmt.Sprintf("127.0.0.1:%d", pool.Port()), fmt.Sprintf("127.0.0.1:%d", pool.Port())}
	file := filepath.Join(t.TempDir(), "groups.yaml")
	text := fmt.Sprintf("groups:\n- {master: one, listen: [%q], sentinel: [%s]}\n- {master: two, listen: [%q], sentinel: [%s]}\n",
		addr[0], quoted(addrs(one.Sentinels)), addr[1], quoted(addrs(two.Sentinels)))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p := startWith(t, pool, addr[0], "--config", file)
	eventually(t, "both groups are served", func() error {
		s, err := p.status()
		for _, g := range s.Groups {
			if err == nil && g.State != "serving" {
				err = fmt.Errorf("%s is %s", g.Group, g.State)
			}
		}
		return err
	})
	audited := p.audit()
	ones, twos := gather(t, p, planned), gatherAt(t, "tcp", addr[1], planned)
	ones.works(5)
	twos.works(5)
	next := one.Failover()
	p.serving(next)
	ones.works(10)
	twos.works(10)
	audited()
	ones.rest()
	twos.rest()
	ones.seen()
	twos.seen()
	ones.final(next)
	twos.final(two.Nodes[0])
	p.settled()
	s, err := p.status()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range s.Lanes {
		if l.Clients != 64 || l.closed() != 0 {
			t.Errorf("%s has %d clients, %v were closed", l.Group, l.Clients, l.Closed)
		}
		if (l.Held > 0) != (l.Group == "one") {
			t.Errorf("%s has held %d commands", l.Group, l.Held)
		}
	}
}

func quoted(list []string) string {
	return `"` + strings.Join(list, `", "`) + `"`
}

// TestUnixSocket: clients on a Unix socket go through a failover as those on TCP do.
func TestUnixSocket(t *testing.T) {
	t.Parallel()
	pool := servers.NewT(t)
	cluster := threeAndThree(t, pool)
	dir, err := os.MkdirTemp("", "e2e") // t.TempDir's are too long for a socket's path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "proxy.sock")
	p := before(t, pool, cluster, "--listen", "unix://"+path)
	audited := p.audit()
	old := cluster.Master()
	clients := gatherAt(t, "unix", path, planned)
	clients.works(10)
	next := cluster.Failover()
	p.serving(next)
	clients.works(10)
	audited()
	clients.conclude(p, next)
	p.moved(t, old, next)
	p.stop(t)
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the socket's file is left behind: %v", err)
	}
}

// TestTwoLanes: the clients are spread over two lanes, which switch together.
func TestTwoLanes(t *testing.T) {
	t.Parallel()
	pool := servers.NewT(t)
	cluster := threeAndThree(t, pool)
	p := before(t, pool, cluster, "--lanes", "2")
	audited := p.audit()
	clients := gather(t, p, rules{lossy: true, excused: unknownWrites})
	path := []*servers.Node{cluster.Master()}
	clients.works(10)
	path = append(path, cluster.Failover())
	p.serving(path[1])
	clients.works(10)
	replicated(t, path[1], 1)
	if err := path[1].Kill(); err != nil {
		t.Fatal(err)
	}
	path = append(path, cluster.WaitMasterOtherThan(path[1]))
	p.serving(path[2])
	clients.works(10)
	audited()
	clients.conclude(p, path[2])
	p.moved(t, path...)
	s, err := p.status()
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Lanes) != 2 || s.Lanes[0].Clients != 32 || s.Lanes[1].Clients != 32 {
		t.Errorf("the lanes are %+v", s.Lanes)
	}
}
