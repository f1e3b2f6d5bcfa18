package e2e

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"sentinelproxy/internal/servers"
)

// switchable is a cluster, and so many proxies before it that take orders.
type switchable struct {
	t       *testing.T
	cluster *servers.ClusterT
	proxies []*proxy
	token   string // the file
}

func switchableBy(t *testing.T, proxies int, args ...string) *switchable {
	t.Helper()
	pool := servers.NewT(t)
	s := tokened(t, threeAndThree(t, pool))
	for range proxies {
		s.proxies = append(s.proxies, before(t, pool, s.cluster, append([]string{"--admin-token-file", s.token}, args...)...))
	}
	return s
}

// tokened has the token for proxies that are still to come.
func tokened(t *testing.T, cluster *servers.ClusterT) *switchable {
	t.Helper()
	s := &switchable{t: t, cluster: cluster, token: filepath.Join(t.TempDir(), "token")}
	if err := os.WriteFile(s.token, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

// command is `sentinelproxy switch` with further arguments.
func (s *switchable) command(args ...string) *exec.Cmd {
	all := []string{"switch", "--master", s.cluster.Name, "--sentinel", strings.Join(addrs(s.cluster.Sentinels), ","), "--token-file", s.token}
	for _, p := range s.proxies {
		all = append(all, "--admin", strings.TrimPrefix(p.admin, "http://"))
	}
	return exec.Command(program, append(all, args...)...)
}

func (s *switchable) run(args ...string) string {
	s.t.Helper()
	out, err := s.command(args...).CombinedOutput()
	s.t.Logf("switch %v\n%s", args, out)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(out)
}

// asBefore: nothing of a switchover is left on the nodes.
func (s *switchable) asBefore() {
	s.t.Helper()
	for _, n := range s.cluster.Nodes {
		c := n.Client()
		defer c.Close()
		for name, want := range map[string]string{"min-replicas-to-write": "0", "replica-priority": "100"} {
			if got, err := c.ConfigGet(context.Background(), name).Result(); err != nil || got[name] != want {
				s.t.Errorf("%s of %s is %q, %v", name, n.Addr(), got[name], err)
			}
		}
	}
}

// bypass is a client that writes to the old master itself, as fast as it can, and counts what is acknowledged.
type bypass struct {
	key          string
	acknowledged atomic.Int64
	stop         context.CancelFunc
	done         chan struct{}
}

func writeTo(n *servers.Node, key string) *bypass {
	ctx, stop := context.WithCancel(context.Background())
	b := &bypass{key: key, stop: stop, done: make(chan struct{})}
	go func() {
		defer close(b.done)
		c := redis.NewClient(&redis.Options{Addr: n.Addr(), MaxRetries: -1, ReadTimeout: time.Minute})
		defer c.Close()
		for ctx.Err() == nil {
			if c.Incr(context.Background(), key).Err() == nil {
				b.acknowledged.Add(1)
			} else {
				time.Sleep(time.Millisecond)
			}
		}
	}()
	return b
}

// keeps ends it: all that was acknowledged has to be on the next master.
func (b *bypass) keeps(t *testing.T, next *servers.Node) {
	t.Helper()
	b.stop()
	<-b.done
	c := next.Client()
	defer c.Close()
	if n, err := c.Get(context.Background(), b.key).Int64(); err != nil || n < b.acknowledged.Load() || n == 0 {
		t.Errorf("%d writes past the proxies are there, %d were acknowledged; %v", n, b.acknowledged.Load(), err)
	}
}

// TestSwitch: through one, and through two proxies, clients notice nothing, and not even a client that writes to the old
// master past the proxies loses what was acknowledged.
func TestSwitch(t *testing.T) {
	for _, proxies := range []int{1, 2} {
		t.Run(fmt.Sprint(proxies, " proxies"), func(t *testing.T) {
			t.Parallel()
			s := switchableBy(t, proxies)
			old := s.cluster.Master()
			p := s.proxies[proxies-1]
			audited := p.audit()
			clients := gather(t, p, planned)
			direct := writeTo(old, "bypass")
			clients.works(20)
			s.run()
			next := s.cluster.Master()
			if next == old {
				t.Fatal("the master is the same")
			}
			p.serving(next)
			clients.works(50)
			direct.keeps(t, next)
			audited()
			clients.conclude(p, next)
			s.asBefore()
		})
	}
}

// TestSwitchWithoutFence shows that the bypassing client can lose writes: the plain failover does lose them, where the proxy may not fence.
func TestSwitchWithoutFence(t *testing.T) {
	t.Parallel()
	s := switchableBy(t, 1, "--fence", "never")
	old := s.cluster.Master()
	direct := writeTo(old, "bypass")
	eventually(t, "writes", func() error {
		if direct.acknowledged.Load() < 100 {
			return errors.New("too few")
		}
		return nil
	})
	next := s.cluster.Failover()
	demoted(t, old)
	direct.stop()
	<-direct.done
	c := next.Client()
	defer c.Close()
	if n, err := c.Get(context.Background(), "bypass").Int64(); err != nil || n >= direct.acknowledged.Load() {
		t.Errorf("%d writes are there, %d were acknowledged; %v: then TestSwitch and TestForeignFailover show nothing", n, direct.acknowledged.Load(), err)
	}
}

// TestSwitchTo: the one that is named, which the Sentinels would not have chosen.
func TestSwitchTo(t *testing.T) {
	t.Parallel()
	s := switchableBy(t, 1)
	old := s.cluster.Master()
	var last *servers.Node
	for _, n := range s.cluster.Nodes {
		if n != old {
			last = n
		}
	}
	c := last.Client()
	if err := c.ConfigSet(context.Background(), "replica-priority", "200").Err(); err != nil {
		t.Fatal(err)
	}
	c.Close()
	s.run("--to", last.Addr())
	if next := s.cluster.Master(); next != last {
		t.Errorf("the master is %s", next.Addr())
	}
	c = last.Client()
	defer c.Close()
	if got := c.ConfigGet(context.Background(), "replica-priority").Val()["replica-priority"]; got != "200" {
		t.Errorf("its priority is %s", got)
	}
	if err := c.ConfigSet(context.Background(), "replica-priority", "100").Err(); err != nil {
		t.Fatal(err)
	}
	s.asBefore()
}

// TestSwitchRehearsed: nothing but a hold; and a dry run does not even that.
func TestSwitchRehearsed(t *testing.T) {
	t.Parallel()
	s := switchableBy(t, 1)
	p := s.proxies[0]
	old := s.cluster.Master()
	audited := p.audit()
	clients := gather(t, p, planned)
	clients.works(10)
	s.run("--dry-run")
	s.run("--rehearse", "300ms")
	clients.works(10)
	audited()
	clients.conclude(p, old)
	held := 0
	for _, r := range p.switches() {
		if r.Reason == "ordered" {
			held++
			if r.DurationMS < 300 || r.From != r.To {
				t.Errorf("%+v", r)
			}
		}
	}
	if held != 1 {
		t.Errorf("%d holds were ordered", held)
	}
	s.asBefore()
}

// TestSwitchKilled at each step, by SIGKILL: the proxies go on with whoever is the master, and take off the fence if that is
// the old one, so that clients notice nothing. --repair puts everything else back.
func TestSwitchKilled(t *testing.T) {
	for _, step := range []string{"is the master, and", "writes are held", "takes no more writes", "has begun the failover"} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			s := switchableBy(t, 1)
			p := s.proxies[0]
			audited := p.audit()
			clients := gather(t, p, planned)
			clients.works(10)
			s.killedAt(step)
			clients.works(20)
			eventually(t, "--repair", func() error {
				out, err := s.command("--repair").CombinedOutput()
				if err != nil {
					return fmt.Errorf("%w: %s", err, out)
				}
				return nil
			})
			p.serving(s.cluster.Master())
			clients.works(10)
			audited()
			clients.conclude(p, s.cluster.Master())
			s.asBefore()
		})
	}
}

