package migrate

import (
	"context"
	"testing"

	"sentinelproxy/internal/servers"
)

// TestToNeedsAllSentinels: a Sentinel that does not answer would be waited for, with priorities changed; a dry run says so. Without
// --to two of three are enough.
func TestToNeedsAllSentinels(t *testing.T) {
	c := servers.NewT(t).Cluster(servers.ClusterOptions{Replicas: 2, Sentinels: 3})
	var sentinels []string
	for _, s := range c.Sentinels {
		sentinels = append(sentinels, s.Addr())
	}
	down := c.Sentinels[2]
	if err := down.Kill(); err != nil {
		t.Fatal(err)
	}
	for to, want := range map[string]string{"": "", c.Nodes[1].Addr(): "--to: sentinel " + down.Addr() + ": "} {
		r, err := Run(context.Background(), Options{Master: c.Name, Sentinels: sentinels, To: to, DryRun: true, Limits: DefaultLimits(), Prefix: "--"})
		if want != "" {
			fails(t, "with --to", err, want)
		} else if err != nil || r.Outcome != Checked {
			t.Errorf("%+v: %v", r, err)
		}
	}
}
