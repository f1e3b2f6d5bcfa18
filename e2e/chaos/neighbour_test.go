package chaos

import (
	"errors"
	"strings"

	"sentinelproxy/internal/servers"
)

// neighbour is a failover of another master that the same Sentinels watch. It is none of ours: nobody is even held.
var neighbour = fault{
	name: "SENTINEL FAILOVER of another master of the same Sentinels",
	prepare: func(w *world) {
		node := w.pool.Cluster(servers.ClusterOptions{Name: "neighbour", Replicas: 1}).Nodes[0]
		for _, s := range w.cluster.Sentinels {
			for _, command := range [][]any{
				{"SENTINEL", "MONITOR", "neighbour", strings.Split(node.Addr(), ":")[0], node.Port, 2},
				{"SENTINEL", "DEBUG", "INFO-PERIOD", 200}, // so that its replica is known soon
			} {
				_, err := s.Do(w.t.Context(), command...)
				w.must(err)
			}
		}
	},
	strike: func(w *world) {
		s := w.cluster.Sentinels[0]
		eventually(w.t, "SENTINEL FAILOVER is accepted", func() error {
			_, err := s.Do(w.t.Context(), "SENTINEL", "FAILOVER", "neighbour")
			return err
		})
		eventually(w.t, "it is over", func() error {
			if !strings.Contains(s.Log(), "+failover-end master neighbour") {
				return errors.New("it is not")
			}
			return nil
		})
		for _, p := range w.proxies {
			if r := longest(p.reports()); r.Reason == "failover_announced" {
				w.t.Errorf("held: %s", told(r))
			}
		}
	},
}
