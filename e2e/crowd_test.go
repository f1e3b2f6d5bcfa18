package e2e

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"sentinelproxy/internal/servers"
)

// crowd is 64 clients that go on working through whatever happens.
type crowd struct {
	t       testing.TB
	workers []*worker
	ending  atomic.Bool
	strict  atomic.Bool // from now on no error is excused
	wg      sync.WaitGroup
	rules   *rules
	number  int64 // no two crowds have the same
}

var crowdsMade atomic.Int64

type worker struct {
	name    string
	work    *work
	client  client
	rounds  atomic.Int64
	failed  atomic.Pointer[error]
	longest time.Duration // read after the end
}

// part is so many workers of one kind.
type part struct {
	kind    string
	library bool // go-redis; else a socket
	workers int
}

// composition of the crowd, twice each: RESP2 and RESP3.
var composition = []part{
	{"set/get", true, 8},
	{"incr", true, 8},
	{"pipeline of 16", true, 6},
	{"set/get", false, 3},
	{"incr", false, 3},
	{"pipeline of 16", false, 4},
}

// pace is the pause of a worker between two rounds: enough of them are on the wire at any moment, and
// something is left of a small machine for the servers.
const pace = 15 * time.Millisecond

// gather connects the 64 and sets them to work.
func gather(t testing.TB, p *proxy, r rules) *crowd {
	t.Helper()
	return gatherAt(t, "tcp", p.addr, r)
}

func gatherAt(t testing.TB, network, addr string, r rules) *crowd {
	t.Helper()
	return gatherParts(t, network, addr, r, composition)
}

func gatherParts(t testing.TB, network, addr string, r rules, parts []part) *crowd {
	t.Helper()
	c := &crowd{t: t, rules: &r, number: crowdsMade.Add(1)}
	for _, proto := range []int{2, 3} {
		for _, part := range parts {
			for range part.workers {
				c.add(network, addr, proto, part.kind, part.library)
			}
		}
	}
	t.Cleanup(c.leave)
	for _, w := range c.workers {
		c.wg.Go(func() { c.run(w) })
	}
	return c
}

func (c *crowd) add(network, addr string, proto int, kind string, lib bool) {
	c.t.Helper()
	prefix := fmt.Sprintf("{%s:%d:%d}:", strings.ReplaceAll(c.t.Name(), "/", "_"), c.number, len(c.workers))
	w := &worker{work: newWork(kind, prefix, c.rules)}
	switch {
	case kind == "short-lived":
		w.name = "short-lived " + prefix
		w.client = &shortLived{addr, proto}
	case lib:
		w.name = fmt.Sprintf("go-redis RESP%d %s %s", proto, kind, prefix)
		w.client = newLibrary(network, addr, proto)
	default:
		w.name = fmt.Sprintf("socket RESP%d %s %s", proto, kind, prefix)
		// HELLO of RESP3 is held while there is no master: it is the worker's first round.
		socket, err := connect(network, addr, 2)
		if err != nil {
			c.t.Fatal(err)
		}
		w.client = socket
		if proto == 3 {
			w.client = &greeting{wire: socket}
		}
	}
	c.workers = append(c.workers, w)
}

// greeting sends HELLO 3 before its first batch.
type greeting struct {
	*wire
	greeted bool
}

func (g *greeting) do(batch [][]string) ([]any, error) {
	if !g.greeted {
		g.greeted = true
		v, err := g.wire.do([][]string{{"HELLO", "3"}})
		if err != nil {
			return nil, err
		}
		if e, is := v[0].(replyError); is {
			return nil, fmt.Errorf("HELLO 3: %w", e)
		}
	}
	return g.wire.do(batch)
}

func (c *crowd) run(w *worker) {
	for !c.ending.Load() {
		began, strict, excused := time.Now(), c.strict.Load(), w.work.excused
		err := w.work.once(w.client)
		if err == nil && strict && w.work.excused > excused {
			err = fmt.Errorf("an error after all was well again: %v", w.work.seen)
		}
		if err != nil {
			err = fmt.Errorf("%s: %w", w.name, err)
			w.failed.Store(&err)
			return
		}
		w.longest = max(w.longest, time.Since(began))
		w.rounds.Add(1)
		time.Sleep(rand.N(2 * pace))
	}
}

