package upstream

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sentinelproxy/proxy/internal/scripted"
)

const (
	published = "PUBLISH __sentinelproxy__:acknowledge "
	wait      = "WAIT 2 "
)

// asking is a set that waits for two replicas, and the server with the connections that it needs.
type asking struct {
	*rig
	srv      *scripted.Server
	link     *Link
	data     *scripted.Conn
	ack      *scripted.Conn
	warnings []string
}

func newAsking(t *testing.T, edit func(*Options)) *asking {
	t.Helper()
	a := &asking{srv: scripted.Listen(t)}
	a.rig = newRig(t, func(o *Options) {
		o.Acknowledge = Acknowledge{Replicas: 2, Timeout: 10 * time.Second, Key: plain}
		o.Acknowledge.Failed = func(text string) { a.warnings = append(a.warnings, text) }
		if edit != nil {
			edit(o)
		}
	})
	a.adopt(a.srv.Addr())
	a.in(func() { a.link = a.set.Shared(plain) })
	a.data = a.srv.Accept()
	a.data.Handshake()
	return a
}

// send appends commands and has the server answer them.
func (a *asking) send(c *client, answers string, commands ...string) {
	a.t.Helper()
	a.in(func() {
		for _, command := range commands {
			class := Write
			switch command[0] {
			case 'G':
				class = Read
			case 'S':
				class = Idempotent
			}
			c.send(a.link, command, class)
		}
	})
	a.data.Expect(commands...)
	a.data.Send(answers)
}

// asked waits for a question on the link that is for them.
func (a *asking) asked() {
	a.t.Helper()
	if a.ack == nil {
		a.ack = a.srv.Accept()
		a.ack.Handshake()
	}
	a.ack.Expect(published)
	if got := strings.Join(a.ack.Next(), " "); !strings.HasPrefix(got, wait) {
		a.t.Fatalf("the server got %q", got)
	}
}

// has waits for so many answers, and for no more in a while.
func (c *client) has(replies ...string) {
	c.r.t.Helper()
	c.r.until(fmt.Sprintf("%d answers to %s", len(replies), c.name), func() bool { return len(c.replies) >= len(replies) })
	time.Sleep(2 * time.Millisecond)
	c.r.in(func() {
		if fmt.Sprintf("%q", c.replies) != fmt.Sprintf("%q", replies) {
			c.r.t.Errorf("%s got %q, want %q", c.name, c.replies, replies)
		}
	})
}

// TestAcknowledgeOrder: a write's reply waits, what its client reads behind it, too; others read on. The next question is put when the
// first is answered, and covers all that has come meanwhile.
func TestAcknowledgeOrder(t *testing.T) {
	a := newAsking(t, nil)
	one, two := a.client("one"), a.client("two")
	a.send(one, ":1\r\n$1\r\n1\r\n", "INCR a", "GET a")
	a.asked()
	a.send(two, "$1\r\n1\r\n", "GET a")
	two.has("$1\r\n1\r\n")
	one.has()
	a.send(two, ":2\r\n", "INCR a") // after the question was written
	a.send(one, ":3\r\n", "INCR a")
	a.ack.ExpectNothing()
	a.ack.Send(":0\r\n:2\r\n")
	one.has(":1\r\n", "$1\r\n1\r\n")
	two.has("$1\r\n1\r\n")
	a.asked()
	a.ack.Send(":0\r\n:3\r\n")
	one.want(":1\r\n", "$1\r\n1\r\n", ":3\r\n")
	two.want("$1\r\n1\r\n", ":2\r\n")
	a.send(one, "-WRONGTYPE no\r\n", "INCR list") // nothing to wait for
	one.has(":1\r\n", "$1\r\n1\r\n", ":3\r\n", "-WRONGTYPE no\r\n")
	a.in(func() {
		if c := a.set.Counters; c.Acknowledged != 3 || c.Questions != 2 || c.NotAwaited+c.NotReplicated > 0 {
			t.Errorf("%+v", c)
		}
	})
}

