package history

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"sentinelproxy/internal/history"
	"sentinelproxy/internal/servers"
	"sentinelproxy/proxy/admin"
)

// world is a master, two replicas, three Sentinels, and the proxies before them.
type world struct {
	t       *testing.T
	pool    *servers.T
	cluster *servers.ClusterT
	proxies []*proxy
	token   string // the file
	run     *history.Run
}

// proxy is a running sentinelproxy.
type proxy struct {
	*servers.Command
	addr, admin string // host:port
}

// downAfter is how long a master is silent before the Sentinels replace it. On a busy machine one second is not much.
const downAfter = 3 * time.Second

// newWorld starts a cluster with no proxies yet.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, token: filepath.Join(t.TempDir(), "token"), pool: servers.NewT(t)}
	w.must(os.WriteFile(w.token, []byte("secret\n"), 0o600))
	w.cluster = w.pool.Cluster(servers.ClusterOptions{Replicas: 2, Sentinels: 3, DownAfter: downAfter})
	w.replicated(2)
	return w
}

// worldOf starts a cluster and proxies with these flags.
func worldOf(t *testing.T, proxies int, args ...string) *world {
	t.Helper()
	w := newWorld(t)
	for range proxies {
		w.start(program, w.sentinels(), args...)
	}
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) sentinels() (list []string) {
	for _, s := range w.cluster.Sentinels {
		list = append(list, s.Addr())
	}
	return list
}

// start starts one more proxy, and waits until it serves. It has to end by itself, and well; and without complaint, if it is the one under
// test.
func (w *world) start(path string, sentinels []string, args ...string) {
	w.t.Helper()
	p := &proxy{addr: fmt.Sprintf("127.0.0.1:%d", w.pool.Port()), admin: fmt.Sprintf("127.0.0.1:%d", w.pool.Port())}
	master := w.cluster.Master()
	p.Command = w.pool.Command(servers.CommandOptions{
		Name: "sentinelproxy", Path: path,
		Args: append([]string{
			"run", "--log-format", "console", "--listen", p.addr, "--admin", p.admin, "--admin-token-file", w.token,
			"--master", w.cluster.Name, "--sentinel", strings.Join(sentinels, ","),
		}, args...),
		Ready: func(ctx context.Context) error { return p.serves(ctx, master) },
	})
	w.proxies = append(w.proxies, p)
	w.t.Cleanup(func() { w.end(p, path != program) })
}

func (w *world) end(p *proxy, mayComplain bool) {
	if err := p.Signal(syscall.SIGTERM); err != nil {
		w.t.Error(err)
	}
	select {
	case <-p.Exited():
	case <-time.After(patience):
	}
	if p.ExitCode() != 0 {
		w.t.Errorf("sentinelproxy: exit code %d within %v after SIGTERM", p.ExitCode(), patience)
	}
	if mayComplain {
		return
	}
	if strings.Contains(p.Log(), "BUG") || strings.Contains(p.Log(), "panic:") {
		w.t.Error("sentinelproxy complains:\n", p.Log())
	}
}

// browser has no connections of its own that outlive an answer, so that goleak finds none.
var browser = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}

func (p *proxy) get(ctx context.Context, path string, v any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.admin+path, nil)
	if err != nil {
		return err
	}
	resp, err := browser.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return json.NewDecoder(resp.Body).Decode(v)
}

// serves is content when the proxy serves from the node.
func (p *proxy) serves(ctx context.Context, n *servers.Node) error {
	var s struct {
		Groups []admin.GroupStatus `json:"groups"`
	}
	if err := p.get(ctx, "/api/v1/status", &s); err != nil {
		return err
	}
	if g := s.Groups[0]; g.State != "serving" || g.Master != n.Addr() || !g.Listening {
		return fmt.Errorf("it is %s with %q (%s), listening: %v", g.State, g.Master, g.Reason, g.Listening)
	}
	return nil
}

// log tells what each proxy has reported of its holds.
func (w *world) log() {
	for _, p := range w.proxies {
		var body struct {
			Switches []admin.Switch `json:"switches"`
		}
		if err := p.get(context.Background(), "/api/v1/switches", &body); err != nil {
			w.t.Error(err)
		}
		for _, s := range body.Switches {
			w.t.Logf("%s: %s %s, %s -> %s, %.0f ms", p.addr, s.Outcome, s.Reason, s.From, s.To, s.DurationMS)
			for _, e := range s.Events {
				w.t.Logf("%12.1f ms %s %s", e.OffsetMS, e.Source, e.Text)
			}
		}
	}
}

