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
	m := inMinority(t)
	for range 20 {
		m.reader.want(t, "1", "GET", "k")
	}
	s, err := m.p.status()
	if err != nil {
		t.Fatal(err)
	}
	if g := s.Groups[0]; !strings.HasPrefix(g.Reason, "minority") {
		t.Errorf("held for %q", g.Reason)
	}
	if err := m.cluster.Sentinels[0].Resume(); err != nil {
		t.Fatal(err)
	}
	if v, err := m.writer.receive(); err != nil || v != int64(2) {
		t.Errorf("the write that waited: %v %v", v, err)
	}
	m.p.serving(m.cluster.Nodes[0])
	if err := m.cluster.Sentinels[1].Resume(); err != nil {
		t.Fatal(err)
	}
	m.audited()
}

// TestMinorityReadsGoOn: when the limit of the hold has passed writes are refused at once, reads go on, and new clients are better sent
// elsewhere. A majority in reach ends it in place.
func TestMinorityReadsGoOn(t *testing.T) {
	t.Parallel()
	m := inMinority(t, "--hold-timeout", "3s")
	refused := func(v any, err error) {
		t.Helper()
		if e, is := v.(replyError); err != nil || !is || !strings.HasPrefix(string(e), "NOMASTER no master of") || !strings.Contains(string(e), "only reads go on") {
			t.Errorf("the write is answered %v, %v", v, err)
		}
	}
	refused(m.writer.receive())
	for range 20 {
		m.reader.want(t, "1", "GET", "k")
		m.writer.want(t, "1", "GET", "k")
	}
	if err := m.writer.send([]string{"INCR", "k"}); err != nil {
		t.Fatal(err)
	}
	refused(m.writer.receive())
	ready := func() error {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, m.p.admin+"/readyz", nil)
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
		if n := m.p.metrics()["sentinelproxy_refusals_total"]; n != 1 {
			return fmt.Errorf("%v of them", n)
		}
		return nil
	})
	if err := m.cluster.Sentinels[0].Resume(); err != nil {
		t.Fatal(err)
	}
	m.p.serving(m.cluster.Nodes[0])
	eventually(t, "it is ready", ready)
	m.writer.want(t, "OK", "SET", "k", "2")
	m.reader.want(t, "2", "GET", "k")
	if err := m.cluster.Sentinels[1].Resume(); err != nil {
		t.Fatal(err)
	}
	m.audited()
}

// minority is a proxy that two of three Sentinels have left, with a write that waits.
type minority struct {
	p              *proxy
	cluster        *servers.ClusterT
	writer, reader *wire
	audited        func()
}

func inMinority(t *testing.T, flags ...string) minority {
	t.Helper()
	pool := servers.NewT(t)
	m := minority{cluster: threeAndThree(t, pool)}
	m.p = before(t, pool, m.cluster, append([]string{"--minority-grace", "1s"}, flags...)...)
	m.audited = m.p.audit()
	m.writer, m.reader = dial(t, m.p, 2), dial(t, m.p, 2)
	m.writer.want(t, "OK", "SET", "k", "1")
	for _, s := range m.cluster.Sentinels[:2] {
		if err := s.Pause(); err != nil {
			t.Fatal(err)
		}
	}
	m.p.inState("draining")
	if err := m.writer.send([]string{"INCR", "k"}); err != nil {
		t.Fatal(err)
	}
	return m
}
