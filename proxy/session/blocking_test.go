package session

import (
	"testing"
	"time"

	"sentinelproxy/proxy/command"
	"sentinelproxy/proxy/internal/scripted"
)

// TestShortened: what is left is told in the command's own unit, never 0, which would be for ever.
func TestShortened(t *testing.T) {
	for _, c := range []struct {
		id         command.ID
		sent, want string
		waited     time.Duration
	}{
		{command.Blpop, "BLPOP a b 10", "BLPOP a b 7.500", 2500 * time.Millisecond},
		{command.Blpop, "BLPOP a 0", "BLPOP a 0", time.Hour},
		{command.Brpop, "BRPOP a 1", "BRPOP a 0.001", time.Minute},
		{command.Blmove, "BLMOVE a b LEFT RIGHT 3", "BLMOVE a b LEFT RIGHT 2.000", time.Second},
		{command.Brpoplpush, "BRPOPLPUSH a b 3", "BRPOPLPUSH a b 2.000", time.Second},
		{command.Blmpop, "BLMPOP 3 1 a LEFT", "BLMPOP 2.000 1 a LEFT", time.Second},
		{command.Bzmpop, "BZMPOP 3 1 a MIN", "BZMPOP 2.000 1 a MIN", time.Second},
		{command.Bzpopmin, "BZPOPMIN a 3.5", "BZPOPMIN a 2.500", time.Second},
		{command.XRead, "XREAD BLOCK 5000 STREAMS s $", "XREAD BLOCK 4000 STREAMS s $", time.Second},
		{command.XRead, "XREAD COUNT 1 BLOCK 0 STREAMS s $", "XREAD COUNT 1 BLOCK 0 STREAMS s $", time.Second},
		{command.XReadGroup, "XREADGROUP GROUP g c BLOCK 10 STREAMS s >", "XREADGROUP GROUP g c BLOCK 1 STREAMS s >", time.Second},
		{command.XRead, "XREAD STREAMS block 5", "XREAD STREAMS block 5", time.Second},
		{command.Wait, "WAIT 1 1500", "WAIT 1 500", time.Second},
		{command.WaitAOF, "WAITAOF 1 0 1500", "WAITAOF 1 0 500", time.Second},
		{command.Blpop, "BLPOP a soon", "BLPOP a soon", time.Second},
		{command.Blpop, "BLPOP", "BLPOP", time.Second},
	} {
		if got := string(shortened([]byte(wire(c.sent)), c.id, c.waited)); got != wire(c.want) {
			t.Errorf("%s after %v: %q, want %q", c.sent, c.waited, got, wire(c.want))
		}
	}
}

// TestBlockedThroughSwitches: a worker that waits for ever waits through any number of switches.
func TestBlockedThroughSwitches(t *testing.T) {
	s := scripted.Listen(t)
	l := newLane(t, nil)
	l.serve(s.Addr().String())
	c := l.client()
	c.do("BLPOP q 0")
	p := s.AcceptReady()
	for i := range 5 {
		p.Expect("BLPOP q 0")
		next := scripted.Listen(t)
		l.adopt(next.Addr().String())
		if i == 2 {
			c.silence()
		}
		p = next.AcceptReady()
	}
	p.Expect("BLPOP q 0")
	p.Send("*2\r\n$1\r\nq\r\n$1\r\nx\r\n")
	c.expect("*2\r\n$1\r\nq\r\n$1\r\nx\r\n")
	c.close()
}

// TestBlockedThroughCrashes: and of crashes, if they are not soon after it was sent.
func TestBlockedThroughCrashes(t *testing.T) {
	s := scripted.Listen(t)
	l := newLane(t, nil)
	l.serve(s.Addr().String())
	c := l.client()
	c.do("BLPOP q 0")
	p := s.AcceptReady()
	for range 4 {
		p.Expect("BLPOP q 0")
		l.in(func() { // it has waited for an hour
			for s := range l.g.sessions {
				s.pin.blocking = s.pin.blocking.Add(-time.Hour)
			}
		})
		p.Cut()
		p = s.AcceptReady() // retryPinned
	}
	p.Expect("BLPOP q 0")
	p.Send("*2\r\n$1\r\nq\r\n$1\r\nx\r\n")
	c.expect("*2\r\n$1\r\nq\r\n$1\r\nx\r\n")
	c.close()
}

// TestStreamGone: a stream that a consumer waits for is deleted: that concerns nobody else.
func TestStreamGone(t *testing.T) {
	s := scripted.Listen(t)
	l := newLane(t, nil)
	l.serve(s.Addr().String())
	c := l.client()
	c.do("XREADGROUP GROUP g c BLOCK 0 STREAMS s >")
	p := s.AcceptReady()
	p.Expect("XREADGROUP GROUP g c BLOCK 0 STREAMS s >")
	p.Send("-UNBLOCKED the stream key no longer exists\r\n")
	c.expect("-UNBLOCKED the stream key no longer exists\r\n")
	l.in(func() {
		if l.lost > 0 {
			t.Error("all clients are held")
		}
	})
	c.close()
}

// TestShortenedByPlace: the word BLOCK is looked for where it can stand.
func TestShortenedByPlace(t *testing.T) {
	raw := wire("XREADGROUP GROUP block 7 BLOCK 5000 STREAMS s >")
	if got := string(shortened([]byte(raw), command.XReadGroup, time.Second)); got != wire("XREADGROUP GROUP block 7 BLOCK 4000 STREAMS s >") {
		t.Errorf("%q", got)
	}
	raw = wire("TS.READ BLOCK 5000 STREAMS s 0")
	if got := string(shortened([]byte(raw), command.TsRead, time.Second)); got == raw {
		t.Errorf("%q", got)
	}
	raw = wire("BLMOVEM a b LEFT LEFT 5")
	if got := string(shortened([]byte(raw), command.Blmovem, time.Second)); got == raw {
		t.Errorf("%q", got)
	}
}
