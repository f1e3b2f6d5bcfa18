package topology

import (
	"testing"
	"time"
)

// list is what a Sentinel answers that names one other.
func list(addr, runID, flags string) string {
	return "*1\r\n" + array("ip", "127.0.0.1", "port", port(addr), "runid", runID, "flags", flags)
}

// at is the Sentinel at an address.
func (r *witness) at(addr string) *sentinel {
	r.w.mu.Lock()
	defer r.w.mu.Unlock()
	return r.w.byAddr(addr)
}

// TestUnreachablePeerThatIsDown: one that has never answered counts no longer than somebody holds it for alive. That nobody names it for a moment
// says nothing.
func TestUnreachablePeerThatIsDown(t *testing.T) {
	silent, one := script(t, nil), script(t, aSentinel("one"))
	one.set("sentinel sentinels", list(silent.addr(), "silent", "sentinel"))
	r := watch(t, Options{Sentinels: []string{one.addr()}})
	r.awaitKind(0, "SentinelDown", SentinelDown, silent.addr())
	mark := r.mark()
	gone := func() (n int) {
		for _, e := range r.since(mark) {
			if e.Kind == SentinelGone && e.Sentinel == silent.addr() {
				n++
			}
		}
		return n
	}
	by := r.at(one.addr())
	r.w.named(by, nil) // as after SENTINEL RESET
	if gone() > 0 {
		t.Error("it is gone, though it may be named again")
	}
	r.w.named(by, []peer{{silent.addr(), "silent", false}})
	if gone() != 1 {
		t.Error("it counts still")
	}
}

// TestDeadSentinelCountsOnce: one that is configured by name, and named by the others by address, is one Sentinel still when it dies. The others
// hold it for alive until down-after-milliseconds.
func TestDeadSentinelCountsOnce(t *testing.T) {
	one, two := script(t, aSentinel("one")), script(t, aSentinel("two"))
	one.set("sentinel sentinels", list(two.addr(), "two", "sentinel"))
	byName := "localhost:" + port(two.addr())
	r := watch(t, Options{Sentinels: []string{one.addr(), byName}})
	r.awaitKind(0, "SentinelUp", SentinelUp, one.addr())
	r.awaitKind(0, "SentinelUp", SentinelUp, byName)
	for command := range aSentinel("two") {
		two.set(command, "")
	}
	r.awaitKind(0, "SentinelDown", SentinelDown, byName)
	r.w.named(r.at(one.addr()), []peer{{two.addr(), "two", true}})
	for dials := two.dials.Load(); two.dials.Load() < dials+6; { // by its name and by its address
		time.Sleep(time.Millisecond)
	}
	counts := false
	for _, e := range r.since(0) {
		if e.Sentinel == two.addr() {
			counts = e.Kind != SentinelGone
		}
	}
	if counts {
		t.Errorf("%s counts beside %s", two.addr(), byName)
	}
}
