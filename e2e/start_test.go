package e2e

import (
	"fmt"
	"testing"

	"sentinelproxy/internal/servers"
)

// TestStartBeforeSentinels: clients connect and are held while no Sentinel answers, and are served when one does.
func TestStartBeforeSentinels(t *testing.T) {
	t.Parallel()
	pool := servers.NewT(t)
	ports := []int{pool.Port(), pool.Port(), pool.Port()}
	var sentinels []string
	for _, port := range ports {
		sentinels = append(sentinels, fmt.Sprintf("127.0.0.1:%d", port))
	}
	p := start(t, pool, "mymaster", sentinels)
	audited := p.audit()
	clients := gather(t, p, planned)
	eventually(t, "all clients are held", func() error {
		s, err := p.status()
		if sum := s.sum(); err == nil && sum.Waiting != int64(len(clients.workers)) {
			err = fmt.Errorf("%d wait", sum.Waiting)
		}
		return err
	})
	p.inState("starting")
	cluster := pool.Cluster(servers.ClusterOptions{Replicas: 1, Sentinels: 3, SentinelPorts: ports})
	p.serving(cluster.Nodes[0])
	clients.works(20)
	audited()
	clients.conclude(p, cluster.Nodes[0])
	p.moved(t, cluster.Nodes[0])
}
