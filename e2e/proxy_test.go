package e2e

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"sentinelproxy/internal/servers"
	"sentinelproxy/proxy/admin"
)

// proxy is a running sentinelproxy.
type proxy struct {
	*servers.Command
	t     testing.TB
	addr  string // of the first listener, host:port
	admin string // http://host:port

	pinned bool // some clients have links of their own
}

// start runs the program in front of a cluster that may not have been started yet. It is stopped at the end
// of the test, before the servers are.
func start(t testing.TB, pool *servers.T, master string, sentinels []string, args ...string) *proxy {
	t.Helper()
	addr := fmt.Sprintf("127.0.0.1:%d", pool.Port())
	args = append([]string{"--master", master, "--sentinel", strings.Join(sentinels, ","), "--listen", addr}, args...)
	return startWith(t, pool, addr, args...)
}

// startWith leaves groups and listeners to args; addr is the listener that the test uses most.
func startWith(t testing.TB, pool *servers.T, addr string, args ...string) *proxy {
	t.Helper()
	admin := fmt.Sprintf("127.0.0.1:%d", pool.Port())
	p := &proxy{t: t, addr: addr, admin: "http://" + admin}
	p.Command = pool.Command(servers.CommandOptions{
		Name: "sentinelproxy", Path: program,
		Args: append([]string{"run", "--admin", admin, "--log-format", "console"}, args...),
		// Not by the listeners' ports: a connection made only to look would be in the accounts.
		Ready: p.alive,
	})
	t.Cleanup(func() { p.stop(t) })
	p.logSwitches(t)
	return p
}

func (p *proxy) alive(ctx context.Context) error {
	var s status
	if err := p.fetch(ctx, "/api/v1/status", &s); err != nil {
		return err
	}
	for _, g := range s.Groups {
		if !g.Listening {
			return fmt.Errorf("%s is not listening", g.Group)
		}
	}
	return nil
}

// before starts a cluster, and the proxy in front of it, and waits until it serves.
func before(t testing.TB, pool *servers.T, c *servers.ClusterT, args ...string) *proxy {
	t.Helper()
	p := start(t, pool, c.Name, addrs(c.Sentinels), args...)
	p.serving(c.Master())
	return p
}

// stop ends the proxy as an operator does. It has to end by itself, well, and without complaint.
func (p *proxy) stop(t testing.TB) {
	t.Helper()
	if !p.Running() {
		select {
		case <-p.Exited(): // by an earlier stop
			if p.ExitCode() != 0 {
				t.Errorf("sentinelproxy has ended with code %d", p.ExitCode())
			}
		default:
		}
	} else if err := p.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	select {
	case <-p.Exited():
		if p.ExitCode() != 0 {
			t.Errorf("sentinelproxy ended with code %d after SIGTERM", p.ExitCode())
		}
	case <-time.After(patience):
		t.Errorf("sentinelproxy did not end within %v after SIGTERM", patience)
	}
	for line := range strings.Lines(p.Log()) {
		if strings.Contains(line, "BUG") || strings.Contains(line, "panic:") || strings.Contains(line, "DATA RACE") {
			t.Errorf("sentinelproxy said: %s", line)
		}
	}
	http.DefaultClient.CloseIdleConnections()
}

// serving waits until the proxy serves from node.
func (p *proxy) serving(node *servers.Node) {
	p.t.Helper()
	eventually(p.t, "proxy serves from "+node.Addr(), func() error {
		s, err := p.status()
		if err != nil {
			return err
		}
		if g := s.Groups[0]; g.State != "serving" || g.Master != node.Addr() {
			return fmt.Errorf("it is %s with %q (%s)", g.State, g.Master, g.Reason)
		}
		return nil
	})
}

// inState waits for a state of the first group.
func (p *proxy) inState(state string) {
	p.t.Helper()
	eventually(p.t, "proxy is "+state, func() error {
		s, err := p.status()
		if err == nil && s.Groups[0].State != admin.State(state) {
			err = fmt.Errorf("it is %s (%s)", s.Groups[0].State, s.Groups[0].Reason)
		}
		return err
	})
}

func addrs(sentinels []*servers.Sentinel) []string {
	var list []string
	for _, s := range sentinels {
		list = append(list, s.Addr())
	}
	return list
}

// threeAndThree is the cluster of most tests.
func threeAndThree(t testing.TB, pool *servers.T) *servers.ClusterT {
	t.Helper()
	c := pool.Cluster(servers.ClusterOptions{Replicas: 2, Sentinels: 3})
	replicated(t, c.Nodes[0], 2)
	return c
}

// replicated waits until a write gets to so many replicas. A replica in sync may get none for up to a second
// more: after a diskless transfer Redis 7.0 sends nothing before the replica's next acknowledgement. One that is
// promoted in that time has lost everything since, and no proxy can help it.
func replicated(t testing.TB, master *servers.Node, replicas int64) {
	t.Helper()
	c := master.Client()
	defer c.Close()
	eventually(t, "a write gets to the replicas", func() error {
		if err := c.Set(context.Background(), "e2e:replicated", 1, 0).Err(); err != nil {
			return err
		}
		n, err := c.Wait(context.Background(), int(replicas), time.Second).Result()
		if err == nil && n < replicas {
			err = fmt.Errorf("%d of %d", n, replicas)
		}
		return err
	})
}
