package e2e

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"sentinelproxy/internal/servers"
)

// A server that makes no new connections, and serves those that it has.

// TestServerFull: maxclients is reached at the server.
func TestServerFull(t *testing.T) {
	t.Parallel()
	master, _, p := cutOff(t)
	d := dialAt(t, master.Addr()) // nobody else gets in to end it
	turnedAway(t, p, d, "ERR max number of clients reached",
		func() { d.want(t, "OK", "CONFIG", "SET", "maxclients", "1") },
		func() { d.want(t, "OK", "CONFIG", "SET", "maxclients", "10000") })
}

// TestServerProtected: protected mode, which a server without a password is in by default: it refuses those that come from
// anywhere but 127.0.0.1.
func TestServerProtected(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("127.0.0.2 is an address of the machine on Linux only")
	}
	master, r, p := cutOff(t)
	turnedAway(t, p, dialAt(t, master.Addr()), "DENIED Redis is running in protected mode",
		func() { r.stranger.Store(true) }, func() { r.stranger.Store(false) })
}

// turnedAway is what clients see between begin and end: those for whom there is a link go on, those who need a further one
// are told at once what the server says, and nobody is held.
func turnedAway(t *testing.T, p *proxy, d *wire, says string, begin, end func()) {
	t.Helper()
	p.pinned = true
	audited := p.audit()
	subscriber, worker, chooser := dial(t, p, 2), dial(t, p, 2), dial(t, p, 2)
	worker.want(t, "1", "INCR", "n")
	subscriber.want(t, "[subscribe c 1]", "SUBSCRIBE", "c")
	begin()
	refused := func(w *wire, command ...string) {
		t.Helper()
		if e, is := w.ask(t, command...).(replyError); !is || !strings.HasPrefix(string(e), says) {
			t.Errorf("%q: %v, want %s", command, e, says)
		}
	}
	for range 3 {
		refused(chooser, "SELECT", "5")
		refused(chooser, "HELLO", "3")
		refused(chooser, "MULTI")
		refused(chooser, "BLPOP", "l", "0")
		refused(chooser, "SUBSCRIBE", "c")
		refused(chooser, "WATCH", "n")
		chooser.want(t, "1", "GET", "n")                       // in the database that it was in
		whole := [][]string{{"MULTI"}, {"GET", "n"}, {"EXEC"}} // needs no link of its own
		if got, err := chooser.do(whole); err != nil || fmt.Sprint(got) != "[OK QUEUED [1]]" {
			t.Errorf("a transaction that has come whole: %v %v", got, err)
		}
		batch := [][]string{{"MULTI"}, {"INCR", "n"}, {"SELECT", "5"}, {"EXEC"}}
		if got, err := chooser.do(batch); err != nil || strings.Count(fmt.Sprint(got), says) != len(batch) {
			t.Errorf("a transaction: %v %v", got, err)
		}
	}
	worker.want(t, "2", "INCR", "n") // nothing of it was done
	later := dial(t, p, 2)
	later.want(t, "2", "GET", "n")
	if n := d.ask(t, "PUBLISH", "c", "hello"); n != int64(1) {
		t.Errorf("%v have heard", n)
	}
	subscriber.next(t, "[message c hello]")

	// Whose link is lost now gets another one when it can be had.
	if v := d.ask(t, "CLIENT", "KILL", "TYPE", "pubsub"); fmt.Sprint(v) == "0" {
		t.Error("no subscriber to be killed")
	}
	if v := d.ask(t, "CLIENT", "KILL", "TYPE", "normal"); fmt.Sprint(v) == "0" {
		t.Error("no link to be killed")
	}
	eventually(t, "the proxy knows that its links are gone", func() error {
		s, err := p.status()
		for _, l := range s.Lanes {
			if l.SharedLinks > 0 { // a command that was on its way would be lost with it, and hold everybody
				err = fmt.Errorf("%d links", l.SharedLinks)
			}
		}
		return err
	})
	refused(worker, "GET", "n")
	s, err := p.status()
	if err != nil || s.Groups[0].State != "serving" {
		t.Errorf("state %v (%v)", s.Groups[0].State, err)
	}
	end()
	worker.want(t, "3", "INCR", "n")
	eventually(t, "the subscriber is back", func() error {
		if n := d.ask(t, "PUBLISH", "c", "again"); n != int64(1) {
			return fmt.Errorf("%v have heard", n)
		}
		return nil
	})
	subscriber.next(t, "[message c again]")
	chooser.want(t, "OK", "SELECT", "5")
	chooser.want(t, "OK", "MULTI")
	chooser.want(t, "[]", "EXEC")
	audited()
	if sum := p.calm(); sum.closed() > 0 {
		t.Errorf("closed: %v", sum.Closed)
	}
}

// TestServerProtectedAtStart: a master that lets the proxy not in is none yet. Clients wait for it, and are told when the
// hold has lasted too long, as with any other that can't be verified.
func TestServerProtectedAtStart(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("127.0.0.2 is an address of the machine on Linux only")
	}
	pool := servers.NewT(t)
	master := pool.Redis(servers.RedisOptions{})
	r := startRelay(t, master.Addr())
	sentinel := pool.Sentinel(servers.SentinelOptions{Master: "mymaster", MasterAddr: r.addr(), DownAfter: 2 * patience})
	r.stranger.Store(true)
	p := start(t, pool, "mymaster", []string{sentinel.Addr()}, "--hold-timeout", "500ms")
	w := dial(t, p, 2)
	if v := fmt.Sprint(w.ask(t, "GET", "k")); !strings.HasPrefix(v, "NOMASTER ") {
		t.Errorf("told %s", v)
	}
	if _, err := master.Do(context.Background(), "CONFIG", "SET", "protected-mode", "no"); err != nil {
		t.Fatal(err)
	}
	p.inState("serving")
	w.want(t, "<nil>", "GET", "k")
}

// TestIdleLinksMakeRoom: the server takes no more connections because of links that lie idle in one lane. Whoever needs one in
// another lane is told so once, and then gets it.
func TestIdleLinksMakeRoom(t *testing.T) {
	t.Parallel()
	master, _, p := cutOff(t, "--lanes", "2")
	p.pinned = true
	d := dialAt(t, master.Addr())
	odd, even := []*wire{}, []*wire{} // clients go to the lanes in turn
	for range 8 {
		odd, even = append(odd, dial(t, p, 2)), append(even, dial(t, p, 2))
	}
	for _, w := range odd {
		w.want(t, "OK", "MULTI")
	}
	for _, w := range odd {
		w.want(t, "[]", "EXEC")
	}
	even[0].want(t, "PONG", "PING") // over the shared link of its lane
	connected := func() (n int) {
		_, after, _ := strings.Cut(fmt.Sprint(d.ask(t, "INFO", "clients")), "connected_clients:")
		if _, err := fmt.Sscan(after, &n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := connected()
	d.want(t, "OK", "CONFIG", "SET", "maxclients", "2")
	if e, is := even[0].ask(t, "MULTI").(replyError); !is || !strings.HasPrefix(string(e), "ERR max number of clients reached") {
		t.Errorf("MULTI: %v", e)
	}
	eventually(t, "the idle links go", func() error {
		if n := connected(); n > before-len(odd) {
			return fmt.Errorf("%d connections, before %d", n, before)
		}
		return nil
	})
	d.want(t, "OK", "CONFIG", "SET", "maxclients", "20")
	for _, w := range even {
		w.want(t, "OK", "MULTI")
	}
}
