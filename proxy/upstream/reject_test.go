package upstream

import (
	"strings"
	"testing"

	"sentinelproxy/proxy/internal/scripted"
)

// TestRejectedMidPipeline: READONLY in the middle. What was answered before stays; the rejected command and
// all reads behind it are sent again; a write behind it that was applied all the same keeps its reply, in turn.
func TestRejectedMidPipeline(t *testing.T) {
	for _, word := range []string{"READONLY", "LOADING", "MASTERDOWN", "UNBLOCKED"} {
		t.Run(word, func(t *testing.T) {
			first, second := scripted.Listen(t), scripted.Listen(t)
			r := newRig(t, nil)
			r.adopt(first.Addr())
			a, b := r.client("a"), r.client("b")
			r.in(func() {
				l := r.set.Shared(plain)
				a.send(l, "GET 1", Read)
				b.send(l, "INCR 2", Write)
				a.send(l, "INCR 3", Write) // rejected
				a.send(l, "GET 4", Read)
				b.send(l, "GET 5", Read)
				a.send(l, "INCR 6", Write)
				b.send(l, "INCR 7", Write) // rejected
			})
			p := first.AcceptReady()
			p.Expect("GET 1", "INCR 2", "INCR 3", "GET 4", "GET 5", "INCR 6", "INCR 7")
			p.Send("$1\r\n1\r\n:2\r\n-" + word + " no\r\n$1\r\n4\r\n$1\r\n5\r\n:6\r\n")
			r.until("the rejection", func() bool { return len(r.rejected) == 1 && r.rejected[0] == word })
			r.in(func() {
				if len(a.replies) != 1 || len(b.replies) != 1 {
					t.Errorf("answered too early: %q, %q", a.replies, b.replies)
				}
				if r.set.Shared(plain).state == condemned {
					t.Error("the condemned link is given out")
				}
			})
			first.Accept().Handshake() // of the Shared above
			p.Send("-" + word + " no\r\n")
			p.ExpectClosed()
			r.adopt(second.Addr())
			p = second.AcceptReady()
			p.Expect("INCR 3", "GET 4", "GET 5", "INCR 7")
			p.Send(":3\r\n$1\r\n4\r\n$1\r\n5\r\n:7\r\n")
			a.want("$1\r\n1\r\n", ":3\r\n", "$1\r\n4\r\n", ":6\r\n")
			b.want(":2\r\n", "$1\r\n5\r\n", ":7\r\n")
			r.in(func() {
				if n := r.set.Counters.Rejected; n != 2 || len(r.rejected) != 1 || len(r.lost) != 0 {
					t.Errorf("%d rejected, told %d times, %d losses", n, len(r.rejected), len(r.lost))
				}
			})
		})
	}
}

// TestRejectedInsideTransaction: the EXEC behind a command that was not queued is sent again with it.
func TestRejectedInsideTransaction(t *testing.T) {
	first, second := scripted.Listen(t), scripted.Listen(t)
	r := newRig(t, nil)
	r.adopt(first.Addr())
	a := r.client("a")
	r.in(func() {
		l := r.set.Shared(plain)
		a.send(l, "INCR 1", Read) // as what is queued is
		a.send(l, "EXEC", Write)
		a.send(l, "INCR 2", Write)
	})
	p := first.AcceptReady()
	p.Expect("INCR 1", "EXEC", "INCR 2")
	p.Send("-READONLY no\r\n-EXECABORT Transaction discarded because of previous errors.\r\n-ERR no integer\r\n")
	p.ExpectClosed()
	r.adopt(second.Addr())
	p = second.AcceptReady()
	p.Expect("INCR 1", "EXEC")
	p.Send("+QUEUED\r\n*1\r\n:1\r\n")
	a.want("+QUEUED\r\n", "*1\r\n:1\r\n", "-ERR no integer\r\n")
}