// TestAcknowledgeTooFew: the time has passed at the server, and too few replicas have answered.
func TestAcknowledgeTooFew(t *testing.T) {
	for _, fail := range []bool{false, true} {
		a := newAsking(t, func(o *Options) { o.Acknowledge.Fail = fail })
		c := a.client("c")
		a.send(c, ":1\r\n$1\r\n1\r\n", "INCR a", "GET a")
		a.asked()
		a.ack.Send(":0\r\n:1\r\n")
		want := ":1\r\n"
		if fail {
			want = "-NOTREPLICATED the master has applied it, but fewer than 2 replicas have acknowledged it in time (timeout=10s)\r\n"
		}
		c.want(want, "$1\r\n1\r\n")
		a.in(func() {
			if n := a.set.Counters; n.NotAwaited+n.NotReplicated != 1 || fail != (n.NotReplicated == 1) {
				t.Errorf("%+v", n)
			}
		})
	}
}

// TestAcknowledgeUnanswered: a server that does not answer at all is not waited for.
func TestAcknowledgeUnanswered(t *testing.T) {
	a := newAsking(t, func(o *Options) { o.Acknowledge.Timeout = time.Second })
	c, behind := a.client("c"), a.client("behind")
	a.send(c, ":1\r\n", "INCR a")
	a.asked()
	a.send(behind, ":2\r\n", "INCR a")
	c.want(":1\r\n")
	a.ack.ExpectClosed() // what it says later could be taken for the answer to the next question
	a.ack = nil
	a.asked() // over another link, for those who have come meanwhile
	a.ack.Send(":0\r\n:2\r\n")
	behind.want(":2\r\n")
	a.in(func() {
		if n := a.set.Counters; n.NotAwaited != 1 || n.Acknowledged != 1 {
			t.Errorf("%+v", n)
		}
	})
}

// TestAcknowledgeRefused: the server does not let the proxy ask. That is said once, and nobody waits.
func TestAcknowledgeRefused(t *testing.T) {
	for _, answers := range []string{":0\r\n-NOPERM no WAIT\r\n", "-NOPERM no WAIT\r\n:2\r\n", "-ERR unknown command\r\n-ERR unknown command\r\n"} {
		for _, fail := range []bool{false, true} {
			a := newAsking(t, func(o *Options) { o.Acknowledge.Fail = fail })
			c := a.client("c")
			a.send(c, ":1\r\n", "INCR a")
			a.asked()
			a.ack.Send(answers)
			c.has(a.answer(":1\r\n", fail))
			a.send(c, ":2\r\n$1\r\n2\r\n", "INCR a", "GET a")
			c.has(a.answer(":1\r\n", fail), a.answer(":2\r\n", fail), "$1\r\n2\r\n")
			a.ack.ExpectNothing()
			a.in(func() {
				if len(a.warnings) != 1 {
					t.Errorf("warnings: %q", a.warnings)
				}
			})
		}
	}
}

func (a *asking) answer(reply string, fail bool) string {
	if fail {
		return "-NOTREPLICATED the master has applied it, but does not tell whether 2 replicas have it\r\n"
	}
	return reply
}

// TestAcknowledgeLinkCut: the link for questions breaks after every byte of an answer. They are put again, and no write is answered twice,
// or before.
func TestAcknowledgeLinkCut(t *testing.T) {
	const answer = ":0\r\n:2\r\n"
	for cut := range len(answer) {
		a := newAsking(t, nil)
		c := a.client("c")
		a.send(c, ":1\r\n", "INCR a")
		a.asked()
		a.ack.Send(answer[:cut])
		a.ack.Close()
		a.ack = nil
		a.asked()
		c.has()
		a.ack.Send(answer)
		c.want(":1\r\n")
		a.in(func() {
			if len(a.lost) > 0 {
				t.Errorf("that is no loss of the master: %q", a.lost)
			}
		})
	}
}

