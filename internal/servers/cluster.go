package servers

import (
	"context"
	"fmt"
	"time"
)

// Sentinel's own periods, in milliseconds: how often it tells the others of itself, and asks the nodes for INFO.
const (
	helloPeriod = 2000
	infoPeriod  = 10000
)

// ClusterOptions of a master with replicas under Sentinels.
type ClusterOptions struct {
	Name             string // the master's name; "": "mymaster"
	Replicas         int
	Sentinels        int
	Quorum           int           // 0: the majority of the Sentinels
	DownAfter        time.Duration // 0: 2 s
	FailoverTimeout  time.Duration // 0: 10 s
	ParallelSyncs    int           // 0: as many as there are replicas
	Password         string        // of the data nodes
	SentinelPassword string
	NodeConfig       []string // further lines of every redis.conf
	SentinelConfig   []string // further lines of every sentinel.conf
	NodePorts        []int    // fixed ports, master first; the rest are free ones
	SentinelPorts    []int
	NodeHosts        []string // addresses of their own, master first; without: 127.0.0.1
	SentinelHosts    []string
}

// Cluster is a group: nodes that replicate, and Sentinels that know them and one another.
type Cluster struct {
	Name      string
	Nodes     []*Node // Nodes[0] was the master at the start
	Sentinels []*Sentinel

	pool    *Pool
	options ClusterOptions
}

// Cluster starts a group and waits until the replicas are in sync and every Sentinel knows all. That
// takes well under a second: while it comes up, the Sentinels greet each other more often than they do.
func (p *Pool) Cluster(o ClusterOptions) (*Cluster, error) {
	o.Name = orDefault(o.Name, "mymaster")
	o.Quorum = orDefault(o.Quorum, o.Sentinels/2+1)
	o.ParallelSyncs = orDefault(o.ParallelSyncs, max(o.Replicas, 1))
	c := &Cluster{Name: o.Name, pool: p, options: o}
	ctx, cancel := context.WithTimeout(context.Background(), readyTimeout)
	defer cancel()
	for range o.Replicas + 1 {
		if _, err := c.AddNode(); err != nil {
			return nil, err
		}
	}
	for _, n := range c.Nodes[1:] {
		if err := n.WaitSynced(ctx); err != nil {
			return nil, err
		}
	}
	for range o.Sentinels {
		if _, err := c.AddSentinel(); err != nil {
			return nil, err
		}
	}
	return c, c.acquaint(ctx)
}

// AddNode starts a further Redis: the first is the master, the others replicas of Nodes[0]. Use
// Node.ReplicaOf where another one is the master by now.
func (c *Cluster) AddNode() (*Node, error) {
	o := RedisOptions{
		Password: c.options.Password, Config: c.options.NodeConfig,
		Port: at(c.options.NodePorts, len(c.Nodes)), Host: at(c.options.NodeHosts, len(c.Nodes)),
	}
	if len(c.Nodes) > 0 {
		o.ReplicaOf = c.Nodes[0].Addr()
	}
	n, err := c.pool.Redis(o)
	if err != nil {
		return nil, err
	}
	c.Nodes = append(c.Nodes, n)
	return n, nil
}

// AddSentinel starts a further Sentinel for the present master. The others learn of it within Sentinel's
// hello period, 2 s.
func (c *Cluster) AddSentinel() (*Sentinel, error) {
	master := c.Nodes[0].Addr()
	if len(c.Sentinels) > 0 {
		n, err := c.Master()
		if err != nil {
			return nil, err
		}
		master = n.Addr()
	}
	o := c.options
	s, err := c.pool.Sentinel(SentinelOptions{
		Port: at(o.SentinelPorts, len(c.Sentinels)), Host: at(o.SentinelHosts, len(c.Sentinels)), Master: o.Name, MasterAddr: master, Quorum: o.Quorum,
		DownAfter: o.DownAfter, FailoverTimeout: o.FailoverTimeout, ParallelSyncs: o.ParallelSyncs,
		AuthPass: o.Password, Password: o.SentinelPassword, Config: o.SentinelConfig,
	})
	if err != nil {
		return nil, err
	}
	c.Sentinels = append(c.Sentinels, s)
	return s, nil
}