// TestRejectedThenCut: the link breaks while replies behind a rejection are due.
func TestRejectedThenCut(t *testing.T) {
	first, second := scripted.Listen(t), scripted.Listen(t)
	r := newRig(t, nil)
	r.adopt(first.Addr())
	a := r.client("a")
	r.in(func() {
		l := r.set.Shared(plain)
		a.send(l, "INCR 1", Write)
		a.send(l, "INCR 2", Write)
		a.send(l, "INCR 4", Write)
		a.send(l, "SET 3 3", Idempotent)
	})
	p := first.AcceptReady()
	p.Expect("INCR 1", "INCR 2", "INCR 4", "SET 3 3")
	p.Send("-READONLY no\r\n:2\r\n")
	r.until("the rejection", func() bool { return len(r.rejected) == 1 })
	p.Cut()
	r.until("the cut", func() bool { return len(r.lost) == 1 })
	r.adopt(second.Addr())
	p = second.AcceptReady()
	p.Expect("INCR 1", "SET 3 3")
	p.Send(":1\r\n+OK\r\n")
	a.want(":1\r\n", ":2\r\n", UnknownOutcome, "+OK\r\n")
}

// TestRejectedForEver: what several masters in a row reject with the same words is the command's own reply.
func TestRejectedForEver(t *testing.T) {
	r := newRig(t, nil)
	a := r.client("a")
	for i := range maxTries + 1 {
		s := scripted.Listen(t)
		r.adopt(s.Addr())
		if i == 0 {
			r.in(func() { a.send(r.set.Shared(plain), "EVAL x", Write) })
		}
		p := s.AcceptReady()
		p.Expect("EVAL x")
		p.Send("-READONLY says the script\r\n")
		if i < maxTries {
			r.until("the rejection", func() bool { return len(r.rejected) == i+1 })
		}
	}
	a.want("-READONLY says the script\r\n")
}

const noReplicasReply = "-NOREPLICAS Not enough good replicas to write.\r\n"

// TestNoReplicas is a rejection until it is said to be the master's own: what it was said of waits for Resume, in its
// turn, and reads of others go on.
func TestNoReplicas(t *testing.T) {
	s := scripted.Listen(t)
	r := newRig(t, nil)
	r.adopt(s.Addr())
	a, b := r.client("a"), r.client("b")
	var l *Link
	r.in(func() {
		l = r.set.Shared(plain)
		a.send(l, "SET 1 1", Overwrite)
		a.send(l, "GET 1", Read)
		b.send(l, "GET 2", Read)
	})
	p := s.AcceptReady()
	r.until("Restored", func() bool { return r.restored == 1 })
	p.Expect("SET 1 1", "GET 1", "GET 2")
	p.Send(noReplicasReply)
	r.until("the hold", func() bool { return r.fenced == 1 && r.holding })
	r.in(func() {
		if !r.set.Sorting() || len(r.rejected)+len(r.lost) > 0 {
			t.Errorf("sorting %v, rejected %q, lost %q", r.set.Sorting(), r.rejected, r.lost)
		}
	})
	p.Send("$1\r\n0\r\n$1\r\n2\r\n")
	p.ExpectClosed()
	r.until("all is sorted", func() bool { return !r.set.Sorting() })
	c := r.client("c")
	r.in(func() { c.send(r.set.Shared(plain), "GET 3", Read) })
	p = s.AcceptReady()
	p.Expect("GET 3")
	p.Send("$1\r\n3\r\n")
	c.want("$1\r\n3\r\n")

	// So often as it takes: it is no more than a hold each time.
	for n := range 2 * maxTries {
		r.in(func() { r.holding = false; r.set.Resume() })
		p.Expect("SET 1 1", "GET 1", "GET 2")
		p.Send(noReplicasReply + "$1\r\n0\r\n$1\r\n2\r\n")
		p.ExpectClosed()
		r.until("the next hold", func() bool { return r.fenced == n+2 && !r.set.Sorting() })
		r.in(func() { r.set.Shared(plain) })
		p = s.AcceptReady()
	}
	r.in(func() { r.set.Genuine(); r.holding = false; r.set.Resume() })
	p.Expect("SET 1 1", "GET 1", "GET 2")
	p.Send(noReplicasReply + "$1\r\n0\r\n$1\r\n2\r\n")
	a.want(noReplicasReply, "$1\r\n0\r\n")
	b.want("$1\r\n2\r\n")
}

