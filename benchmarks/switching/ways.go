// Package switching draws what clients see of a planned switch: at a fixed rate, through the proxy and without it.
package switching

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"sentinelproxy/internal/servers"
)

// scene is a group of servers with the proxy in front.
type scene struct {
	cluster *servers.Cluster
	program string
	addr    string // of the proxy's listener
	admin   string // of its admin server
	token   string // file
}

// way is how clients come to the master and how the switch is made.
type way struct {
	name   string
	label  string // in the plots
	client func(*scene) *redis.Client
	begin  func(context.Context, *scene) error // returns when it is on its way or over
}

// Ways to be compared. The library is the same in all: what differs is that without the proxy it asks the Sentinels itself, and
// has to find out what becomes of the master.
var ways = []way{
	{"through sentinelproxy, sentinelproxy switch", "proxied: switch", (*scene).proxied, switchover},
	{"through sentinelproxy, SENTINEL FAILOVER", "proxied: FAILOVER", (*scene).proxied, failover},
	{"direct, go-redis with Sentinel, SENTINEL FAILOVER", "direct: FAILOVER", (*scene).direct, failover},
}

const (
	replicas, sentinels = 2, 3
	patience            = 30 * time.Second
)

// stage starts a scene of its own for a way: a switch leaves traces.
func stage(pool *servers.Pool, program string) (*scene, error) {
	cluster, err := pool.Cluster(servers.ClusterOptions{Replicas: replicas, Sentinels: sentinels, DownAfter: 5 * time.Second})
	if err != nil {
		return nil, err
	}
	s := &scene{cluster: cluster, program: program}
	var ports [2]int
	for i := range ports {
		if ports[i], err = servers.FreePort(); err != nil {
			return nil, err
		}
	}
	s.addr, s.admin = fmt.Sprintf("127.0.0.1:%d", ports[0]), fmt.Sprintf("127.0.0.1:%d", ports[1])
	s.token = filepath.Join(cluster.Nodes[0].Dir(), "token")
	if err := os.WriteFile(s.token, []byte("benchmark"), 0o600); err != nil {
		return nil, err
	}
	_, err = pool.Command(servers.CommandOptions{
		Name: "sentinelproxy", Path: program, Ports: ports[:],
		Args: []string{
			"run", "--listen", s.addr, "--admin", s.admin, "--admin-token-file", s.token,
			"--master", cluster.Name, "--sentinel", s.sentinels(),
		},
		Ready: s.ready,
	})
	return s, err
}

// ready is asked until the proxy's health is good.
func (s *scene) ready(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.admin+"/readyz", http.NoBody)
	if err != nil {
		return err
	}
	answer, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("readyz: %s", answer.Status)
	}
	return nil
}

func (s *scene) sentinels() string { return strings.Join(s.addrs(), ",") }

func (s *scene) addrs() []string {
	var addrs []string
	for _, sentinel := range s.cluster.Sentinels {
		addrs = append(addrs, sentinel.Addr())
	}
	return addrs
}

// The library's own retries and timeouts are left as they are: 3 retries with up to half a second between them, 3 s for a reply.
func (s *scene) proxied() *redis.Client {
	return redis.NewClient(&redis.Options{
		Addr: s.addr, PoolSize: workers, Protocol: 2, DisableIdentity: true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
}

func (s *scene) direct() *redis.Client {
	return redis.NewFailoverClient(&redis.FailoverOptions{
		MasterName: s.cluster.Name, SentinelAddrs: s.addrs(), PoolSize: workers, Protocol: 2, DisableIdentity: true,
	})
}

func failover(_ context.Context, s *scene) error { return s.cluster.StartFailover() }

func switchover(ctx context.Context, s *scene) error {
	out, err := exec.CommandContext(
		ctx, s.program, "switch", "--master", s.cluster.Name, "--sentinel", s.sentinels(), "--admin", s.admin, "--token-file", s.token,
	).CombinedOutput()
	if err != nil {
		return fmt.Errorf("sentinelproxy switch: %w\n%s", err, out)
	}
	return nil
}

// moved waits for the new master.
func (s *scene) moved(ctx context.Context) (*servers.Node, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return s.cluster.WaitMasterOtherThan(ctx, s.cluster.Nodes[0])
}

// kept counts which of the keys the master has.
func kept(ctx context.Context, master *servers.Node, keys []string) (int, error) {
	if len(keys) == 0 {
		return 0, errors.New("not one write was acknowledged")
	}
	c := master.Client()
	defer c.Close()
	n, err := c.Exists(ctx, keys...).Result()
	return int(n), err
}