// at is element i, or the zero value where there is none.
func at[T any](list []T, i int) (v T) {
	if i < len(list) {
		v = list[i]
	}
	return v
}

// Join waits until a node that was made a replica of the master is in sync, and every Sentinel knows it as fit for
// promotion. That may take Sentinels 10 s; meanwhile they are made to look more often.
func (c *Cluster) Join(ctx context.Context, n *Node) error {
	if err := n.WaitSynced(ctx); err != nil {
		return err
	}
	c.Nodes = append(c.Nodes, n)
	if err := c.debug(ctx, "INFO-PERIOD", 200); err != nil {
		return err
	}
	if err := c.WaitKnown(ctx); err != nil {
		return err
	}
	return c.debug(ctx, "INFO-PERIOD", infoPeriod)
}

// acquaint waits until all Sentinels know all, with hellos every 100 ms meanwhile.
func (c *Cluster) acquaint(ctx context.Context) error {
	if err := c.debug(ctx, "PUBLISH-PERIOD", 100); err != nil {
		return err
	}
	if err := c.WaitKnown(ctx); err != nil {
		return err
	}
	return c.debug(ctx, "PUBLISH-PERIOD", helloPeriod)
}

// debug sets a period of all Sentinels.
func (c *Cluster) debug(ctx context.Context, period string, ms int) error {
	for _, s := range c.Sentinels {
		// Redis before 7.0 has no SENTINEL DEBUG: there it takes some seconds more, which is no error.
		_, _ = s.Do(ctx, "SENTINEL", "DEBUG", period, ms)
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// WaitKnown waits until every running Sentinel sees the master up, all other nodes as fit replicas, and
// all other Sentinels.
func (c *Cluster) WaitKnown(ctx context.Context) error {
	for _, s := range c.Sentinels {
		if !s.Running() {
			continue
		}
		if err := s.WaitKnows(ctx, len(c.Nodes)-1, len(c.Sentinels)-1); err != nil {
			return err
		}
	}
	return nil
}

// Master is the node that most of the Sentinels give out as the master.
func (c *Cluster) Master() (*Node, error) {
	ctx, cancel := quick()
	defer cancel()
	votes := map[string]int{}
	for _, s := range c.Sentinels {
		if addr, err := s.MasterAddr(ctx); err == nil {
			votes[addr]++
		}
	}
	for _, n := range c.Nodes {
		if votes[n.Addr()] > len(c.Sentinels)/2 {
			return n, nil
		}
	}
	return nil, fmt.Errorf("the Sentinels agree on none of the nodes: %v", votes)
}

// StartFailover asks the first running Sentinel for a planned failover and returns at once.
func (c *Cluster) StartFailover() error {
	ctx, cancel := quick()
	defer cancel()
	for _, s := range c.Sentinels {
		if !s.Running() {
			continue
		}
		if _, err := s.Do(ctx, "SENTINEL", "FAILOVER", c.Name); err != nil {
			return fmt.Errorf("%s: SENTINEL FAILOVER: %w", s.name, err)
		}
		return nil
	}
	return fmt.Errorf("no Sentinel runs")
}

// Failover makes the Sentinels promote another node and waits until they agree on it and it says so
// itself. The old master may not be a replica yet: Sentinel demotes it about 10 s later.
func (c *Cluster) Failover(ctx context.Context) (*Node, error) {
	old, err := c.Master()
	if err != nil {
		return nil, err
	}
	if err := c.StartFailover(); err != nil {
		return nil, err
	}
	return c.WaitMasterOtherThan(ctx, old)
}

// WaitMasterOtherThan waits until the Sentinels agree on another master than old and that one says that
// it is.
func (c *Cluster) WaitMasterOtherThan(ctx context.Context, old *Node) (*Node, error) {
	var master *Node
	err := until(ctx, "another master than "+old.name, func() error {
		n, err := c.Master()
		if err != nil {
			return err
		}
		if n == old {
			return fmt.Errorf("it is %s", n.name)
		}
		role, err := n.Role()
		if err == nil && role != "master" {
			err = fmt.Errorf("%s says %s", n.name, role)
		}
		master = n
		return err
	})
	if err != nil {
		return nil, err
	}
	return master, nil
}
