package upstream

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sentinelproxy/proxy/internal/scripted"
)

// askedBytes is the reply window of the rig.
const askedBytes = 1 << 20

func bulk(size int) string { return fmt.Sprintf("$%d\r\n%s\r\n", size, strings.Repeat("x", size)) }

// windowed is a link to a scripted server whose replies are of so many bytes on average.
func windowed(t *testing.T, size int) (*rig, *Link, *client, *scripted.Conn) {
	r, l, server := served(t)
	r.in(func() { l.replySize, l.lately.bytes, l.lately.replies = size, 64*size, 64 })
	return r, l, r.client("a"), server
}

// TestWindow: a server whose replies are long is asked for askedBytes at a time, for more when it has answered half of that, and
// for everything in the end.
func TestWindow(t *testing.T) {
	const size, window, all = 16 << 10, askedBytes >> 14, 5 * (askedBytes >> 14)
	r, l, c, server := windowed(t, size)
	reply := bulk(size - len("$16384\r\n\r\n"))
	r.in(func() {
		for range all {
			c.send(l, "GET key", Read)
		}
	})
	asked, answered := 0, 0
	comes := func(n int) {
		t.Helper()
		for range n {
			server.Expect("GET key")
		}
		asked += n
		server.ExpectNothing()
	}
	comes(window)
	r.in(func() {
		if !l.windowed {
			t.Error("nothing is held back")
		}
	})
	for answered < all {
		server.Send(reply)
		answered++
		switch {
		case asked < all && asked-answered == window/2+1:
			comes(min(window-(asked-answered), all-asked))
		case answered == 1:
			comes(0)
		}
	}
	c.answers()
	r.in(func() {
		if n := r.set.Counters.Windowed; n != 1 {
			t.Errorf("counted %d times", n)
		}
		if l.windowed || l.replySize != size {
			t.Errorf("something is held back still: %v; replies of %d bytes", l.windowed, l.replySize)
		}
	})
}

// TestNoWindow: short replies, as many commands as fit, and those of a set without a window are not held back.
func TestNoWindow(t *testing.T) {
	for _, of := range []struct{ window, size, n int }{
		{askedBytes, longReply - 1, 5000},
		{askedBytes, longReply, askedBytes / longReply},
		{askedBytes, askedBytes, leastAsked},
		{0, askedBytes, 5000},
	} {
		n := of.n
		r, l, c, server := windowed(t, of.size)
		r.in(func() {
			r.set.opt.ReplyWindow = of.window
			for range n {
				c.send(l, "GET key", Read)
			}
		})
		for range n {
			server.Expect("GET key")
		}
		for range n {
			server.Send("$-1\r\n")
		}
		c.answers()
	}
}

// TestWindowOfRejected: what is held back when the server has rejected a command is answered, or done again, like what was
// written: nothing waits for a reply that nobody will send.
func TestWindowOfRejected(t *testing.T) {
	const size, window, all = 32 << 10, askedBytes >> 15, 5 * (askedBytes >> 15)
	r, l, c, server := windowed(t, size)
	r.in(func() {
		c.send(l, "INCR n", Write)
		for range all {
			c.send(l, "GET key", Read)
		}
	})
	server.Expect("INCR n")
	for range window - 1 {
		server.Expect("GET key")
	}
	server.Send(noReplicasReply)
	for i := range all {
		if i >= window-1 {
			server.Expect("GET key")
		}
		server.Send("$-1\r\n")
	}
	server.ExpectClosed()
	r.until("nothing is to be sorted out", func() bool { return !r.set.Sorting() })
	r.in(func() {
		if r.fenced != 1 {
			t.Errorf("told %d times of NOREPLICAS", r.fenced)
		}
	})
}

// TestLongRepliesNowAndThen: a few long replies among many short ones do not close the window.
func TestLongRepliesNowAndThen(t *testing.T) {
	r, l, c, server := windowed(t, 0)
	for range 20 {
		r.in(func() {
			for range 100 {
				c.send(l, "GET key", Read)
			}
		})
		for range 100 {
			server.Expect("GET key")
		}
		server.Send(bulk(300_000))
		server.Send(strings.Repeat("$-1\r\n", 99))
		c.answers()
		r.in(func() {
			if l.replySize >= longReply {
				t.Errorf("replies of %d bytes", l.replySize)
			}
		})
	}
}