// promoted waits for another master than old, and until all proxies serve from it.
func (w *world) promoted(old *servers.Node) *servers.Node {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	next, err := w.cluster.Cluster.WaitMasterOtherThan(ctx, old)
	w.must(err)
	for _, p := range w.proxies {
		eventually(w.t, "the proxy serves from "+next.Addr(), func() error { return p.serves(context.Background(), next) })
	}
	return next
}

// replicated waits until a write gets from the master to so many replicas: one that follows may be sent nothing for up to a second more. On a
// starved machine the master may be another one by now than the test has made it.
func (w *world) replicated(replicas int64) {
	w.t.Helper()
	eventually(w.t, "a write gets to the replicas", func() error {
		master, err := w.cluster.Cluster.Master()
		if err != nil {
			return err
		}
		c := master.Client()
		defer c.Close()
		if err := c.Set(context.Background(), "replicated", 1, 0).Err(); err != nil {
			return err
		}
		n, err := c.Wait(context.Background(), int(replicas), time.Second).Result()
		if err == nil && n < replicas {
			err = fmt.Errorf("%d of %d", n, replicas)
		}
		return err
	})
}

// switchover runs `sentinelproxy switch`.
func (w *world) switchover() {
	w.t.Helper()
	args := []string{"switch", "--master", w.cluster.Name, "--sentinel", strings.Join(w.sentinels(), ","), "--token-file", w.token}
	for _, p := range w.proxies {
		args = append(args, "--admin", p.admin)
	}
	if out, err := exec.Command(program, args...).CombinedOutput(); err != nil {
		w.t.Fatalf("switch: %v\n%s", err, out)
	}
}

// failover is a plain SENTINEL FAILOVER. Sentinel refuses it for a while after the one before.
func (w *world) failover() {
	w.t.Helper()
	eventually(w.t, "SENTINEL FAILOVER is accepted", w.cluster.StartFailover)
}

// knownToLeader waits until the Sentinel that is asked for failovers has ended the last one, and has heard of a replica since how far that
// is. Before that it promotes the former master once more, which takes part in the choice without being a replica.
func (w *world) knownToLeader(master *servers.Node) {
	w.t.Helper()
	c := w.cluster.Sentinels[0].Client()
	defer c.Close()
	eventually(w.t, "Sentinel knows a replica", func() error {
		state, err := c.Master(context.Background(), w.cluster.Name).Result()
		if err != nil || state["port"] != strconv.Itoa(master.Port) {
			return errors.Join(err, fmt.Errorf("the master is %s", state["port"]))
		}
		replicas, err := c.Replicas(context.Background(), w.cluster.Name).Result()
		for _, r := range replicas {
			follows := net.JoinHostPort(r["master-host"], r["master-port"]) == master.Addr() && r["master-link-status"] == "ok"
			if follows && r["slave-repl-offset"] != "0" {
				return nil
			}
		}
		return errors.Join(err, fmt.Errorf("replicas: %v", replicas))
	})
}

// clients begin to work through all proxies, and at further addresses.
func (w *world) clients(o history.Options, further ...string) {
	w.t.Helper()
	for _, p := range w.proxies {
		o.Addrs = append(o.Addrs, p.addr)
	}
	o.Addrs = append(o.Addrs, further...)
	run, err := history.Start(w.t.Context(), o)
	w.must(err)
	w.run = run
}

// works waits until each client has done n more operations.
func (w *world) works(n int) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	w.must(w.run.Works(ctx, n))
}

// nothing is what clients may notice of a planned switch.
func (w *world) nothing() {
	w.t.Helper()
	h := w.run.Stop()
	w.found(h.Check())
	s := w.sum(h)
	if s.Unknown > 0 {
		w.t.Errorf("%d unknown outcomes", s.Unknown)
	}
}

// found are violations, which must not be.
func (w *world) found(list []*history.Violation) {
	w.t.Helper()
	for _, v := range list {
		w.t.Error(v)
	}
	if len(list) > 0 {
		w.log()
	}
}

// sum shows the summary, in which nothing but unknown outcomes is excused.
func (w *world) sum(h *history.History) history.Summary {
	w.t.Helper()
	s := h.Summary()
	w.t.Logf("%+v", s)
	if len(s.Errors) > 0 || s.Closed > 0 || s.Twice > 0 {
		w.t.Error("errors, closed connections or doubled writes")
	}
	return s
}
