package reactor

import "time"

// Gathering. While a server still owes the replies to many commands, what clients send in the meantime can only be put behind
// those. To be woken for each of them costs a sleep and a wake, and often a write that wakes the server, too. So a loop with such a connection
// waits for nothing but that the server sends, and then takes all that has come at once.
//
// That is right only where a reply is near. Where it has to travel, clients would wait for those of others, so the
// loop looks at what each time has brought, and gathers less often where that was little: see gathered.

const (
	// gatherFrom is how many replies a peer must owe.
	gatherFrom = 32
	// gatherPays is how long an event may have been waited for: what a turn for itself would have cost everybody, and a little more.
	gatherPays = 20 * time.Microsecond
	// maxGatherSkip bounds how many turns pass before gathering is tried again.
	maxGatherSkip = 1024
	// maxExpected is how many connections can be waited for. A loop with more of them has long turns anyway.
	maxExpected = 4
)

type gathering struct {
	expected []*Conn
	skip     int // so many turns do not gather
	skipped  int // so many did not when it was found last that it does not pay
}

// Expect tells the loop how many replies the peer owes. To be called when that has changed and at least once in a turn.
func (c *Conn) Expect(replies int) {
	if want := replies >= gatherFrom && !c.closed; want != c.expected {
		c.loop.expect(c, want)
	}
}

func (l *Loop) expect(c *Conn, want bool) {
	g := &l.gather
	if want {
		if len(g.expected) < maxExpected {
			c.expected = true
			g.expected = append(g.expected, c)
		}
		return
	}
	c.expected = false
	for i, other := range g.expected {
		if other == c {
			last := len(g.expected) - 1
			g.expected[i], g.expected[last] = g.expected[last], nil
			g.expected = g.expected[:last]
			return
		}
	}
}

// gathers says whether this turn is to wait for the expected connections only. What can't be read now, or has more to send itself before the
// peer can answer, or has let a whole wait pass without a byte, would be waited for in vain.
func (l *Loop) gathers() bool {
	g := &l.gather
	if len(g.expected) == 0 {
		return false
	}
	for _, c := range g.expected {
		if c.paused || c.blocked || c.silent {
			return false
		}
	}
	if g.skip > 0 {
		g.skip--
		return false
	}
	return true
}

// gatherEvents waits until an expected connection, or the mailbox, has something, but not longer than d, and returns the number of events of
// all connections.
func (l *Loop) gatherEvents(from time.Time, d time.Duration) int {
	l.Counters.Gathers++
	g := &l.gather
	if !l.poll.await(g.expected, l.mail.fd, d) {
		for _, c := range g.expected {
			c.silent = true
		}
	}
	n := l.poll.now()
	g.gathered(time.Since(from), n)
	return n
}

// gathered judges a wait that has brought n events: with a server across a network it brings few, and has to become
// rare. One success in a row halves the interval, one failure doubles it.
func (g *gathering) gathered(waited time.Duration, n int) {
	if waited <= time.Duration(n)*gatherPays {
		g.skipped /= 2
		return
	}
	g.skipped = min(max(1, 2*g.skipped), maxGatherSkip)
	g.skip = g.skipped
}
