package chaos

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sentinelproxy/e2e/liar"
	"sentinelproxy/internal/servers"
)

// world is what a fault strikes: a master, two replicas, three Sentinels, and proxies.
type world struct {
	t       *testing.T
	pool    *servers.T
	cluster *servers.ClusterT
	proxies []*proxy
	fault   *fault
	network *network // nil: all are at 127.0.0.1
	load    clients  // nil until there are some
	token   string   // the file
	more    []string // further Sentinels that the proxies are told of
	liar    *liar.Liar
	past    *servers.Node // who was the master once, as the liar says
}

// newWorld starts all but the clients, and waits until every proxy serves.
func newWorld(t *testing.T, f *fault, proxies int) *world {
	t.Helper()
	if !strings.Contains(help(), f.needs) {
		t.Skipf("skipped: the program has no %s", f.needs)
	}
	w := &world{t: t, fault: f, token: filepath.Join(t.TempDir(), "token")}
	options := servers.ClusterOptions{Replicas: 2, Sentinels: 3, DownAfter: time.Second}
	if len(f.promise.errors) == 0 {
		// Nobody crashes, and a machine that stands still for a second must not be taken for it.
		options.DownAfter = 5 * time.Second
	}
	if f.network {
		w.network = newNetwork(t)
		options.NodeHosts, options.SentinelHosts = w.network.hosts(1, 3), w.network.hosts(11, 3)
	}
	if f.options != nil {
		f.options(&options)
	}
	if err := os.WriteFile(w.token, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.pool = servers.NewT(t)
	w.cluster = w.pool.Cluster(options)
	w.replicated(w.cluster.Nodes[0], 2)
	if f.prepare != nil {
		f.prepare(w)
	}
	var args []string
	if f.args != nil {
		args = f.args()
	}
	for i := range proxies {
		w.proxies = append(w.proxies, w.startProxy(i, args...))
	}
	w.serving(w.cluster.Master())
	return w
}

// replicated waits until a write gets to so many replicas. A replica in sync may get none for up to a second more: after a
// diskless transfer Redis 7.0 sends nothing before the replica's next acknowledgement.
func (w *world) replicated(master *servers.Node, replicas int64) {
	w.t.Helper()
	c := master.Client()
	defer c.Close()
	eventually(w.t, "a write gets to the replicas", func() error {
		if err := c.Set(context.Background(), "chaos:replicated", 1, 0).Err(); err != nil {
			return err
		}
		n, err := c.Wait(context.Background(), int(replicas), time.Second).Result()
		if err == nil && n < replicas {
			err = fmt.Errorf("%d of %d", n, replicas)
		}
		return err
	})
}

// serving waits until all proxies serve from node.
func (w *world) serving(node *servers.Node) {
	w.t.Helper()
	for _, p := range w.proxies {
		p.serving(node)
	}
}

// promoted waits for another master than old, and until all proxies serve from it.
func (w *world) promoted(old *servers.Node) *servers.Node {
	w.t.Helper()
	next := w.cluster.WaitMasterOtherThan(old)
	w.serving(next)
	return next
}

// failover is a plain SENTINEL FAILOVER. Sentinel refuses it for a while after the one before, and where it has just been restarted.
func (w *world) failover() {
	w.t.Helper()
	eventually(w.t, "SENTINEL FAILOVER is accepted", w.cluster.StartFailover)
}

// demoted waits until a node says that it is a replica.
func (w *world) demoted(n *servers.Node) {
	w.t.Helper()
	eventually(w.t, n.Name()+" is a replica", func() error {
		role, err := n.Role()
		if err == nil && role == "master" {
			err = fmt.Errorf("it is %s", role)
		}
		return err
	})
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) sentinels() []string {
	list := append([]string{}, w.more...)
	for _, s := range w.cluster.Sentinels {
		list = append(list, s.Addr())
	}
	return list
}

func (w *world) addrs() (list []string) {
	for _, p := range w.proxies {
		list = append(list, p.addr)
	}
	return list
}

// command is `sentinelproxy switch` with further arguments.
func (w *world) command(args ...string) *exec.Cmd {
	all := []string{"switch", "--master", w.cluster.Name, "--sentinel", strings.Join(w.sentinels(), ","), "--token-file", w.token}
	for _, p := range w.proxies {
		all = append(all, "--admin", p.admin)
	}
	return exec.Command(program, append(all, args...)...)
}

// others are the nodes besides one.
func (w *world) others(than *servers.Node) (list []*servers.Node) {
	for _, n := range w.cluster.Nodes {
		if n != than {
			list = append(list, n)
		}
	}
	return list
}

// host is the address without the port, for cuts.
func host(addr string) string { return addr[:strings.LastIndexByte(addr, ':')] }

func hosts(nodes ...*servers.Node) (list []string) {
	for _, n := range nodes {
		list = append(list, host(n.Addr()))
	}
	return list
}
