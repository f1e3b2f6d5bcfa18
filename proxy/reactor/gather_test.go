//go:build linux

package reactor

import (
	"fmt"
	"testing"
	"time"
)

// expecting is a loop with a connection whose peer owes replies, and one that is answered with what it sends. What is to be seen is how
// often the loop has waited for the first only.
func expecting(t *testing.T) (l *Loop, server *handler, serverPeer interface{ Write([]byte) (int, error) }, ask func() string) {
	l = running(t)
	server = &handler{}
	_, peer := add(t, l, server)
	client := &handler{}
	client.data = func(b []byte) int {
		_, _ = client.c.Write(b)
		return len(b)
	}
	_, clientPeer := add(t, l, client)
	return l, server, peer, func() string {
		write(t, clientPeer, []byte("?"))
		b := make([]byte, 8)
		n, err := clientPeer.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		return string(b[:n])
	}
}

func gathers(t *testing.T, l *Loop) (n uint64) {
	in(t, l, func() { n = l.Counters.Gathers })
	return n
}

// A peer that owes much and sends nothing holds the others up once only, until it sends again.
func TestSilentPeerIsWaitedForOnce(t *testing.T) {
	l, server, peer, ask := expecting(t)
	for silent := false; !silent; { // to look ends a wait: not too often
		in(t, l, func() {
			silent = server.c.silent
			l.gather.skip = 0
			server.c.Expect(gatherFrom)
		})
		time.Sleep(3 * shortWait)
	}
	once := gathers(t, l)
	for range 100 {
		ask()
	}
	if n := gathers(t, l); n != once {
		t.Errorf("waited %d times more for a peer that says nothing", n-once)
	}
	write(t, peer, []byte("x"))
	until(t, l, "what it sent", func() bool { return len(server.got) == 1 })
	in(t, l, func() { l.gather.skip = 0 })
	until(t, l, "another wait", func() bool { return l.Counters.Gathers > once })
}

// While it is waited for a peer's reply, what others send is not looked at; with the reply it is, in the same turn.
func TestGatheredInOneTurn(t *testing.T) {
	l := running(t)
	turns := map[byte]uint64{}
	note := func(b []byte) int {
		turns[b[0]] = l.Counters.Turns
		return len(b)
	}
	server, client := &handler{data: note}, &handler{data: note}
	_, serverPeer := add(t, l, server)
	_, clientPeer := add(t, l, client)
	in(t, l, func() { // all in the turn before the wait
		server.c.Expect(gatherFrom)
		write(t, clientPeer, []byte("c"))
		write(t, serverPeer, []byte("s"))
	})
	until(t, l, "both", func() bool { return len(turns) == 2 })
	in(t, l, func() {
		if turns['c'] != turns['s'] || l.Counters.Gathers == 0 {
			t.Errorf("turns %v, %d gathered", turns, l.Counters.Gathers)
		}
	})
}

// Nothing is to be had from a peer that can't be read or has not been told everything; nor from one that owes little, or has gone.
func TestNotGathered(t *testing.T) {
	for name, set := range map[string]func(c *Conn){
		"few":     func(c *Conn) { c.Expect(gatherFrom - 1) },
		"no more": func(c *Conn) { c.Expect(gatherFrom); c.Expect(0) },
		"paused":  func(c *Conn) { c.Expect(gatherFrom); c.Pause() },
		"blocked": func(c *Conn) { c.Expect(gatherFrom); c.blocked = true },
		"closed":  func(c *Conn) { c.Expect(gatherFrom); c.Close(nil); c.Expect(gatherFrom) },
	} {
		t.Run(name, func(t *testing.T) {
			l, server, _, ask := expecting(t)
			in(t, l, func() { set(server.c) })
			for range 20 {
				ask()
			}
			if n := gathers(t, l); n != 0 {
				t.Errorf("waited %d times", n)
			}
		})
	}
}

// More than maxExpected are forgotten, not waited for, and come in again when there is room.
func TestExpectedAreFew(t *testing.T) {
	l := running(t)
	var conns []*Conn
	for range maxExpected + 1 {
		c, _ := add(t, l, &handler{})
		conns = append(conns, c)
	}
	in(t, l, func() {
		for _, c := range conns {
			c.Pause() // so that nothing is waited for
			c.Expect(gatherFrom)
		}
		if n := len(l.gather.expected); n != maxExpected {
			t.Errorf("%d are expected", n)
		}
		conns[0].Close(nil)
		conns[maxExpected].Expect(gatherFrom)
		for _, c := range l.gather.expected {
			if c == conns[0] {
				t.Error("a closed one is expected")
			}
		}
		if n := len(l.gather.expected); n != maxExpected {
			t.Errorf("%d are expected when one has gone", n)
		}
	})
}

// What is posted does not wait for a peer, and deadlines are kept: the wait is no longer than until the next.
func TestPostEndsAWait(t *testing.T) {
	l, server, _, _ := expecting(t)
	for range 50 {
		in(t, l, func() {
			server.c.silent = false
			l.gather.skip, l.gather.skipped = 0, 0
			server.c.Expect(gatherFrom)
		})
	}
	fired := false
	in(t, l, func() { l.After(time.Microsecond, func() { fired = true }) })
	until(t, l, "a deadline", func() bool { return fired })
}

// How often it is tried follows what it brings.
func TestGatheringHasToPay(t *testing.T) {
	var g gathering
	for want := 1; want <= maxGatherSkip; want *= 2 {
		g.gathered(3*gatherPays, 2)
		if g.skip != want {
			t.Fatalf("skips %d turns, want %d", g.skip, want)
		}
	}
	g.gathered(time.Hour, 0)
	if g.skip != maxGatherSkip {
		t.Fatalf("skips %d turns", g.skip)
	}
	for range 11 {
		g.skip = 0
		g.gathered(2*gatherPays, 2)
		if g.skip != 0 {
			t.Fatal("skips although it pays")
		}
	}
	g.gathered(time.Hour, 0)
	if g.skip != 1 {
		t.Errorf("skips %d turns after many that paid", g.skip)
	}
}

// Those who wait for this loop are written to before a peer that has enough to do, each once, and what such a write asks for is still done.
func TestExpectedIsFlushedLast(t *testing.T) {
	l := running(t)
	var order []string
	conns := map[string]*Conn{}
	for _, name := range []string{"server", "client", "another"} {
		h := &handler{}
		h.onFlush = func() {
			order = append(order, name)
			if name == "another" && len(order) == 2 {
				conns["client"].MarkDirty()
			}
		}
		conns[name], _ = add(t, l, h)
	}
	in(t, l, func() {
		conns["server"].Pause() // so that nothing is waited for
		conns["server"].Expect(gatherFrom)
		for range 2 {
			conns["server"].MarkDirty()
			conns["client"].MarkDirty()
			conns["another"].MarkDirty()
		}
	})
	until(t, l, "all", func() bool { return len(order) >= 4 })
	in(t, l, func() {
		if got := fmt.Sprint(order); got != "[client another server client]" {
			t.Errorf("flushed %s", got)
		}
		order = nil
		conns["server"].Expect(0)
		conns["server"].MarkDirty()
		conns["client"].MarkDirty()
	})
	until(t, l, "both", func() bool { return len(order) >= 2 })
	in(t, l, func() {
		if got := fmt.Sprint(order); got != "[server client]" {
			t.Errorf("flushed %s", got)
		}
	})
}
