package e2e

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"sentinelproxy/internal/servers"
)

// TestOneLinkLost: of two links to a master that lives one is closed with a write in flight. What became of that is unknown; the
// write on the other link is answered before the same master is adopted anew.
func TestOneLinkLost(t *testing.T) {
	t.Parallel()
	pool := servers.NewT(t)
	cluster := threeAndThree(t, pool)
	p := before(t, pool, cluster, "--lanes", "1", "--in-flight-writes", "error")
	audited := p.audit()
	one, other := dial(t, p, 2), dial(t, p, 2)
	one.want(t, "OK", "SET", "k", "0")
	other.want(t, "OK", "SELECT", "1")
	other.want(t, "OK", "SET", "k", "0")
	direct := cluster.Nodes[0].Client()
	defer direct.Close()
	ctx := context.Background()
	if err := direct.Do(ctx, "CLIENT", "PAUSE", "60000", "WRITE").Err(); err != nil { // ROLE is answered meanwhile
		t.Fatal(err)
	}
	for _, c := range []*wire{one, other} {
		if err := c.send([]string{"INCR", "k"}); err != nil {
			t.Fatal(err)
		}
	}
	waiting := regexp.MustCompile(`(?m)^id=(\d+) .* flags=b db=(\d) .* cmd=incr `)
	links := map[string]string{}
	eventually(t, "both writes are in flight", func() error {
		list, err := direct.Do(ctx, "CLIENT", "LIST").Text()
		if err != nil {
			return err
		}
		for _, m := range waiting.FindAllStringSubmatch(list, -1) {
			links[m[2]] = m[1]
		}
		if len(links) < 2 {
			return fmt.Errorf("%v of\n%s", links, list)
		}
		return nil
	})
	if err := direct.Do(ctx, "CLIENT", "KILL", "ID", links["1"]).Err(); err != nil {
		t.Fatal(err)
	}
	p.inState("verifying") // it waits for half a second
	if err := direct.Do(ctx, "CLIENT", "UNPAUSE").Err(); err != nil {
		t.Fatal(err)
	}
	if v, err := one.receive(); err != nil || v != int64(1) {
		t.Errorf("the write on the link that lives: %v %v", v, err)
	}
	if v, err := other.receive(); err != nil || !strings.HasPrefix(fmt.Sprint(v), "UNKNOWNOUTCOME") {
		t.Errorf("the write on the link that was closed: %v %v", v, err)
	}
	p.serving(cluster.Nodes[0])
	one.want(t, "1", "GET", "k")
	audited()
}
