package proxy

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"sentinelproxy/proxy/admin"
	"sentinelproxy/proxy/failover"
	"sentinelproxy/proxy/reactor"
	"sentinelproxy/proxy/session"
	"sentinelproxy/proxy/topology"
)

// group is one master name: everything of it that is not in a lane.
type group struct {
	Group
	cfg     *Config
	log     *zap.Logger
	shared  *shared
	lanes   *groupLanes
	watcher *topology.Watcher
	driver  *failover.Driver
	events  *admin.Events
	counted eventCounts
	down    map[string]bool // Sentinels counted as lost; the watcher's, which tells one thing at a time

	scripts   *session.Scripts
	listeners []*listener
	listening atomic.Bool
	next      atomic.Uint64 // the lane that gets the next client
}

func newGroup(gc Group, cfg *Config, sh *shared, loops []*reactor.Loop, base *zap.Logger) (*group, error) {
	log := base.With(zap.String("group", gc.Name))
	g := &group{Group: gc, cfg: cfg, log: log, shared: sh, scripts: session.NewScripts(int(cfg.ScriptBytes)), down: map[string]bool{}}
	g.lanes = &groupLanes{name: gc.Name, tell: g.laneSaid}
	g.lanes.mu.done = map[failover.LaneReportKind]gathered{}
	for i, loop := range loops {
		g.lanes.lanes = append(g.lanes.lanes, newLaneGroup(i, loop, cfg, sh, g.scripts, g.lanes.reporter(i), log))
	}
	for _, l := range g.lanes.lanes {
		l.sessions.Everywhere = g.lanes.everywhere(l)
	}
	var err error
	g.watcher, err = topology.New(topology.Options{
		Group: gc.Name, Sentinels: gc.Sentinels, Username: gc.SentinelUsername, Password: gc.SentinelPassword,
		Logger: base, Emit: g.sentinelSaid,
	})
	if err != nil {
		return nil, err
	}
	conf := failover.DefaultConfig(gc.Sentinels)
	conf.HoldTimeout = cfg.HoldTimeout
	if conf.MinorityGrace = cfg.MinorityGrace; conf.MinorityGrace == 0 {
		conf.MinorityGrace = -1 // never
	}
	conf.Fence = gc.Fence != FenceNever
	g.driver = failover.New(failover.Options{
		Fences: fences{g},
		Group:  gc.Name, Config: conf, ProbeTimeout: probeTimeout, Lanes: g.lanes, Logger: base, AskSentinels: g.watcher.Ask,
		Prober: &prober{
			Prober: topology.NewProber(gc.Username, gc.Password, probeTimeout),
			count:  func(result string) { g.events.Probed(gc.Name, result) },
		},
	})
	return g, nil
}

func (g *group) sentinelSaid(e topology.Event) {
	switch e.Kind {
	case topology.SentinelUp:
		g.events.SentinelUp(g.Name)
		delete(g.down, e.Sentinel)
	case topology.SentinelDown:
		if !g.down[e.Sentinel] { // else it is down for another reason than before
			g.events.SentinelDown(g.Name)
		}
		g.down[e.Sentinel] = true
	case topology.SentinelGone:
		delete(g.down, e.Sentinel)
	}
	g.driver.Event(e)
}

func (g *group) laneSaid(r failover.LaneReport) {
	if r.Kind == failover.Rejected || r.Kind == failover.NoReplicas {
		g.events.Rejected(g.Name, r.Text)
	}
	g.driver.Lane(r)
}

// open opens all listeners, or none.
func (g *group) open() error {
	for _, addr := range g.Listen {
		l, err := newListener(addr, g)
		if err != nil {
			g.closeListeners()
			return err
		}
		g.listeners = append(g.listeners, l)
		g.log.Info("listening", zap.String("addr", shown(l.ln)))
	}
	g.listening.Store(true)
	return nil
}

func (g *group) closeListeners() {
	g.listening.Store(false)
	for _, l := range g.listeners {
		l.close()
	}
}

// run starts the group's goroutines: the watcher and the driver, which end with ctx, and an acceptor for
// each listener, which ends when that is closed.
func (g *group) run(ctx context.Context, wg *sync.WaitGroup) {
	wg.Go(func() { g.watcher.Run(ctx) })
	wg.Go(func() { g.driver.Run(ctx) })
	wg.Go(func() { g.countEvents(ctx) })
	for _, l := range g.listeners {
		wg.Go(func() { l.accept(g.log) })
	}
}

// sweepEvery is how often idle clients and unused links are looked for.
const sweepEvery = 10 * time.Second

// sweep closes what has been idle for too long, in the lane's loop, again and again.
func (g *laneGroup) sweep() {
	g.sessions.Sweep()
	g.links.Trim()
	g.loop.After(sweepEvery, g.sweep)
}

// drainClients closes clients as they become idle and calls done when none is left; in the lane's loop.
func (g *laneGroup) drainClients(deadline time.Time, done func(cut int)) {
	left := g.sessions.CloseIdle()
	switch {
	case left == 0:
		done(0)
	case time.Now().After(deadline):
		g.sessions.CloseAll(session.CloseShutdown)
		done(left)
	default:
		g.loop.After(10*time.Millisecond, func() { g.drainClients(deadline, done) })
	}
}

// shown is a listener's address as it is configured, with the port it got.
func shown(ln net.Listener) string {
	a := ln.Addr()
	if a.Network() == "unix" {
		return "unix://" + a.String()
	}
	return a.String()
}