// TestNoReplicasGenuine: until a write succeeds, or while a hold is on: then it is another matter.
func TestNoReplicasGenuine(t *testing.T) {
	s := scripted.Listen(t)
	r := newRig(t, nil)
	r.adopt(s.Addr())
	a := r.client("a")
	r.in(func() { r.set.Shared(plain) })
	p := s.AcceptReady()
	ask := func(command, reply string) {
		t.Helper()
		r.in(func() { a.send(r.set.Shared(plain), command, Write) })
		p.Expect(command)
		p.Send(reply)
	}
	r.until("Restored", func() bool { return r.restored == 1 })
	r.in(func() { r.set.Genuine() })
	ask("INCR 1", noReplicasReply)
	ask("INCR 2", "-ERR no integer\r\n")
	ask("INCR 3", noReplicasReply)
	ask("INCR 4", ":4\r\n")
	a.want(noReplicasReply, "-ERR no integer\r\n", noReplicasReply, ":4\r\n")
	ask("INCR 5", noReplicasReply)
	r.until("the hold", func() bool { return r.fenced == 1 })
	p.ExpectClosed()
	r.in(func() { r.set.Genuine(); r.set.Shared(plain) })
	p = s.AcceptReady()
	ask("INCR 6", noReplicasReply)
	r.until("the other hold", func() bool { return r.fenced == 2 })
}

func TestRejectionWords(t *testing.T) {
	for reply, want := range map[string]string{
		"-READONLY You can't write against a read only replica.\r\n": "READONLY",
		"-LOADING Redis is loading the dataset in memory\r\n":        "LOADING",
		"-MASTERDOWN Link with MASTER is down\r\n":                   "MASTERDOWN",
		"-UNBLOCKED force unblock from blocking operation\r\n":       "UNBLOCKED",
		"-READONLYISH no\r\n":                                        "",
		"-ERR READONLY\r\n":                                          "",
		"-EXECABORT Transaction discarded because of: READONLY You can't write against a read only replica.\r\n": "READONLY",
		noReplicasReply: "NOREPLICAS",
		"-EXECABORT Transaction discarded because of: NOREPLICAS Not enough good replicas to write.\r\n": "NOREPLICAS",
		"-NOREPLICAS\r\n": "NOREPLICAS",
		"-EXECABORT Transaction discarded because of previous errors.\r\n": "",
		"-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n":               "",
		"-UNBLOCKED the stream key no longer exists\r\n":                   "",
		"-MISCONF Redis is configured to save RDB snapshots\r\n":           "",
		"-UNKILLABLE\r\n":    "",
		"-R\r\n":             "",
		"$8\r\nREADONLY\r\n": "",
		"*1\r\n-READONLY You can't write against a read only\r\n": "",
		"-" + strings.Repeat("L", 100) + "\r\n":                   "",
	} {
		if got := rejection([]byte(reply), Write); got != want {
			t.Errorf("%q: %q, want %q", reply, got, want)
		}
	}
	for reply, want := range map[string]string{
		"-READONLY You can't write against a read only replica. script: f, on @user_script:1.\r\n": "READONLY",
		"-NOREPLICAS Not enough good replicas to write. script: f, on @user_script:1.\r\n":         "NOREPLICAS",
		"-NOREPLICAS says the script\r\n": "",
		"-READONLY account is frozen\r\n": "",
		"-LOADING more\r\n":               "",
		"-ERR Error running script (call to f_e0e1): @user_script:1: @user_script: 1: -READONLY You can't write against a read only replica.\r\n": "READONLY",
		"-ERR Error running script (call to e0e1): @user_script:2: -READONLY You can't write against a read only replica.\r\n":                    "READONLY",
		"-ERR Error running script (call to e0e1): @user_script:2: -READONLY says the script\r\n":                                                 "",
		"-ERR Error running script (call to e0e1): @user_script:2: user_script:2: no such thing\r\n":                                              "",
	} {
		if got := rejection([]byte(reply), Script); got != want {
			t.Errorf("of a script, %q: %q, want %q", reply, got, want)
		}
	}
}

