package session

import (
	"strings"
	"testing"

	"sentinelproxy/proxy/internal/scripted"
)

// TestRelay: after PSYNC bytes go both ways as they are, whatever they look like; what came behind PSYNC in one write, too.
func TestRelay(t *testing.T) {
	s := scripted.Listen(t)
	l := newLane(t, nil)
	l.serve(s.Addr().String())
	c := l.client()
	c.do("REPLCONF listening-port 1")
	p := s.AcceptReady()
	p.Expect("REPLCONF listening-port 1")
	p.Send("+OK\r\n")
	c.expect("+OK\r\n")
	c.send(wire("PSYNC ? -1") + "\nREPL" + "CONF bytes")
	p.Expect("PSYNC ? -1")
	p.ExpectBytes("\nREPLCONF bytes")
	stream := "\n\n+FULLRESYNC abc 1\r\n$EOF:0123\r\nREDIS" + strings.Repeat("\x00*-1\r\n$", 1<<20) + "*1\r\n$4\r\nPING\r\n"
	go p.Send(stream)
	c.expect(stream)
	acknowledgement := wire("REPLCONF ACK 17")
	c.send(acknowledgement)
	p.ExpectBytes(acknowledgement)
	l.in(func() {
		if u := l.links.Usage(); u.InFlight != 0 || u.Pinned != 1 {
			t.Errorf("%+v", u)
		}
	})
	p.Close()
	if got := c.all(); got != "" {
		t.Errorf("got %q", got)
	}
}

// TestRelayBounded: a replica that does not read makes the master wait.
func TestRelayBounded(t *testing.T) {
	s := scripted.Listen(t)
	l := newLane(t, nil)
	l.serve(s.Addr().String())
	c := l.client()
	c.do("SYNC")
	p := s.AcceptReady()
	p.Expect("SYNC")
	stream := strings.Repeat("0123456789abcdef", 4<<20) // 64 MiB, the limit of a client's output
	go p.Send(stream)
	l.until("the master waits", func() bool {
		s := l.one()
		if len(s.out) > 4<<20 {
			t.Fatalf("%d bytes of output", len(s.out))
		}
		return s.throttled != nil
	})
	c.expect(stream)
	c.close()
	p.ExpectClosed()
}

// TestRelayEnds: with its link's master, also when there is another; and where the server would refuse it, it does not begin.
func TestRelayEnds(t *testing.T) {
	from, to := scripted.Listen(t), scripted.Listen(t)
	l := newLane(t, nil)
	l.serve(from.Addr().String())
	c, other := l.client(), l.client()
	other.do("MULTI", "PSYNC ? -1", "DISCARD")
	q := from.AcceptReady()
	q.Expect("MULTI", "PSYNC ? -1", "DISCARD")
	q.Send("+OK\r\n-ERR Command not allowed inside a transaction\r\n+OK\r\n")
	other.expect("+OK\r\n-ERR Command not allowed inside a transaction\r\n+OK\r\n")
	other.close()
	c.do("PSYNC ? -1")
	p := from.AcceptReady()
	p.Expect("PSYNC ? -1")
	p.Send("+CONTINUE\r\n")
	c.expect("+CONTINUE\r\n")
	l.adopt(to.Addr().String())
	if got := c.all(); got != "" {
		t.Errorf("got %q", got)
	}
	p.ExpectClosed()
}
