package e2e

import (
	"fmt"
	"strings"
	"testing"

	"sentinelproxy/internal/servers"
)

// Workers whose connections are not all alike: transactions, scripts, databases, blocking commands, and clients
// that come and go.

// mixture, twice each: RESP2 and RESP3.
var mixture = []part{
	{"transaction", true, 3},
	{"transaction one by one", false, 3},
	{"transaction with WATCH", false, 2},
	{"script", true, 2},
	{"databases", false, 3},
	{"list", true, 2},
	{"short-lived", false, 2},
	{"pipeline of 16", true, 2},
}

func init() {
	transaction := func(w *work) [][]string {
		return [][]string{{"MULTI"}, {"INCR", w.prefix + "n"}, {"INCR", w.prefix + "n"}, {"EXEC"}}
	}
	batches["transaction"] = transaction
	batches["transaction one by one"] = transaction
	batches["transaction with WATCH"] = func(w *work) [][]string {
		return append([][]string{{"WATCH", w.prefix + "n"}}, transaction(w)...)
	}
	batches["script"] = func(w *work) [][]string {
		return [][]string{{"EVAL", "return redis.call('INCR', KEYS[1])", "1", w.prefix + "n"}}
	}
	batches["databases"] = func(w *work) [][]string {
		return [][]string{{"SELECT", fmt.Sprint(w.round % 4)}, w.set(), {"GET", w.prefix + "v"}}
	}
	batches["list"] = func(w *work) [][]string {
		return [][]string{{"RPUSH", w.prefix + "l", fmt.Sprint(w.round)}, {"BLPOP", w.prefix + "l", "0"}}
	}
	batches["short-lived"] = batches["set/get"]
	for _, kind := range []string{"transaction one by one", "transaction with WATCH", "databases", "list", "short-lived"} {
		oneByOne[kind] = true
	}
}

// shortLived has a connection for each batch.
type shortLived struct {
	addr  string
	proto int
}

func (s *shortLived) do(batch [][]string) ([]any, error) {
	w, err := connect("tcp", s.addr, s.proto)
	if err != nil {
		return nil, err
	}
	defer w.close()
	return w.do(batch)
}

func (s *shortLived) close() {}

// TestMixedPlanned: in a planned failover none of them sees anything, but for a transaction that had watched keys
// on the former master: it fails as if they had changed.
func TestMixedPlanned(t *testing.T) {
	t.Parallel()
	pool := servers.NewT(t)
	cluster := threeAndThree(t, pool)
	p := before(t, pool, cluster)
	audited := p.audit()
	clients := gatherMixed(t, p, planned)
	old := cluster.Master()
	clients.works(20)
	next := cluster.Failover()
	p.serving(next)
	clients.works(30)
	audited()
	clients.concludeMixed(p, next)
	p.moved(t, old, next)
}

// TestMixedKilled: in a crash only writes that were on the wire are unknown; EXEC, EVAL and RPUSH are such.
func TestMixedKilled(t *testing.T) {
	t.Parallel()
	pool := servers.NewT(t)
	cluster := threeAndThree(t, pool)
	p := before(t, pool, cluster)
	audited := p.audit()
	clients := gatherMixed(t, p, rules{lossy: true, excused: unknownIncrements}, "list") // see TestMixedLostReplies
	old := cluster.Master()
	clients.works(20)
	if err := old.Kill(); err != nil {
		t.Fatal(err)
	}
	next := cluster.WaitMasterOtherThan(old)
	p.serving(next)
	clients.works(30)
	audited()
	clients.concludeMixed(p, next)
	p.moved(t, old, next)
}

func unknownIncrements(command []string, err replyError) bool {
	return increments[command[0]] > 0 && strings.HasPrefix(string(err), "UNKNOWNOUTCOME ")
}

// TestMixedLostReplies: what was applied and not answered is applied once, transactions and scripts too. Not lists:
// a blocking pop whose reply is lost waits again, and the element it was given is gone.
func TestMixedLostReplies(t *testing.T) {
	t.Parallel()
	master, r, p := cutOff(t)
	audited := p.audit()
	clients := gatherMixed(t, p, rules{excused: unknownIncrements}, "list")
	for range 5 {
		clients.works(5)
		r.lose()
	}
	clients.works(5)
	audited()
	clients.concludeMixed(p, master)
}

// TestMixedHoldLimit: a master that hangs for longer than the hold limit, under transactions and scripts.
func TestMixedHoldLimit(t *testing.T) {
	t.Parallel()
	_, cluster, p := alone(t)
	master := cluster.Nodes[0]
	audited := p.audit()
	clients := gatherMixed(t, p, rules{excused: func(command []string, err replyError) bool {
		text := string(err)
		switch {
		case strings.HasPrefix(text, "NOMASTER "), refusals(command, err), unknownIncrements(command, err):
			return true
		case command[0] == "EXEC": // its MULTI or a command in it was refused
			return strings.HasPrefix(text, "EXECABORT ") || strings.Contains(text, "without MULTI")
		}
		return false
	}}, "list", "short-lived") // refused HELLOs are no batch's
	clients.works(10)
	if err := master.Pause(); err != nil {
		t.Fatal(err)
	}
	p.inState("refusing")
	clients.works(20)
	if err := master.Resume(); err != nil {
		t.Fatal(err)
	}
	p.serving(master)
	clients.worksAgain()
	audited()
	clients.concludeMixed(p, master)
}

func gatherMixed(t *testing.T, p *proxy, r rules, without ...string) *crowd {
	t.Helper()
	p.pinned = true
	var parts []part
	for _, m := range mixture {
		if !strings.Contains(strings.Join(without, ","), m.kind) {
			parts = append(parts, m)
		}
	}
	return gatherParts(t, "tcp", p.addr, r, parts)
}

// concludeMixed is conclude where clients come and go.
func (c *crowd) concludeMixed(p *proxy, master *servers.Node) {
	c.t.Helper()
	c.rest()
	errs := c.seen()
	c.final(master)
	stay := 0
	for _, w := range c.workers {
		if _, short := w.client.(*shortLived); !short {
			stay++
		}
	}
	p.left(int64(stay))
	sum := p.settled()
	if sum.closed() != sum.Closed["peer"] {
		c.t.Errorf("closed: %v", sum.Closed)
	}
	if sum.Unknown != int64(errs["UNKNOWNOUTCOME"]) {
		c.t.Logf("the proxy counts %d commands of unknown outcome, the clients were told %d times", sum.Unknown, errs["UNKNOWNOUTCOME"])
	}
}
