package servers

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// downAfter is longer than a second because a Sentinel that has just taken over a new master counts from then on, but connects to it
// only a second (SENTINEL_PING_PERIOD) after its last attempt at the dead one, and the votes of the others for that one still stand.
// With a second, 3 of 24 crashes were followed by another failover, away from a master that was well; with 1.5 s, none.
const downAfter = 2 * time.Second

// SentinelOptions of a Sentinel that watches one master.
type SentinelOptions struct {
	Port            int
	Host            string        // of its own, an address of this machine; "": 127.0.0.1
	Master          string        // the master's name
	MasterAddr      string        // host:port, written exactly as the replicas' REPLICAOF has it
	Quorum          int           // 0: 1
	DownAfter       time.Duration // 0: 2 s
	FailoverTimeout time.Duration // 0: 10 s
	ParallelSyncs   int           // 0: 1
	AuthUser        string        // at the data nodes
	AuthPass        string        // at the data nodes
	Password        string        // of the Sentinel itself, and what it sends to the other Sentinels
	Config          []string      // further lines of sentinel.conf
}

// Sentinel is a running Sentinel.
type Sentinel struct {
	*Process
	endpoint
	Master string // the name of the master it watches
}

// Sentinel starts one and waits until it answers PING. What it has learned is kept over a Restart: it
// writes it to its configuration file.
func (p *Pool) Sentinel(o SentinelOptions) (*Sentinel, error) {
	path, err := Find("redis-server")
	if err != nil {
		return nil, err
	}
	var s *Sentinel
	err = onPort(o.Port, func(port int) error {
		proc, err := newProcess(p.root, fmt.Sprintf("sentinel %d", port), path)
		if err != nil {
			return err
		}
		if err := p.writeConfig(proc, "sentinel.conf", o.file(port, proc.dir)); err != nil {
			return err
		}
		proc.args = []string{proc.config, "--sentinel"}
		s = &Sentinel{Process: proc, endpoint: endpoint{Port: port, host: o.Host, password: o.Password}, Master: o.Master}
		return p.start(proc, port, s.ping)
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

func (o SentinelOptions) file(port int, dir string) string {
	set := func(option string, value any) string {
		return fmt.Sprintf("sentinel %s %s %v", option, o.Master, value)
	}
	lines := []string{
		fmt.Sprintf("port %d", port),
		fmt.Sprintf("dir %q", dir),
		set("monitor", fmt.Sprintf("%s %d", hostAndPort(o.MasterAddr), orDefault(o.Quorum, 1))),
		set("down-after-milliseconds", orDefault(o.DownAfter, downAfter).Milliseconds()),
		set("failover-timeout", orDefault(o.FailoverTimeout, 10*time.Second).Milliseconds()),
		set("parallel-syncs", orDefault(o.ParallelSyncs, 1)),
	}
	lines = append(lines, bind(o.Host)...)
	if o.AuthUser != "" {
		lines = append(lines, set("auth-user", o.AuthUser))
	}
	if o.AuthPass != "" {
		lines = append(lines, set("auth-pass", o.AuthPass))
	}
	if o.Password != "" {
		lines = append(lines, fmt.Sprintf("requirepass %q", o.Password))
	}
	return strings.Join(append(lines, o.Config...), "\n") + "\n"
}

func orDefault[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}

// Restart runs an ended Sentinel once more on its port.
func (s *Sentinel) Restart() error { return s.restart(s.Port, s.ping) }

// Client makes a client for Sentinel commands with one connection. The caller closes it.
func (s *Sentinel) Client() *redis.SentinelClient { return redis.NewSentinelClient(s.options()) }

// MasterAddr is the master's address as this Sentinel gives it out to clients: during a failover that it
// leads, the promoted replica's.
func (s *Sentinel) MasterAddr(ctx context.Context) (string, error) {
	if !s.Running() {
		return "", fmt.Errorf("%s does not run", s.name)
	}
	c := s.Client()
	defer c.Close()
	addr, err := c.GetMasterAddrByName(ctx, s.Master).Result()
	if err != nil {
		return "", fmt.Errorf("%s: %w", s.name, err)
	}
	if len(addr) != 2 {
		return "", fmt.Errorf("%s: master address %q", s.name, addr)
	}
	return net.JoinHostPort(addr[0], addr[1]), nil
}

// State is what this Sentinel says of its master: the fields of SENTINEL MASTER ("flags",
// "config-epoch", "num-slaves", "num-other-sentinels", ...).
func (s *Sentinel) State(ctx context.Context) (map[string]string, error) {
	c := s.Client()
	defer c.Close()
	state, err := c.Master(ctx, s.Master).Result()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.name, err)
	}
	return state, nil
}

// WaitKnows waits until the Sentinel sees its master up and knows that many replicas, each of them fit
// for promotion, and that many other Sentinels.
func (s *Sentinel) WaitKnows(ctx context.Context, replicas, others int) error {
	return until(ctx, fmt.Sprintf("%s to know %d replicas and %d other Sentinels", s.name, replicas, others), func() error {
		state, err := s.State(ctx)
		if err != nil {
			return err
		}
		if state["flags"] != "master" || state["num-slaves"] != strconv.Itoa(replicas) || state["num-other-sentinels"] != strconv.Itoa(others) {
			return fmt.Errorf("flags %q, %s replicas, %s other Sentinels", state["flags"], state["num-slaves"], state["num-other-sentinels"])
		}
		return s.replicasFit(ctx)
	})
}

// replicasFit: a replica that Sentinel knows by name only, because it has not asked it for INFO yet, is
// not chosen in a failover.
func (s *Sentinel) replicasFit(ctx context.Context) error {
	c := s.Client()
	defer c.Close()
	replicas, err := c.Replicas(ctx, s.Master).Result()
	if err != nil {
		return err
	}
	for _, r := range replicas {
		// Not by its run id, which Dragonfly has none of.
		if r["flags"] != "slave" || r["master-host"] == "?" || r["master-link-status"] != "ok" {
			return fmt.Errorf("replica %s: flags %q, link %q", r["name"], r["flags"], r["master-link-status"])
		}
	}
	return nil
}
