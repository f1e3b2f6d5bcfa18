package history

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"sentinelproxy/e2e/liar"
	"sentinelproxy/internal/history"
)

// tries that a violation may take to be found: each of these mistakes needs a moment of a few milliseconds.
const tries = 5

// finds demands a violation of one of the rules within the tries.
func finds(t *testing.T, try func(*testing.T) *history.History, rules ...history.Rule) {
	t.Helper()
	t.Parallel()
	for range tries {
		h := try(t)
		t.Logf("%+v", h.Summary())
		for _, v := range h.Check() {
			if slices.Contains(rules, v.Rule) {
				t.Logf("found: %v", v)
				return
			}
		}
	}
	t.Errorf("nothing of %q was found in %d tries", rules, tries)
}

// TestWithoutFence: with `--fence never` clients that write to the former master past the proxies lose what it acknowledges after the
// failover.
func TestWithoutFence(t *testing.T) {
	finds(t, func(t *testing.T) *history.History {
		w := worldOf(t, 1, "--fence", "never")
		old := w.cluster.Master()
		w.clients(history.Options{}, old.Addr())
		w.works(20)
		w.failover()
		w.promoted(old)
		w.works(20)
		h := w.run.Stop()
		if h.Summary().Lost == 0 {
			t.Log("nothing was lost")
		}
		return h
	}, history.NotLinearizable)
}

// TestReplay: `--in-flight-writes all` sends increments again that were applied and not answered.
func TestReplay(t *testing.T) {
	finds(t, func(t *testing.T) *history.History {
		w := worldOf(t, 2, "--in-flight-writes", "all")
		w.clients(history.Options{Kinds: []history.Kind{history.Counter}, Mix: history.WriteHeavy})
		w.endUnanswered()
		return w.run.Stop()
	}, history.Doubled)
}

// TestLiedTo: a replica that a lying Sentinel calls the new master, and that is behind, is adopted by nobody.
func TestLiedTo(t *testing.T) {
	t.Parallel()
	w := liedTo(t, program)
	w.nothing()
}

// TestWithoutRole: a proxy that does not ask for ROLE adopts it. Its clients read what is out of date.
func TestWithoutRole(t *testing.T) {
	mistaken, err := build("mistaken", "-tags", "mistake_skip_role")
	if err != nil {
		t.Fatal(err)
	}
	finds(t, func(t *testing.T) *history.History { return liedTo(t, mistaken).run.Stop() }, history.NotLinearizable)
}

// liedTo has two proxies, of which one listens to a lying Sentinel: it announces a failover of which nobody else knows, to a replica
// that gets no more writes.
func liedTo(t *testing.T, program string) *world {
	t.Helper()
	w := newWorld(t)
	master := w.cluster.Master()
	behind := w.others(master)[0]
	l := liar.Start(t, w.cluster.Name, master.Addr(), 0)
	w.start(program, w.sentinels())
	w.start(program, append(w.sentinels(), l.Addr()))
	w.clients(history.Options{})
	w.works(20)
	if _, err := behind.Do(context.Background(), "REPLICAOF", "127.0.0.1", "1"); err != nil {
		t.Fatal(err)
	}
	now, next := strings.Replace(master.Addr(), ":", " ", 1), strings.Replace(behind.Addr(), ":", " ", 1)
	l.Publish("+try-failover", fmt.Sprintf("master %s %s", w.cluster.Name, now))
	l.Publish("+selected-slave", fmt.Sprintf("slave %s %s @ %s %s", behind.Addr(), next, w.cluster.Name, now))
	w.works(20)
	return w
}