// TestAcknowledgeMasterLost: the master is gone before replicas have answered. What it has said is not passed on as if they had; what may be sent
// again is, but no write of a client that has sent one behind it which may not.
func TestAcknowledgeMasterLost(t *testing.T) {
	for _, how := range []string{"cut", "adopt", "rejected"} {
		t.Run(how, func(t *testing.T) {
			a := newAsking(t, nil)
			sets, incrs, mixed := a.client("sets"), a.client("incrs"), a.client("mixed")
			a.send(sets, "+OK\r\n$1\r\n1\r\n", "SET a 1", "GET a")
			a.send(incrs, ":1\r\n-WRONGTYPE no\r\n", "INCR b", "INCR list")
			a.send(mixed, "+OK\r\n:2\r\n", "SET b 1", "INCR b")
			a.asked()
			next := scripted.Listen(t)
			switch how {
			case "cut":
				a.data.Cut()
				a.until("the loss", func() bool { return len(a.lost) > 0 })
			case "rejected":
				a.send(sets, "-READONLY no\r\n", "SET c 3")
				a.until("the rejection", func() bool { return len(a.rejected) > 0 })
			}
			if how == "adopt" {
				a.adopt(next.Addr())
			}
			incrs.has(UnknownOutcome, "-WRONGTYPE no\r\n")
			mixed.has(UnknownOutcome, UnknownOutcome)
			sets.has()
			if how != "adopt" {
				a.adopt(next.Addr())
			}
			conn := next.Accept()
			conn.Handshake()
			conn.Expect("SET a 1", "GET a")
			if how == "rejected" {
				conn.Expect("SET c 3")
				conn.Send("+OK\r\n$1\r\n1\r\n+OK\r\n")
			} else {
				conn.Send("+OK\r\n$1\r\n1\r\n")
			}
			a.srv, a.ack = next, nil
			a.asked()
			a.ack.Send(":0\r\n:2\r\n")
			want := []string{"+OK\r\n", "$1\r\n1\r\n"}
			if how == "rejected" {
				want = append(want, "+OK\r\n")
			}
			sets.want(want...)
		})
	}
}

// TestAcknowledgeReads: with reads=replicated others do not see what may be lost.
func TestAcknowledgeReads(t *testing.T) {
	a := newAsking(t, func(o *Options) { o.Acknowledge.Reads = true })
	writer, reader := a.client("writer"), a.client("reader")
	a.send(writer, ":1\r\n", "INCR a")
	a.asked()
	a.send(reader, "$1\r\n1\r\n", "GET a")
	reader.has()
	a.ack.Send(":0\r\n:2\r\n")
	writer.want(":1\r\n")
	reader.has()
	a.asked()
	a.ack.Send(":0\r\n:2\r\n")
	reader.want("$1\r\n1\r\n")
}

// ordinary is a client whose commands all have tag 0, as those of a session have whose replies it need not look at.
type ordinary struct{ *client }

func (o ordinary) Reply(e *Entry, reply []byte, last bool) {
	e.Tag = uint16(len(o.replies))
	o.client.Reply(e, reply, last)
}

// TestNotReplicatedReads: what is said of a read that waited is not that it was applied, and it counts. A reply that shows nothing is passed on.
func TestNotReplicatedReads(t *testing.T) {
	for name, tc := range map[string]struct{ answers, want string }{
		"too few": {":0\r\n:1\r\n", "-NOTREPLICATED fewer than 2 replicas have acknowledged what the reply would show in time (timeout=10s)\r\n"},
		"refused": {":0\r\n-NOPERM no WAIT\r\n", "-NOTREPLICATED the master does not tell whether 2 replicas have what the reply would show\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAsking(t, func(o *Options) { o.Acknowledge.Reads, o.Acknowledge.Fail = true, true })
			c := ordinary{a.client("c")}
			a.in(func() {
				c.asked = []string{"GET a", "GET list", "INCR list"}
				for i, class := range []Class{Read, Read, Write} {
					a.link.Append(c, raw(c.asked[i]), class, 0)
				}
			})
			a.data.Expect(c.asked...)
			a.data.Send("$1\r\n1\r\n-WRONGTYPE no\r\n-WRONGTYPE no\r\n")
			a.asked()
			a.ack.Send(tc.answers)
			c.want(tc.want, "-WRONGTYPE no\r\n", "-WRONGTYPE no\r\n")
			a.in(func() {
				if n := a.set.Counters; n.NotReplicated != 1 || n.NotAwaited != 0 {
					t.Errorf("%+v", n)
				}
			})
		})
	}
}