// killedAt runs the command until it says that it has done this step.
func (s *switchable) killedAt(step string) {
	s.t.Helper()
	cmd := s.command("--hold-limit", "1s")
	out, err := cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	var seen strings.Builder
	b := make([]byte, 1)
	for !strings.Contains(seen.String(), step) {
		if _, err := out.Read(b); err != nil {
			s.t.Fatalf("%v after %s", err, seen.String())
		}
		seen.Write(b)
	}
}

// TestSwitchRefused: what is wrong is said, and nothing is changed.
func TestSwitchRefused(t *testing.T) {
	t.Parallel()
	s := switchableBy(t, 1)
	old := s.cluster.Master()
	wrong := filepath.Join(t.TempDir(), "wrong")
	if err := os.WriteFile(wrong, []byte("another\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	for want, args := range map[string][]string{
		"the token is another one":            {"--dry-run", "--token-file", wrong},
		"no admin server answers there":       {"--dry-run", "--admin", old.Addr()},
		silent.Addr().String() + ": no admin": {"--dry-run", "--admin", silent.Addr().String()},
		"--to: it is empty":                   {"--to", ""},
		"--rehearse: 0s is not more than 0":   {"--rehearse", "0s"},
		"the Sentinels know no such replica":  {"--to", "127.0.0.1:1"},
		"no majority":                         {"--master", "other"},
		"is not host:port":                    {"--to", "nowhere"},
		"--admin 127.0.0.1:1":                 {"--admin", "127.0.0.1:1"},
	} {
		out, err := s.command(args...).CombinedOutput()
		if err == nil || !strings.Contains(string(out), want) {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
	}
	if s.cluster.Master() != old {
		t.Error("the master has changed")
	}
	s.asBefore()
}
