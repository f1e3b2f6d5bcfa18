package upstream

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"sentinelproxy/proxy/reactor"
	"sentinelproxy/resp"
)

// rig is a loop with a set, and what the set has told. Its fields but t, loop and set are owned by the loop.
type rig struct {
	t        testing.TB
	loop     *reactor.Loop
	set      *Set
	lost     []string
	pinned   []string // told by PinnedLost
	rejected []string
	restored int
	fenced   int // told by NoReplicas
	holding  bool
	settled  bool
}

func newRig(t testing.TB, edit func(*Options)) *rig {
	t.Helper()
	loop, err := reactor.New()
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, loop: loop}
	opt := Options{
		StreamingThreshold: 1 << 20,
		ReplyWindow:        askedBytes,
		DialTimeout:        time.Minute, // longer than settle waits for timers
		PoolSize:           2,
		Holding:            func() bool { return r.holding },
		Lost:               func(_ string, err error) { r.holding = true; r.lost = append(r.lost, err.Error()) },
		PinnedLost:         func(_ string, err error) { r.pinned = append(r.pinned, err.Error()) },
		Rejected:           func(_, word string) { r.holding = true; r.rejected = append(r.rejected, word) },
		NoReplicas:         func(string) { r.holding = true; r.fenced++ },
		Restored:           func() { r.restored++; r.holding = false },
	}
	if edit != nil {
		edit(&opt)
	}
	r.set = NewSet(loop, opt)
	done := make(chan struct{})
	go func() { defer close(done); loop.Run() }()
	t.Cleanup(func() {
		if !r.settled {
			r.settle()
		}
		loop.Stop()
		<-done
	})
	return r
}

// in runs f in the loop and waits for it.
func (r *rig) in(f func()) {
	r.t.Helper()
	done := make(chan struct{})
	if !r.loop.Post(func() { defer close(done); f() }) {
		r.t.Fatal("the loop has ended")
	}
	<-done
}

// until waits for cond, asked in the loop.
func (r *rig) until(what string, cond func() bool) {
	r.t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		var ok bool
		r.in(func() { ok = cond() })
		if ok {
			return
		}
		if time.Now().After(deadline) {
			r.t.Fatalf("never happened: %s", what)
		}
		time.Sleep(500 * time.Microsecond)
	}
}

func (r *rig) adopt(addr netip.AddrPort) {
	r.t.Helper()
	r.in(func() { r.set.Adopt(addr.String(), addr) })
}

// settle drops everything, refuses what is left, and checks the accounts.
func (r *rig) settle() {
	r.t.Helper()
	r.settled = true
	r.in(func() {
		r.holding = true
		for l := range r.set.links {
			if l.state == ready && l.pending.len() == 0 && (l.out.size() > 0 || l.current.Owner != nil || cap(l.out.buf) > keepBusy || len(l.redo)+len(l.waiting) > 0) {
				r.t.Errorf("an idle link keeps %d bytes, owner %v, %d to be done again, %d waiters", l.out.size(), l.current.Owner, len(l.redo), len(l.waiting))
			}
		}
		r.set.Drop()
		r.set.Refuse([]byte("-NOMASTER test is over\r\n"))
		for p := range r.set.orphans {
			r.set.Unorphan(p) // as a session that goes
		}
	})
	r.in(func() {
		c, s := r.set.Counters, r.set
		if c.Pushed != c.Answered+c.Lost {
			r.t.Errorf("sent %d, but answered %d and lost %d", c.Pushed, c.Answered, c.Lost)
		}
		if c.Lost != c.Resent+c.Unknown {
			r.t.Errorf("lost %d, but resent %d and unknown %d", c.Lost, c.Resent, c.Unknown)
		}
		if u := s.Usage(); u != (Usage{}) {
			r.t.Errorf("left: %+v", u)
		}
		if len(s.links)+len(s.shared)+len(s.backlog)+s.setting+s.awaited+len(s.askers) > 0 || s.restoring {
			r.t.Errorf("left: %d links, %d shared, %d in the backlog, %d handshakes", len(s.links), len(s.shared), len(s.backlog), s.setting)
		}
		s.Trim()
		if len(s.pools) > 0 {
			r.t.Errorf("left: idle links for %d keys", len(s.pools))
		}
	})
	// Descriptors are given back at the end of the turn.
	r.until("no connection, buffer or timer is left", func() bool { return r.loop.Open()+r.loop.Lent()+r.loop.Timers() == 0 })
}

// client is an owner that checks that it gets one answer for each command, in order.
type client struct {
	r       *rig
	name    string
	asked   []string
	replies []string
	piece   string // of a reply that comes in pieces
	broken  int
	gone    bool
}

func (r *rig) client(name string) *client { return &client{r: r, name: name} }

func (c *client) Reply(e *Entry, reply []byte, last bool) {
	c.piece += string(reply)
	if !last {
		return
	}
	if int(e.Tag) != len(c.replies) {
		c.r.t.Errorf("%s: answer to command %d, due is %d", c.name, e.Tag, len(c.replies))
	}
	if len(c.replies) >= len(c.asked) {
		c.r.t.Errorf("%s: more answers than commands", c.name)
	}
	c.replies = append(c.replies, c.piece)
	c.piece = ""
}

func (c *client) Broken(*Entry) { c.broken++; c.replies = append(c.replies, "broken") }

func (c *client) Gone() bool { return c.gone }

// send appends a command, given as words, to l.
func (c *client) send(l *Link, command string, class Class) {
	l.Append(c, raw(command), class, uint16(len(c.asked)))
	c.asked = append(c.asked, command)
}

// answers waits for all answers.
func (c *client) answers() []string {
	c.r.t.Helper()
	c.r.until("all answers to "+c.name, func() bool { return len(c.replies) >= len(c.asked) })
	var out []string
	c.r.in(func() { out = append(out, c.replies...) })
	return out
}

func (c *client) want(replies ...string) {
	c.r.t.Helper()
	got := c.answers()
	if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", replies) {
		c.r.t.Errorf("%s got %q, want %q", c.name, got, replies)
	}
}

func raw(command string) []byte {
	var args [][]byte
	for _, w := range strings.Fields(command) {
		args = append(args, []byte(w))
	}
	return resp.AppendCommand(nil, args...)
}

// plain is the key of a client that has set up nothing.
var plain = Key{Proto: 2}
