package migrate

import (
	"context"
	"testing"
	"time"

	"sentinelproxy/internal/servers"
)

// TestFenceOfAnother: who comes second, when both have found everything well, must not take off the fence of the first. One that
// was there at the beginning is of a switchover that was killed, and is taken over.
func TestFenceOfAnother(t *testing.T) {
	n := servers.NewT(t).Redis(servers.RedisOptions{})
	for _, tc := range []struct {
		name       string
		first      bool // fenced before the preflight
		want, left string
	}{
		{"meanwhile", false, "another switchover has fenced it meanwhile", "1000001"},
		{"killed", true, "", "1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ctx := context.Background()
			s := newSwitchover(Options{Limits: Limits{CatchUp: time.Second}})
			defer s.close()
			s.master = s.node(n.Addr())
			set := func(value int) {
				if err := s.master.set(ctx, minReplicas, value); err != nil {
					t.Fatal(err)
				}
			}
			set(1)
			if tc.first {
				set(marker + 1)
			}
			if err := s.willFence(ctx); err != nil {
				t.Fatal(err)
			}
			set(marker + 1)
			fails(t, "fence", s.fence(ctx), tc.want)
			if err := s.undo(); err != nil {
				t.Fatal(err)
			}
			if got := s.master.client.ConfigGet(ctx, minReplicas).Val()[minReplicas]; got != tc.left {
				t.Errorf("%s is %s, want %s", minReplicas, got, tc.left)
			}
		})
	}
}
