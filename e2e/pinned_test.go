package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sentinelproxy/internal/servers"
)

// pinned is a session with a link of its own: what it does before a switch and after it.
type pinned struct {
	name   string
	proto  int
	before func(t *testing.T, w *wire, key string)
	after  func(t *testing.T, w, other *wire, key string)
}

// blocked sends a command that waits for its reply, and gives the server time to begin to block. If it had not
// begun yet, the test would still hold, only for less.
func blocked(t *testing.T, w *wire, args ...string) {
	t.Helper()
	if err := w.send(args); err != nil {
		t.Fatal(err)
	}
	time.Sleep(50 * time.Millisecond)
}

// sessions of every kind that a planned switch must not disturb.
var sessions = []pinned{
	{
		name: "once pinned, nothing open", proto: 2,
		before: func(t *testing.T, w *wire, key string) {
			w.want(t, "OK", "MULTI")
			w.want(t, "QUEUED", "SET", key, "1")
			w.want(t, "[OK]", "EXEC")
		},
		after: func(t *testing.T, w, _ *wire, key string) {
			w.want(t, "1", "GET", key)
			w.want(t, "OK", "MULTI")
			w.want(t, "QUEUED", "INCR", key)
			w.want(t, "[2]", "EXEC")
		},
	},
	{
		name: "MULTI open", proto: 2,
		before: func(t *testing.T, w *wire, key string) {
			w.want(t, "OK", "MULTI")
			w.want(t, "QUEUED", "INCR", key)
		},
		after: func(t *testing.T, w, other *wire, key string) {
			other.want(t, "<nil>", "GET", key)
			w.want(t, "QUEUED", "INCR", key)
			w.want(t, "[1 2]", "EXEC")
			other.want(t, "2", "GET", key)
		},
	},
	{
		name: "MULTI open, discarded later", proto: 3,
		before: func(t *testing.T, w *wire, key string) {
			w.want(t, "OK", "MULTI")
			w.want(t, "QUEUED", "INCR", key)
		},
		after: func(t *testing.T, w, _ *wire, key string) {
			w.want(t, "OK", "DISCARD")
			w.want(t, "<nil>", "GET", key)
		},
	},
	{
		// The new master can't know whether the key has changed: the transaction fails as if it had.
		name: "WATCH", proto: 2,
		before: func(t *testing.T, w *wire, key string) { w.want(t, "OK", "WATCH", key) },
		after: func(t *testing.T, w, _ *wire, key string) {
			w.want(t, "OK", "MULTI")
			w.want(t, "QUEUED", "SET", key, "1")
			w.want(t, "<nil>", "EXEC")
			w.want(t, "<nil>", "GET", key)
			w.want(t, "OK", "WATCH", key)
			w.want(t, "OK", "MULTI")
			w.want(t, "QUEUED", "SET", key, "2")
			w.want(t, "[OK]", "EXEC")
		},
	},
	{
		name: "WATCH and MULTI open", proto: 3,
		before: func(t *testing.T, w *wire, key string) {
			w.want(t, "OK", "WATCH", key)
			w.want(t, "OK", "MULTI")
			w.want(t, "QUEUED", "SET", key, "1")
		},
		after: func(t *testing.T, w, _ *wire, key string) {
			w.want(t, "<nil>", "EXEC")
			w.want(t, "<nil>", "GET", key)
		},
	},
	{
		name: "BLPOP", proto: 2,
		before: func(t *testing.T, w *wire, key string) { blocked(t, w, "BLPOP", key, "0") },
		after: func(t *testing.T, w, other *wire, key string) {
			other.want(t, "1", "RPUSH", key, "x")
			w.next(t, fmt.Sprintf("[%s x]", key))
			w.want(t, "PONG", "PING")
		},
	},
	{
		name: "BLPOP RESP3", proto: 3,
		before: func(t *testing.T, w *wire, key string) { blocked(t, w, "BLPOP", key, "0") },
		after: func(t *testing.T, w, other *wire, key string) {
			other.want(t, "1", "RPUSH", key, "x")
			w.next(t, fmt.Sprintf("[%s x]", key))
			w.want(t, "PONG", "PING")
		},
	},
	{
		name: "XREAD BLOCK", proto: 2,
		before: func(t *testing.T, w *wire, key string) {
			w.want(t, "0-1", "XADD", key, "0-1", "a", "1")
			blocked(t, w, "XREAD", "BLOCK", "0", "STREAMS", key, "0-1")
		},
		after: func(t *testing.T, w, other *wire, key string) {
			other.want(t, "0-2", "XADD", key, "0-2", "b", "2")
			w.next(t, fmt.Sprintf("[[%s [[0-2 [b 2]]]]]", key))
		},
	},
	{
		name: "SUBSCRIBE", proto: 2,
		before: func(t *testing.T, w *wire, key string) {
			w.want(t, fmt.Sprintf("[subscribe %s 1]", key), "SUBSCRIBE", key)
			w.want(t, fmt.Sprintf("[psubscribe %s* 2]", key), "PSUBSCRIBE", key+"*")
		},
		after: func(t *testing.T, w, other *wire, key string) {
			other.want(t, "2", "PUBLISH", key, "hello")
			w.next(t, fmt.Sprintf("[message %s hello]", key))
			w.next(t, fmt.Sprintf("[pmessage %s* %s hello]", key, key))
			w.want(t, "[pong ]", "PING")
			w.want(t, fmt.Sprintf("[unsubscribe %s 1]", key), "UNSUBSCRIBE", key)
			w.want(t, fmt.Sprintf("[punsubscribe %s* 0]", key), "PUNSUBSCRIBE")
			w.want(t, "PONG", "PING")
		},
	},
	{
		name: "SUBSCRIBE RESP3, with commands between", proto: 3,
		before: func(t *testing.T, w *wire, key string) {
			w.want(t, fmt.Sprintf("[subscribe %s 1]", key), "SUBSCRIBE", key)
			w.want(t, "OK", "SET", key, "1")
		},
		after: func(t *testing.T, w, other *wire, key string) {
			other.want(t, "1", "PUBLISH", key, "hello")
			w.next(t, fmt.Sprintf("[message %s hello]", key))
			w.want(t, "2", "INCR", key)
		},
	},
	{
		name: "SELECT", proto: 2,
		before: func(t *testing.T, w *wire, key string) {
			w.want(t, "OK", "SELECT", "3")
			w.want(t, "OK", "SET", key, "in 3")
		},
		after: func(t *testing.T, w, other *wire, key string) {
			w.want(t, "in 3", "GET", key)
			other.want(t, "<nil>", "GET", key)
		},
	},
	{
		name: "SELECT and MULTI open", proto: 2,
		before: func(t *testing.T, w *wire, key string) {
			w.want(t, "OK", "SELECT", "3")
			w.want(t, "OK", "MULTI")
			w.want(t, "QUEUED", "SET", key, "in 3")
		},
		after: func(t *testing.T, w, other *wire, key string) {
			w.want(t, "[OK]", "EXEC")
			w.want(t, "in 3", "GET", key)
			other.want(t, "<nil>", "GET", key)
		},
	},
	{
		name: "CLIENT TRACKING", proto: 3,
		before: func(t *testing.T, w *wire, key string) {
			w.want(t, "OK", "CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", key)
		},
		after: func(t *testing.T, w, other *wire, key string) {
			w.next(t, "[invalidate <nil>]") // nothing cached is valid any more
			other.want(t, "OK", "SET", key, "1")
			w.next(t, fmt.Sprintf("[invalidate [%s]]", key))
			w.want(t, "1", "GET", key)
		},
	},
	{
		name: "MONITOR", proto: 2,
		before: func(t *testing.T, w *wire, _ string) { w.want(t, "OK", "MONITOR") },
		after: func(t *testing.T, w, other *wire, key string) {
			other.want(t, "OK", "SET", key, "seen")
			for {
				v, err := w.receive()
				if err != nil {
					t.Fatal(err)
				}
				if line := fmt.Sprint(v); strings.Contains(line, key) && strings.Contains(line, "seen") {
					return
				}
			}
		},
	},
}

