package load

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sentinelproxy/internal/servers"
)

// started runs the kinds against a Redis of their own until each client has been served.
func started(t *testing.T, start func(pool *servers.T, o Options) []Kind) (*servers.Node, []Kind) {
	t.Helper()
	pool := servers.NewT(t)
	node := pool.Redis(servers.RedisOptions{})
	kinds := start(pool, Options{Addr: node.Addr(), Prefix: "test", Start: time.Now(), Stopping: new(atomic.Bool)})
	t.Cleanup(func() { // before the pool's, in case the test fails
		for _, k := range kinds {
			if k != nil {
				k.Stop()
			}
		}
	})
	served(t, kinds)
	return node, kinds
}

func served(t *testing.T, kinds []Kind) {
	t.Helper()
	since := time.Now()
	for _, k := range kinds {
		for !k.ServedSince(since) {
			if time.Since(since) > 20*time.Second {
				t.Fatalf("%s is not served: %+v", k.Name(), k.Figures(time.Now()))
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
}

func library(_ *servers.T, o Options) []Kind { return StartLibrary(o) }

func redisCLI(t *testing.T) func(*servers.T, Options) []Kind {
	return func(_ *servers.T, o Options) []Kind {
		c, err := StartCLI(o)
		if err != nil {
			t.Fatal(err)
		}
		return []Kind{c}
	}
}

// stop ends the kinds, which the cleanup then leaves alone.
func stop(kinds []Kind) []Kind {
	ended := append([]Kind(nil), kinds...)
	for i, k := range kinds {
		k.Stop()
		kinds[i] = nil
	}
	return ended
}

func do(t *testing.T, node *servers.Node, args ...any) {
	t.Helper()
	if _, err := node.Do(context.Background(), args...); err != nil {
		t.Fatal(err)
	}
}

func check(node *servers.Node, k Kind) Data {
	client := node.Client()
	defer client.Close()
	return k.Check(context.Background(), client)
}

func TestNothingToNotice(t *testing.T) {
	for name, start := range map[string]func(*servers.T, Options) []Kind{"go-redis": library, "redis-cli": redisCLI(t)} {
		t.Run(name, func(t *testing.T) {
			node, kinds := started(t, start)
			for _, k := range stop(kinds) {
				f := k.Figures(time.Now())
				if f.Noticed() || f.Commands == 0 || f.LongestWait == 0 || f.LongestGap == 0 {
					t.Errorf("%s: %+v", k.Name(), f)
				}
				d := check(node, k)
				if len(d.Lost) > 0 || d.Acknowledged != d.Final || d.Unsure != 0 || d.Acknowledged+uint64(d.Keys) == 0 {
					t.Errorf("%s: %+v", k.Name(), d)
				}
			}
		})
	}
}

// TestClosedConnection: the library and redis-cli connect again by themselves, and it is noticed all the same.
func TestClosedConnection(t *testing.T) {
	for name, start := range map[string]func(*servers.T, Options) []Kind{"go-redis": library, "redis-cli": redisCLI(t)} {
		t.Run(name, func(t *testing.T) {
			node, kinds := started(t, start)
			do(t, node, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
			served(t, kinds)
			for _, k := range stop(kinds) {
				if f := k.Figures(time.Now()); f.Closed == 0 {
					t.Errorf("%s: %+v", k.Name(), f)
				}
			}
		})
	}
}

// TestLostWrites: a server that has forgotten what it acknowledged.
func TestLostWrites(t *testing.T) {
	for name, start := range map[string]func(*servers.T, Options) []Kind{"go-redis": library, "redis-cli": redisCLI(t)} {
		t.Run(name, func(t *testing.T) {
			node, kinds := started(t, start)
			ended := stop(kinds)
			do(t, node, "FLUSHALL")
			for _, k := range ended {
				if d := check(node, k); len(d.Lost) == 0 || d.Final != 0 {
					t.Errorf("%s: %+v", k.Name(), d)
				}
			}
		})
	}
}

func counts(k Kind) bool { return !strings.Contains(k.Name(), "SET") }

// noticed: every kind of client that counts has seen a wrong number.
func noticed(kinds []Kind) bool {
	for _, k := range kinds {
		if counts(k) && k.Figures(time.Now()).Wrong == 0 {
			return false
		}
	}
	return true
}

// TestAppliedTwice: somebody else increments the counters.
func TestAppliedTwice(t *testing.T) {
	for name, start := range map[string]func(*servers.T, Options) []Kind{"go-redis": library, "redis-cli": redisCLI(t)} {
		t.Run(name, func(t *testing.T) {
			node, kinds := started(t, start)
			// Again until it is noticed: a counter may not exist yet, and a client counts only now and then.
			for deadline := time.Now().Add(20 * time.Second); !noticed(kinds) && time.Now().Before(deadline); {
				do(t, node, "EVAL", "for _, k in ipairs(redis.call('keys', '*counter')) do redis.call('incr', k) end return 1", 0)
				time.Sleep(10 * time.Millisecond)
			}
			for _, k := range stop(kinds) {
				if f := k.Figures(time.Now()); (f.Wrong > 0) != counts(k) {
					t.Errorf("%s: %+v", k.Name(), f)
				}
			}
		})
	}
}

// TestErrors: a server that refuses, as a replica does.
func TestErrors(t *testing.T) {
	for name, start := range map[string]func(*servers.T, Options) []Kind{"go-redis": library, "redis-cli": redisCLI(t)} {
		t.Run(name, func(t *testing.T) {
			node, kinds := started(t, start)
			do(t, node, "CONFIG", "SET", "min-replicas-to-write", "1")
			time.Sleep(20 * cliPause)
			for _, k := range stop(kinds) {
				f := k.Figures(time.Now())
				if f.Errors == 0 || len(f.Troubles) == 0 || !strings.Contains(f.Troubles[0], "NOREPLICAS") || f.Wrong > 0 {
					t.Errorf("%s: %+v", k.Name(), f)
				}
				d := check(node, k)
				if len(d.Lost) > 0 {
					t.Errorf("%s: %+v", k.Name(), d)
				}
			}
		})
	}
}

// TestNoReply: a server that hangs at the end. Nothing may wait for ever.
func TestNoReply(t *testing.T) {
	for name, start := range map[string]func(*servers.T, Options) []Kind{"go-redis": library, "redis-cli": redisCLI(t)} {
		t.Run(name, func(t *testing.T) {
			node, kinds := started(t, start)
			if err := node.Pause(); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = node.Resume() }()
			time.Sleep(3 * cliPause)
			for _, k := range stop(kinds) {
				f := k.Figures(time.Now())
				if f.Errors == 0 || f.LongestWait < stopGrace/2 {
					t.Errorf("%s: %+v", k.Name(), f)
				}
			}
		})
	}
}
