package e2e

import (
	"context"
	"fmt"
	"net/http"
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

// TestMinorityReadsGoOn: when the limit of the hold has passed writes are refused at once, reads go on, and new clients are better sent
// elsewhere. A majority in reach ends it in place.
func TestMinorityReadsGoOn(t *testing.T) {
	t.Parallel()
	pool := servers.NewT(t)
	cluster := threeAndThree(t, pool)
	p := before(t, pool, cluster, "--minority-grace", "1s", "--hold-timeout", "3s")
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
	refused := func(v any, err error) {
		t.Helper()
		if e, is := v.(replyError); err != nil || !is || !strings.HasPrefix(string(e), "NOMASTER no master of") || !strings.Contains(string(e), "only reads go on") {
			t.Errorf("the write is answered %v, %v", v, err)
		}
	}
	refused(writer.receive())
	for range 20 {
		reader.want(t, "1", "GET", "k")
		writer.want(t, "1", "GET", "k")
	}
	if err := writer.send([]string{"INCR", "k"}); err != nil {
		t.Fatal(err)
	}
	refused(writer.receive())
	ready := func() error {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, p.admin+"/readyz", nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("readyz answers %s", resp.Status)
		}
		return nil
	}
	if ready() == nil {
		t.Error("it calls itself ready")
	}
	eventually(t, "the refusal is counted", func() error {
		if n := p.metrics()["sentinelproxy_refusals_total"]; n != 1 {
			return fmt.Errorf("%v of them", n)
		}
		return nil
	})
	if err := cluster.Sentinels[0].Resume(); err != nil {
		t.Fatal(err)
	}
	p.serving(cluster.Nodes[0])
	eventually(t, "it is ready", ready)
	writer.want(t, "OK", "SET", "k", "2")
	reader.want(t, "2", "GET", "k")
	if err := cluster.Sentinels[1].Resume(); err != nil {
		t.Fatal(err)
	}
	audited()
}