// works waits until every worker has done n more rounds.
func (c *crowd) works(n int64) {
	c.t.Helper()
	goal := make([]int64, len(c.workers))
	for i, w := range c.workers {
		goal[i] = w.rounds.Load() + n
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		var behind []string
		for i, w := range c.workers {
			if err := w.failed.Load(); err != nil {
				c.fail()
			}
			if w.rounds.Load() < goal[i] {
				behind = append(behind, w.name)
			}
		}
		if len(behind) == 0 {
			return
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("%d of %d workers have not done %d rounds within %v: %q", len(behind), len(c.workers), n, patience, behind)
		}
	}
}

// fail ends the test with what the workers have seen.
func (c *crowd) fail() {
	c.t.Helper()
	time.Sleep(200 * time.Millisecond) // what one of them has seen, others are about to see
	failed := 0
	for _, w := range c.workers {
		if err := w.failed.Load(); err != nil {
			if failed++; failed <= 5 {
				c.t.Error(*err)
			}
		}
	}
	c.t.Fatalf("%d of %d workers have failed", failed, len(c.workers))
}

// rest ends the work; the connections stay open.
func (c *crowd) rest() {
	c.t.Helper()
	c.ending.Store(true)
	done := make(chan struct{})
	go func() { c.wg.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(patience):
		for _, w := range c.workers {
			w.client.close()
		}
		<-done
		c.t.Errorf("a worker has waited for its reply for more than %v", patience)
	}
	for _, w := range c.workers {
		if w.failed.Load() != nil {
			c.fail()
		}
	}
}

func (c *crowd) leave() {
	c.ending.Store(true)
	for _, w := range c.workers {
		w.client.close()
	}
	c.wg.Wait()
}

// seen counts the excused errors of all workers, and logs what else there is to know.
func (c *crowd) seen() map[string]int {
	c.t.Helper()
	all := map[string]int{}
	var longest time.Duration
	var rounds, unknown, drops int64
	for _, w := range c.workers {
		for word, n := range w.work.seen {
			all[word] += n
		}
		longest = max(longest, w.longest)
		rounds += w.rounds.Load()
		unknown += w.work.count.unknown
		drops += int64(w.work.count.drops)
	}
	c.t.Logf("%d rounds, longest wait %v, errors %v, unknown increments %d, counters that lost acknowledged ones %d",
		rounds, longest.Round(time.Millisecond), all, unknown, drops)
	return all
}

// final compares every counter with what the master has.
func (c *crowd) final(master *servers.Node) {
	c.t.Helper()
	direct := master.Client()
	defer direct.Close()
	for _, w := range c.workers {
		n, err := direct.Get(context.Background(), w.work.prefix+"n").Int64()
		if err != nil && !errors.Is(err, redis.Nil) {
			c.t.Fatal(err)
		}
		if err := w.work.count.final(n, c.rules); err != nil {
			c.t.Errorf("%s: %v", w.name, err)
		}
	}
}

// conclude is the end of most scenarios: the work stops, the counters are right on the master, nobody's
// connection was closed, and the proxy's accounts say the same as the clients do. It returns how often each error
// was seen.
func (c *crowd) conclude(p *proxy, master *servers.Node) (errs map[string]int) {
	c.t.Helper()
	c.rest()
	errs = c.seen()
	c.final(master)
	sum := p.settled()
	if sum.Clients != int64(len(c.workers)) || sum.closed() != 0 {
		c.t.Errorf("%d clients are connected, %v were closed; want %d and none", sum.Clients, sum.Closed, len(c.workers))
	}
	if sum.Unknown != int64(errs["UNKNOWNOUTCOME"]) {
		c.t.Errorf("the proxy counts %d writes of unknown outcome, the clients were told %d times", sum.Unknown, errs["UNKNOWNOUTCOME"])
	}
	return errs
}