// TestPopBehindRejection: a pop that was executed all the same keeps what it has taken.
func TestPopBehindRejection(t *testing.T) {
	first, second := scripted.Listen(t), scripted.Listen(t)
	r := newRig(t, nil)
	r.adopt(first.Addr())
	a := r.client("a")
	r.in(func() {
		l := r.set.Shared(plain)
		a.send(l, "INCR 1", Write)
		a.send(l, "BLPOP q 0", Read)
		l.Takes()
	})
	p := first.AcceptReady()
	p.Expect("INCR 1", "BLPOP q 0")
	p.Send("-NOREPLICAS Not enough good replicas to write.\r\n*2\r\n$1\r\nq\r\n$1\r\nx\r\n")
	p.ExpectClosed()
	r.adopt(second.Addr())
	p = second.AcceptReady()
	p.Expect("INCR 1")
	p.Send(":1\r\n")
	a.want(":1\r\n", "*2\r\n$1\r\nq\r\n$1\r\nx\r\n")
}

// TestRejectedThenApplied: a write that was rejected is not done after one of the same session that was applied, which it would undo: the
// rejection is its reply. Others are done.
func TestRejectedThenApplied(t *testing.T) {
	first, second := scripted.Listen(t), scripted.Listen(t)
	r := newRig(t, nil)
	r.adopt(first.Addr())
	a, b := r.client("a"), r.client("b")
	r.in(func() {
		l := r.set.Shared(plain)
		b.send(l, "SET a 0", Overwrite)
		a.send(l, "SET a 1", Overwrite)
		a.send(l, "SET c 1", Overwrite)
		a.send(l, "INCR a", Write)
		a.send(l, "SET a 2", Overwrite)
	})
	p := first.AcceptReady()
	p.Expect("SET a 0", "SET a 1", "SET c 1", "INCR a", "SET a 2")
	p.Send(strings.Repeat(noReplicasReply, 4) + "+OK\r\n")
	p.ExpectClosed()
	r.adopt(second.Addr())
	p = second.AcceptReady()
	p.Expect("SET a 0", "SET c 1", "INCR a")
	p.Send("+OK\r\n+OK\r\n:3\r\n")
	a.want(noReplicasReply, "+OK\r\n", ":3\r\n", "+OK\r\n")
	b.want("+OK\r\n")
}

// TestRejectedByOneThatStops: a Dragonfly that shuts down refuses everything until it closes.
func TestRejectedByOneThatStops(t *testing.T) {
	first, second := scripted.Listen(t), scripted.Listen(t)
	r := newRig(t, nil)
	r.adopt(first.Addr())
	a := r.client("a")
	r.in(func() {
		l := r.set.Shared(plain)
		a.send(l, "INCR 1", Write)
		a.send(l, "INCR 2", Write)
	})
	p := first.AcceptReady()
	p.Expect("INCR 1", "INCR 2")
	p.Send(":1\r\n-ERR Can not execute during SHUTTING DOWN\r\n")
	r.until("an end", func() bool { return len(a.replies) == 2 || len(r.rejected) > 0 })
	r.in(func() {
		if len(a.replies) > 1 {
			t.Errorf("the client gets %q", a.replies)
		}
	})
	if !t.Failed() {
		r.adopt(second.Addr())
		p = second.AcceptReady()
		p.Expect("INCR 2")
		p.Send(":2\r\n")
		a.want(":1\r\n", ":2\r\n")
	}
}