// TestPinnedSessions: all of these through one planned switch. None is closed, and each goes on as if nothing
// had happened.
func TestPinnedSessions(t *testing.T) {
	t.Parallel()
	pool := servers.NewT(t)
	cluster := threeAndThree(t, pool)
	p := before(t, pool, cluster)
	audited := p.audit()
	wires := make([]*wire, len(sessions))
	for i, s := range sessions {
		wires[i] = dial(t, p, 2)
		if s.proto == 3 {
			wires[i].ask(t, "HELLO", "3")
		}
		s.before(t, wires[i], key(i))
	}
	next := cluster.Failover()
	p.serving(next)
	for i, s := range sessions {
		t.Run(s.name, func(t *testing.T) { s.after(t, wires[i], dial(t, p, 2), key(i)) })
	}
	audited()
	eventually(t, "the other clients have gone", func() error {
		s, err := p.status()
		if sum := s.sum(); err == nil && sum.Clients != int64(len(wires)) {
			err = fmt.Errorf("%d are there, %v were closed", sum.Clients, sum.Closed)
		}
		return err
	})
	s, err := p.status()
	if err != nil {
		t.Fatal(err)
	}
	sum := s.sum()
	if err := sum.identities(); err != nil {
		t.Error(err)
	}
	if sum.closed() != sum.Closed["peer"] {
		t.Errorf("closed: %v", sum.Closed)
	}
}

func key(i int) string { return fmt.Sprintf("e2e:pinned:%02d", i) }

// TestPinnedSessionsCrash: the master is killed with all kinds of commands in flight on links of their own. Reads
// and waits go on; one client leaves during the hold.
func TestPinnedSessionsCrash(t *testing.T) {
	t.Parallel()
	pool := servers.NewT(t)
	cluster := threeAndThree(t, pool)
	p := before(t, pool, cluster)
	audited := p.audit()
	stays, leaves, multi, other := dial(t, p, 2), dial(t, p, 2), dial(t, p, 2), dial(t, p, 3)
	blocked(t, stays, "BLPOP", "stays", "0")
	blocked(t, leaves, "BLPOP", "leaves", "0")
	multi.want(t, "OK", "MULTI")
	multi.want(t, "QUEUED", "INCR", "multi")
	old := cluster.Master()
	if err := old.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := multi.send([]string{"EXEC"}); err != nil {
		t.Fatal(err)
	}
	leaves.close()
	next := cluster.WaitMasterOtherThan(old)
	p.serving(next)
	other.want(t, "1", "RPUSH", "stays", "x")
	stays.next(t, "[stays x]")
	multi.next(t, "[1]")
	other.want(t, "1", "GET", "multi")
	other.want(t, "1", "RPUSH", "leaves", "x")
	other.want(t, "1", "LLEN", "leaves") // nobody takes it for a client that has gone
	audited()
	sum := p.settled()
	if sum.Clients != 3 || sum.closed() != 1 || sum.Closed["peer"] != 1 {
		t.Errorf("%d clients, closed %v", sum.Clients, sum.Closed)
	}
}
