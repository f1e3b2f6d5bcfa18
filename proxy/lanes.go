package proxy

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"sentinelproxy/proxy/failover"
	"sentinelproxy/proxy/gate"
	"sentinelproxy/proxy/session"
)

// resolveTimeout bounds the lookup of a master that Sentinel names by host name, and the search for the address at which it listens.
const resolveTimeout = 2 * time.Second

// groupLanes is all lanes of one group, as the driver commands them: failover.Lanes. Its methods are
// called by the driver's goroutine only; the lanes' answers come from their loops.
type groupLanes struct {
	name  string
	lanes []*laneGroup
	tell  func(failover.LaneReport) // the driver's
	holds uint64                    // calls of HoldWrites and HoldAll

	mu struct {
		sync.Mutex
		// done counts the lanes that have given an answer that only counts when all have, for one round.
		done map[failover.LaneReportKind]gathered
	}
}

type gathered struct {
	round round
	lanes map[int]bool
}

// round is what an answer belongs to: the adoption, and for Drained the hold, which may begin more than once in
// a term.
type round struct{ term, hold uint64 }

func (r round) before(other round) bool {
	return r.term < other.term || r.term == other.term && r.hold < other.hold
}

// everywhere is session.Everywhere for the lane whose loop this is: one lane after another, then back.
func (l *groupLanes) everywhere(home *laneGroup) session.Everywhere {
	return func(visit func(*session.Group), then func()) {
		var next func(i int)
		next = func(i int) {
			if i == len(l.lanes) {
				home.loop.Post(then)
				return
			}
			g := l.lanes[i]
			if !g.loop.Post(func() { visit(g.sessions); next(i + 1) }) {
				next(i + 1)
			}
		}
		next(0)
	}
}

// reporter is how lane i tells the driver. Drained and Restored are passed on when the last lane has said so.
func (l *groupLanes) reporter(i int) func(failover.LaneReport) {
	return func(r failover.LaneReport) {
		switch r.Kind {
		case failover.Drained:
			if !l.last(i, r.Kind, round{r.Term, l.lanes[i].holds}) {
				return
			}
		case failover.Restored:
			if !l.last(i, r.Kind, round{r.Term, 0}) {
				return
			}
		}
		l.tell(r)
	}
}

// last notes an answer and says whether it completes its round. One of an earlier round comes from a lane that
// has not got as far as the others yet: it must not undo what those have said.
func (l *groupLanes) last(i int, kind failover.LaneReportKind, r round) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.mu.done[kind]
	switch {
	case r.before(g.round):
		return false
	case g.round.before(r), g.lanes == nil:
		g = gathered{round: r, lanes: map[int]bool{}}
	}
	g.lanes[i] = true
	l.mu.done[kind] = g
	return len(g.lanes) == len(l.lanes)
}

func (l *groupLanes) each(f func(*laneGroup)) {
	for _, g := range l.lanes {
		g.loop.Post(func() { f(g) })
	}
}

// HoldWrites is failover.Lanes'.
func (l *groupLanes) HoldWrites(uint64) {
	l.holds++
	hold := l.holds
	l.each(func(g *laneGroup) { g.holdFor(gate.HoldWrites, hold) })
}

// HoldAll is failover.Lanes'.
func (l *groupLanes) HoldAll(uint64) {
	l.holds++
	hold := l.holds
	l.each(func(g *laneGroup) { g.holdFor(gate.HoldAll, hold) })
}

// Adopt is failover.Lanes'. A host name is looked up here: the probe that has just verified it has done
// the same, so the answer is at hand, and the driver has nothing better to do than to wait for it.
func (l *groupLanes) Adopt(name string, term, epoch uint64) {
	addr, err := resolve(name)
	if err != nil {
		l.each(func(g *laneGroup) { g.adoptFailed(name, err, term) })
		return
	}
	l.each(func(g *laneGroup) { g.adopt(name, addr, term, epoch) })
}

// Seal is failover.Lanes'.
func (l *groupLanes) Seal(term uint64) {
	l.each(func(g *laneGroup) { g.seal(term) })
}

// Genuine is failover.Lanes'.
func (l *groupLanes) Genuine(term uint64) {
	l.each(func(g *laneGroup) { g.genuine(term) })
}

// Release is failover.Lanes'.
func (l *groupLanes) Release(term uint64) {
	l.each(func(g *laneGroup) { g.release(term) })
}

// Refuse is failover.Lanes'.
func (l *groupLanes) Refuse(reason string) {
	reply := []byte(fmt.Sprintf("-NOMASTER no master of %q to send this to: %s\r\n", l.name, reason))
	l.each(func(g *laneGroup) { g.refuse(reply) })
}

// RefuseWrites is failover.Lanes'.
func (l *groupLanes) RefuseWrites(reason string) {
	reply := []byte(fmt.Sprintf("-NOMASTER no master of %q to send this to, only reads go on: %s\r\n", l.name, reason))
	l.each(func(g *laneGroup) { g.refuseWrites(reply) })
}

// Counts is failover.Lanes'. Asked after Release or Refuse, it is answered behind them in each mailbox.
func (l *groupLanes) Counts(_ uint64, done func(failover.SwitchCounts)) {
	var (
		mu    sync.Mutex
		left  = len(l.lanes)
		sum   failover.SwitchCounts
		waits = hdrhistogram.New(1, 3600*1e6, 2)
	)
	l.each(func(g *laneGroup) {
		g.released(func() {
			c, w := g.hold.counts(g)
			mu.Lock()
			defer mu.Unlock()
			addCounts(&sum, c)
			if w != nil {
				waits.Merge(w)
			}
			if left--; left == 0 {
				const ms = 1000
				sum.HoldP50 = float64(waits.ValueAtQuantile(50)) / ms
				sum.HoldP99 = float64(waits.ValueAtQuantile(99)) / ms
				sum.HoldMax = float64(waits.Max()) / ms
				done(sum)
			}
		})
	})
}

func addCounts(sum *failover.SwitchCounts, c failover.SwitchCounts) {
	sum.Held += c.Held
	sum.Released += c.Released
	sum.Expired += c.Expired
	sum.Cancelled += c.Cancelled
	sum.Drained += c.Drained
	sum.Lost += c.Lost
	sum.Resent += c.Resent
	sum.Unknown += c.Unknown
}

func resolve(name string) (netip.AddrPort, error) {
	if addr, err := netip.ParseAddrPort(name); err == nil {
		return addr, nil
	}
	host, port, err := net.SplitHostPort(name)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("master %q: %w", name, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), resolveTimeout)
	defer cancel()
	number, err := net.DefaultResolver.LookupPort(ctx, "tcp", port)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("master %q: %w", name, err)
	}
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("master %q: %w", name, err)
	}
	if len(ips) > 1 { // the one that the probe has reached, found in the same way: the server may listen at one only
		if conn, err := new(net.Dialer).DialContext(ctx, "tcp", name); err == nil {
			defer conn.Close()
			addr := conn.RemoteAddr().(*net.TCPAddr).AddrPort()
			return netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port()), nil
		}
	}
	return netip.AddrPortFrom(ips[0].Unmap(), uint16(number)), nil
}
