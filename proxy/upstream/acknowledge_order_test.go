package upstream

import (
	"testing"
	"time"

	"sentinelproxy/proxy/internal/scripted"
)

// The order of what waits for replicas, and of what is behind it, on the next master.

// TestWithheldBeforeFenced: what waits for replicas was before what NOREPLICAS has set aside.
func TestWithheldBeforeFenced(t *testing.T) {
	for _, how := range []string{"adopt", "cut", "readonly"} {
		t.Run(how, func(t *testing.T) {
			a := newAsking(t, nil)
			c := a.client("c")
			a.in(func() { c.send(a.link, "SET a 1", Overwrite) })
			a.data.Expect("SET a 1")
			a.data.Send("+OK\r\n")
			a.asked()
			a.in(func() {
				c.send(a.link, "SET a 2", Overwrite)
				c.send(a.link, "SET a 3", Overwrite)
			})
			a.data.Expect("SET a 2", "SET a 3")
			a.data.Send("-NOREPLICAS Not enough good replicas to write.\r\n")
			a.until("the fence", func() bool { return a.fenced > 0 })
			next := scripted.Listen(t)
			switch how {
			case "cut":
				a.data.Cut()
				a.until("the loss", func() bool { return len(a.lost) > 0 })
			case "readonly":
				a.data.Send("-READONLY You can't write against a read only replica.\r\n")
				time.Sleep(20 * time.Millisecond)
			}
			a.adopt(next.Addr())
			conn := next.Accept()
			conn.Handshake()
			conn.Expect("SET a 1", "SET a 2", "SET a 3")
			conn.Send("+OK\r\n+OK\r\n+OK\r\n")
			a.srv, a.ack = next, nil
			a.asked()
			a.ack.Send(":0\r\n:2\r\n")
			c.want("+OK\r\n", "+OK\r\n", "+OK\r\n")
		})
	}
}

// TestWithheldInARow: what waits is not sent again either if a write of the same session behind it would make it another.
func TestWithheldInARow(t *testing.T) {
	a := newAsking(t, nil)
	c := a.client("c")
	a.in(func() {
		c.send(a.link, "COPY a b REPLACE", Idempotent)
		c.send(a.link, "SET a 2", Overwrite)
	})
	a.data.Expect("COPY a b REPLACE", "SET a 2")
	a.data.Send(":1\r\n+OK\r\n")
	a.asked()
	next := scripted.Listen(t)
	a.adopt(next.Addr()) // which has both: b is the old a
	conn := next.Accept()
	conn.Handshake()
	conn.Expect("SET a 2") // sent again, COPY would make b 2
	conn.Send("+OK\r\n")
	a.srv, a.ack = next, nil
	a.asked()
	a.ack.Send(":0\r\n:2\r\n")
	c.want(UnknownOutcome, "+OK\r\n")
}

// TestWithheldBeforeARow: nor if one behind it, which it would undo, is not sent again.
func TestWithheldBeforeARow(t *testing.T) {
	a := newAsking(t, nil)
	c := a.client("c")
	a.in(func() {
		c.send(a.link, "SET a 1", Overwrite)
		c.send(a.link, "COPY x a REPLACE", Idempotent)
		c.send(a.link, "SET q 1", Overwrite)
	})
	a.data.Expect("SET a 1", "COPY x a REPLACE", "SET q 1")
	a.data.Send("+OK\r\n")
	a.asked()
	next := scripted.Listen(t)
	a.adopt(next.Addr()) // which has all
	conn := next.Accept()
	conn.Handshake()
	conn.Expect("SET q 1") // SET a 1 would undo COPY, which is not sent again
	conn.Send("+OK\r\n")
	a.srv, a.ack = next, nil
	a.asked()
	a.ack.Send(":0\r\n:2\r\n")
	c.want(UnknownOutcome, UnknownOutcome, "+OK\r\n")
}

// TestWithheldBeforeUnknown: nor if one behind it has an unknown outcome, in flight or executed behind a rejection.
func TestWithheldBeforeUnknown(t *testing.T) {
	for name, replies := range map[string]string{"in flight": "", "behind a rejection": noReplicasReply + ":3\r\n"} {
		t.Run(name, func(t *testing.T) {
			a := newAsking(t, nil)
			c := a.client("c")
			a.in(func() { c.send(a.link, "SET a 1", Overwrite) })
			a.data.Expect("SET a 1")
			a.data.Send("+OK\r\n")
			a.asked()
			a.in(func() {
				c.send(a.link, "INCR b", Write)
				c.send(a.link, "INCR a", Write)
			})
			a.data.Expect("INCR b", "INCR a")
			a.data.Send(replies)
			if replies != "" {
				a.until("the fence", func() bool { return a.fenced > 0 })
			}
			next := scripted.Listen(t)
			a.adopt(next.Addr())
			if replies == "" {
				c.want(UnknownOutcome, UnknownOutcome, UnknownOutcome)
				return
			}
			conn := next.Accept()
			conn.Handshake()
			conn.Expect("INCR b")
			conn.Send(":1\r\n")
			a.srv, a.ack = next, nil
			a.asked()
			a.ack.Send(":0\r\n:2\r\n")
			c.want(UnknownOutcome, ":1\r\n", UnknownOutcome)
		})
	}
}
