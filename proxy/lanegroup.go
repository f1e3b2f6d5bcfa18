package proxy

import (
	"errors"
	"net/netip"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"sentinelproxy/proxy/failover"
	"sentinelproxy/proxy/gate"
	"sentinelproxy/proxy/reactor"
	"sentinelproxy/proxy/session"
	"sentinelproxy/proxy/upstream"
	"sentinelproxy/resp"
)

// dialTimeout bounds connect and handshake of a link. Longer than a lost SYN's first retry would be
// pointless: what waits behind the link waits for the driver anyway, which dials again.
const dialTimeout = 2 * time.Second

// pinnedPool is how many idle links for sessions each lane keeps for each user, database and protocol, beyond those that were in use lately.
const pinnedPool = 64

// drainCheck is how often a hold looks whether the last write has been answered.
const drainCheck = time.Millisecond

// laneGroup is one group on one lane. Everything but made is called in the lane's loop.
type laneGroup struct {
	lane     int
	loop     *reactor.Loop
	gate     *gate.Gate
	links    *upstream.Set
	sessions *session.Group
	log      *zap.Logger

	term       uint64 // of the last Adopt
	broken     bool   // this lane has lost its link, or was rejected, since then
	makingRoom bool   // see full
	releasing  bool   // a release waits: see releaseSorted
	holds      uint64 // the number of the driver's last hold
	hold       holdStats
	omen       omen
	report     func(failover.LaneReport)
}

// shared is what all lanes have in common.
type shared struct {
	budget  *gate.Budget
	nextID  atomic.Int64
	clients atomic.Int64
	large   session.LargeRequests
	warm    bool // a new master gets a link before a session needs one; tests do without
}

func newLaneGroup(lane int, loop *reactor.Loop, cfg *Config, gc *Group, sh *shared, scripts *session.Scripts, report func(failover.LaneReport), log *zap.Logger) *laneGroup {
	g := &laneGroup{lane: lane, loop: loop, report: report, log: log.With(zap.Int("lane", lane))}
	g.gate = gate.New(gate.HoldAll, sh.budget, loop.Now)
	g.links = upstream.NewSet(loop, upstream.Options{
		Policy:             policies[cfg.InFlightWrites],
		Acknowledge:        cfg.Acknowledge.forLinks(gc, g.unacknowledged),
		StreamingThreshold: int(cfg.StreamingThreshold),
		ReplyWindow:        cfg.ReplyWindowBytes,
		DialTimeout:        dialTimeout,
		PoolSize:           pinnedPool,
		Warm:               sh.warm,
		Scripts:            scripts.Load,
		Again:              session.Again,
		Holding:            func() bool { return g.gate.Mode() != gate.Pass },
		Lost:               g.lost,
		PinnedLost:         g.pinnedLost,
		Rejected:           g.rejected,
		NoReplicas:         g.noReplicas,
		Full:               g.full,
		Restored:           func() { g.tell(failover.Restored, "", "") },
	})
	g.sessions = &session.Group{
		Loop: loop, Gate: g.gate, Links: g.links, Scripts: scripts, NextID: &sh.nextID, Clients: &sh.clients, Large: &sh.large,
		Limits: session.Limits{
			Request: resp.Limits{Bulk: int(cfg.MaxRequestBytes), Args: cfg.MaxRequestArgs, Inline: cfg.MaxInlineBytes},
			Output:  int(cfg.ClientOutputBytes), OutputPubSub: int(cfg.ClientOutputBytesPubSub), Idle: cfg.IdleTimeout,
		},
	}
	g.hold.begin(g)
	return g
}

var policies = map[InFlightWrites]upstream.Policy{
	WritesError:      upstream.ResendNone,
	WritesIdempotent: upstream.ResendIdempotent,
	WritesAll:        upstream.ResendAll,
}

func (g *laneGroup) tell(kind failover.LaneReportKind, addr, text string) {
	g.report(failover.LaneReport{Kind: kind, Term: g.term, Addr: addr, Text: text})
}

// full: the server has no room for another link. Those that lie idle in other lanes count there, too. They are told once at a
// time, however many links are turned away meanwhile.
func (g *laneGroup) full() {
	if g.makingRoom {
		return
	}
	g.makingRoom = true
	g.sessions.Everywhere(func(s *session.Group) {
		if s != g.sessions {
			s.Links.DropIdle()
		}
	}, func() { g.makingRoom = false })
}

// lost: a shared link broke. The lane holds before anything else is sent anywhere; the driver is told
// once per term, whatever the number of links.
func (g *laneGroup) lost(addr string, err error) {
	if errors.Is(err, reactor.ErrStopped) {
		return // the lane ends, and nobody is left who could hold
	}
	g.log.Warn("link lost", zap.String("addr", addr), zap.Error(err))
	g.holdNow(failover.LinkLost, addr, err.Error())
}

