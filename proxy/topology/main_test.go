package topology

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sentinelproxy/internal/servers"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is for what must happen in the end. Nothing is concluded from how long it took, but where a
// test says so.
const patience = 20 * time.Second

// witness collects the events of a Watcher.
type witness struct {
	t      testing.TB
	w      *Watcher
	mu     sync.Mutex
	events []Event
	after  int           // the place after the event that was awaited last; of the test's goroutine
	more   chan struct{} // closed and replaced with each event
}

// watch runs a Watcher until the test ends.
func watch(t testing.TB, o Options) *witness {
	t.Helper()
	r := &witness{t: t, more: make(chan struct{})}
	o.Emit = r.emit
	if o.Group == "" {
		o.Group = "mymaster"
	}
	w, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	r.w = w
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); w.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-done
		if t.Failed() {
			for _, e := range r.since(0) {
				t.Logf("%s kind %d %s master %s node %s epoch %d known %d %s %s", e.Time.Format("05.000"), e.Kind, e.Sentinel, e.Master, e.Node, e.Epoch, e.Known, e.Flags, e.Text)
			}
		}
	})
	return r
}

func (r *witness) emit(e Event) {
	if e.Kind == SentinelUp {
		r.w.Ask() // allowed from within Emit: a deadlock would show in every test
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
	close(r.more)
	r.more = make(chan struct{})
}

func (r *witness) since(n int) []Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.events[n:])
}

// mark is a place in the events, to wait from.
func (r *witness) mark() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.events)
}

// await waits for an event after the mark for which is holds.
func (r *witness) await(mark int, what string, is func(Event) bool) Event {
	r.t.Helper()
	timeout := time.After(patience)
	for {
		r.mu.Lock()
		events, more := r.events[mark:], r.more
		r.mu.Unlock()
		if i := slices.IndexFunc(events, is); i >= 0 {
			r.after = mark + i + 1
			return events[i]
		}
		mark += len(events)
		select {
		case <-more:
		case <-timeout:
			r.t.Fatalf("no %s within %v", what, patience)
		}
	}
}

func (r *witness) awaitKind(mark int, what string, k Kind, sentinel string) Event {
	r.t.Helper()
	return r.await(mark, what+" of "+sentinel, func(e Event) bool {
		return e.Kind == k && (sentinel == "" || e.Sentinel == sentinel)
	})
}

// awaitOpinion waits until that Sentinel names master.
func (r *witness) awaitOpinion(mark int, sentinel, master string) Event {
	r.t.Helper()
	return r.await(mark, "opinion of "+sentinel+" for "+master, func(e Event) bool {
		return e.Kind == Opinion && e.Sentinel == sentinel && e.Master == master
	})
}

func addrs(sentinels []*servers.Sentinel) []string {
	var list []string
	for _, s := range sentinels {
		list = append(list, s.Addr())
	}
	return list
}

func port(addr string) string { return addr[strings.LastIndexByte(addr, ':')+1:] }
