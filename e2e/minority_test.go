package e2e

import (
	"strings"
	"testing"

	"sentinelproxy/internal/servers"
)

// TestMinorityHoldsWrites: two of three Sentinels hang, so they might be carrying out a failover that the proxy does not hear of.
// After the grace writes wait and reads go on; when one of the two is back, the writes are answered.
func TestMinorityHoldsWrites(t *testing.T) {
	t.Parallel()
	pool := servers.NewT(t)
	cluster := threeAndThree(t, pool)
	p := before(t, pool, cluster, "--minority-grace", "1s")
	audited := p.audit()
	writer, reader := dial(t, p, 2), dial(t, p, 2)
	writer.want(t, "OK", "SET", "k", "1")
	for _, s := range cluster.Sentinels[:2] {
		if err := s.Pause(); err != nil {
			t.Fatal(err)
		}
	}
	p.inState("draining")
	if err := writer.send([]string{"INCR", "k"}); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		reader.want(t, "1", "GET", "k")
	}
	s, err := p.status()
	if err != nil {
		t.Fatal(err)
	}
	if g := s.Groups[0]; !strings.HasPrefix(g.Reason, "minority") {
		t.Errorf("held for %q", g.Reason)
	}
	if err := cluster.Sentinels[0].Resume(); err != nil {
		t.Fatal(err)
	}
	if v, err := writer.receive(); err != nil || v != int64(2) {
		t.Errorf("the write that waited: %v %v", v, err)
	}
	p.serving(cluster.Nodes[0])
	if err := cluster.Sentinels[1].Resume(); err != nil {
		t.Fatal(err)
	}
	audited()
}
