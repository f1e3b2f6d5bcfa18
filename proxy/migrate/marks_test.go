package migrate

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"sentinelproxy/internal/servers"
)

// TestDryRunFindsMarks: what a switchover has left that was killed is told, of each node, and nothing is changed.
func TestDryRunFindsMarks(t *testing.T) {
	cluster := servers.NewT(t).Cluster(servers.ClusterOptions{Replicas: 2, Sentinels: 1})
	ctx := context.Background()
	look := func() []string {
		t.Helper()
		r, err := Run(ctx, Options{Master: cluster.Name, Sentinels: []string{cluster.Sentinels[0].Addr()}, DryRun: true, Limits: DefaultLimits(), Prefix: "--"})
		if err != nil || r.Outcome != Checked {
			t.Fatalf("%+v: %v", r, err)
		}
		return r.Unsure
	}
	if unsure := look(); len(unsure) > 0 {
		t.Errorf("nothing is left: %q", unsure)
	}
	var want []string
	for i, left := range []struct {
		name          string
		value, before int
	}{{minReplicas, marker + 1, 1}, {priorityNames[0], marker + 100, 100}, {priorityNames[0], neverMarker, 0}} {
		n := cluster.Nodes[i]
		if _, err := n.Do(ctx, "CONFIG", "SET", left.name, left.value); err != nil {
			t.Fatal(err)
		}
		want = append(want, fmt.Sprintf("%s of %s is %d (%d before)", left.name, n.Addr(), left.value, left.before))
	}
	for range 2 {
		unsure := look()
		if len(unsure) != 1 || !strings.Contains(unsure[0], "--repair") {
			t.Fatalf("%q", unsure)
		}
		for _, text := range want {
			if !strings.Contains(unsure[0], text) {
				t.Errorf("%q does not say that %s", unsure, text)
			}
		}
	}
}