// TestReplySizeOfWithheld: replies that wait for replicas are counted with the others.
func TestReplySizeOfWithheld(t *testing.T) {
	a := newAsking(t, nil)
	one, two := a.client("one"), a.client("two")
	for range 5 {
		a.in(func() {
			for range 100 {
				one.send(a.link, "INCR a", Write)
			}
			two.send(a.link, "GET a", Read)
		})
		for range 100 {
			a.data.Expect("INCR a")
		}
		a.data.Expect("GET a")
		a.data.Send(strings.Repeat(":1234\r\n", 101))
		two.answers()
	}
	a.in(func() {
		if a.link.replySize > len(":1234\r\n") {
			t.Errorf("replies of %d bytes", a.link.replySize)
		}
	})
	a.asked()
	a.ack.Send(":0\r\n:2\r\n")
}

// TestReplySize: the average follows the replies, and counts those alone, whatever is sent meanwhile.
func TestReplySize(t *testing.T) {
	r, l, c, server := windowed(t, 0)
	again := &repeating{client: c, l: l}
	for range 200 {
		r.in(func() { again.send(l, "GET key", Read) })
		for range 2 {
			server.Expect("GET key")
			server.Send(bulk(5000 - len("$4989\r\n\r\n")))
		}
		c.answers()
	}
	r.in(func() {
		if l.replySize < 4900 || l.replySize > 5000 {
			t.Errorf("%d bytes", l.replySize)
		}
	})
}

// repeating sends another command as soon as one of its own is answered.
type repeating struct {
	*client
	l   *Link
	odd bool
}

func (o *repeating) send(l *Link, command string, class Class) {
	l.Append(o, raw(command), class, uint16(len(o.asked)))
	o.asked = append(o.asked, command)
}

func (o *repeating) Reply(e *Entry, reply []byte, last bool) {
	o.client.Reply(e, reply, last)
	if o.odd = !o.odd; o.odd {
		o.send(o.l, "GET key", Read)
	}
}

// TestWindowOfRandomReplies: whatever the replies are, each command is answered once and in order, and none is forgotten.
func TestWindowOfRandomReplies(t *testing.T) {
	node := scripted.StartNode(t, scripted.NoFaults)
	r := newRig(t, nil)
	r.adopt(node.Addr())
	var l *Link
	r.in(func() { l = r.set.Shared(plain) })
	values := map[string]string{}
	setup := r.client("setup")
	for size := 1; size < 100_000; size *= 7 {
		k := fmt.Sprint(size)
		values[k] = bulk(size)
		r.in(func() { setup.send(l, "SET "+k+" "+strings.Repeat("x", size), Overwrite) })
	}
	setup.answers()
	keys := slices.Sorted(maps.Keys(values))
	rapid.Check(t, func(t *rapid.T) {
		clients := []*client{r.client("a"), r.client("b")}
		for range rapid.IntRange(1, 4).Draw(t, "bursts") {
			burst := rapid.SliceOfN(rapid.IntRange(0, 2*len(keys)-1), 1, 300).Draw(t, "burst")
			r.in(func() {
				for _, b := range burst {
					clients[b%2].send(l, "GET "+keys[b/2], Read)
				}
			})
			if rapid.Bool().Draw(t, "waits") {
				clients[0].answers()
			}
		}
		for _, c := range clients {
			for i, reply := range c.answers() {
				if want := values[strings.Fields(c.asked[i])[1]]; reply != want {
					t.Fatalf("%s is answered with %d bytes, want %d", c.asked[i], len(reply), len(want))
				}
			}
		}
		r.in(func() {
			if l.windowed || l.pending.len() > 0 {
				t.Errorf("%d in flight, held back %v", l.pending.len(), l.windowed)
			}
		})
	})
}