func (g *laneGroup) rejected(addr, word string) {
	g.log.Warn("rejected", zap.String("addr", addr), zap.String("rejection", word))
	g.holdNow(failover.Rejected, addr, word)
}

// noReplicas: reads go on. Nothing is lost, so a Release in the same term will do.
func (g *laneGroup) noReplicas(addr string) {
	g.strengthen(gate.HoldWrites)
	if !g.broken {
		g.tell(failover.NoReplicas, addr, "NOREPLICAS")
	}
}

func (g *laneGroup) holdNow(kind failover.LaneReportKind, addr, text string) {
	g.strengthen(gate.HoldAll)
	if !g.broken {
		g.broken = true
		g.tell(kind, addr, text)
	}
}

func (g *laneGroup) pinnedLost(addr string, err error) {
	g.omen.note(g)
	g.log.Debug("pinned link lost", zap.String("addr", addr), zap.Error(err))
	g.tell(failover.PinnedLost, addr, err.Error())
}

// unacknowledged: the master can't be asked whether replicas have the writes.
func (g *laneGroup) unacknowledged(text string) {
	g.log.Warn("replicas can't be waited for (--acknowledge)", zap.String("error", text))
}

// strengthen begins a hold, or makes one stronger.
func (g *laneGroup) strengthen(m gate.Mode) {
	if is := g.gate.Mode(); is == gate.Pass || is == gate.RefuseWrites && m == gate.HoldAll {
		g.hold.begin(g)
	}
	g.gate.Hold(m)
}

// holdFor begins the driver's hold number hold, which it waits for to be drained.
func (g *laneGroup) holdFor(m gate.Mode, hold uint64) {
	g.strengthen(m)
	g.holds = hold
	g.awaitDrained(g.term, hold)
}

// awaitDrained tells the driver once no write is in flight. Polled: to count writes in flight all the
// time would cost every command something, for a moment that comes once in months.
func (g *laneGroup) awaitDrained(term, hold uint64) {
	if g.term != term || g.holds != hold || g.gate.Mode() == gate.Pass {
		return
	}
	if g.links.Usage().Writes == 0 {
		g.tell(failover.Drained, "", "")
		return
	}
	g.loop.After(drainCheck, func() { g.awaitDrained(term, hold) })
}

func (g *laneGroup) adopt(name string, addr netip.AddrPort, term, epoch uint64) {
	if g.gate.Mode() == gate.Refuse {
		g.hold.begin(g)
		g.gate.HoldAgain()
	}
	g.strengthen(gate.HoldAll)
	g.term, g.broken = term, false
	g.sessions.NewMaster(epoch)
	g.hold.drained(g)
	g.links.Adopt(name, addr)
}

// adoptFailed: the address has no meaning on this machine.
func (g *laneGroup) adoptFailed(name string, err error, term uint64) {
	g.strengthen(gate.HoldAll)
	g.term, g.broken = term, true
	g.links.Drop()
	g.tell(failover.LinkLost, name, err.Error())
}

func (g *laneGroup) release(term uint64) {
	g.links.Unseal()
	g.releaseSorted(term, g.holds)
}

// releaseSorted waits for links on which replies are due behind a rejection: what has to be sent again comes first.
func (g *laneGroup) releaseSorted(term, hold uint64) {
	g.releasing = false
	switch {
	case g.term != term || g.broken || g.holds != hold || g.gate.Mode() == gate.Refuse:
		return // what the lane has reported meanwhile is on its way to the driver; or that has had other ideas
	case g.links.Sorting():
		g.releasing = true
		g.loop.After(drainCheck, func() { g.releaseSorted(term, hold) })
		return
	}
	if g.gate.Mode() == gate.RefuseWrites {
		g.hold.begin(g) // what it was until then has been told
	}
	g.links.Resume()
	g.gate.Release()
}

func (g *laneGroup) seal(term uint64) {
	if g.term == term && g.gate.Mode() == gate.HoldAll {
		g.links.Seal()
	}
}

func (g *laneGroup) genuine(term uint64) {
	if g.term == term {
		g.links.Genuine()
	}
}

// released calls f when no release waits for anything.
func (g *laneGroup) released(f func()) {
	if g.releasing {
		g.loop.After(drainCheck, func() { g.released(f) })
		return
	}
	f()
}

// refuseWrites: nothing was lost, so the links stay.
func (g *laneGroup) refuseWrites(reply []byte) {
	g.sessions.Refusal = reply
	g.gate.RefuseWrites()
	if g.gate.Mode() == gate.RefuseWrites { // else the lane holds everything since, and the driver is about to hear of it
		g.links.Refuse(reply)
	}
}

func (g *laneGroup) refuse(reply []byte) {
	g.sessions.Refusal = reply
	g.gate.Refuse()
	// What a master that hangs with its connections open still owes is answered too, not only what was lost.
	g.links.Drop()
	g.links.Refuse(reply)
}
