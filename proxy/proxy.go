package proxy

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"sentinelproxy/proxy/admin"
	"sentinelproxy/proxy/failover"
	"sentinelproxy/proxy/gate"
	"sentinelproxy/proxy/reactor"
)

// Proxy is a running proxy: the lanes, and the groups that use them.
type Proxy struct {
	cfg     Config
	log     *zap.Logger
	started time.Time

	shared   shared
	loops    []*reactor.Loop
	groups   []*group
	admin    *admin.Server
	stopping atomic.Bool

	switchovers switchovers
}

// Run runs the proxy that cfg describes until ctx ends, and then stops gracefully: it accepts no more,
// answers what is in flight within the shutdown timeout, and closes clients as they become idle. An error
// is one that kept it from starting.
func Run(ctx context.Context, cfg Config, log *zap.Logger) error {
	p, err := New(cfg, log)
	if err != nil {
		return err
	}
	return p.run(ctx)
}

// New makes a proxy that does not run yet; cfg has passed Check.
func New(cfg Config, log *zap.Logger) (*Proxy, error) {
	if cfg.Lanes == 0 {
		cfg.Lanes = DefaultLanes(runtime.GOMAXPROCS(0))
	}
	cfg.fitClients(log)
	p := &Proxy{cfg: cfg, log: log, started: time.Now()}
	p.switchovers.ctx, p.switchovers.stop = context.WithCancel(context.Background())
	p.shared.warm = true
	p.shared.large.Max = cfg.LargeRequestBytes
	p.shared.budget = gate.NewBudget(cfg.HoldCommands, cfg.HoldBytes)
	for range cfg.Lanes {
		loop, err := reactor.New()
		if err != nil {
			p.closeLoops()
			return nil, fmt.Errorf("--lanes %d: %w", cfg.Lanes, err)
		}
		loop.Account(&p.shared.large.Memory)
		p.loops = append(p.loops, loop)
	}
	for _, gc := range cfg.Groups {
		g, err := newGroup(gc, &p.cfg, &p.shared, p.loops, log)
		if err != nil {
			p.closeLoops()
			return nil, err
		}
		p.groups = append(p.groups, g)
	}
	var err error
	p.admin, err = admin.New(p, admin.Options{
		Build: cfg.Build, Words: p.words(), Limits: cfg.limitValues(), Pprof: cfg.AdminPprof, Token: cfg.AdminToken,
	}, log)
	if err != nil {
		p.closeLoops()
		return nil, err
	}
	for _, g := range p.groups {
		g.events = p.admin.Events
	}
	return p, nil
}

// DefaultLanes is the number of lanes for so many processors. One lane serves what a single-threaded
// server can answer, and fewer lanes make fewer and larger reads and writes at the server; see
// docs/decisions for the measurement.
func DefaultLanes(processors int) int { return max(1, min(4, processors/4)) }

// words are the closed lists behind the labels of the control plane's metrics.
func (p *Proxy) words() admin.Words {
	w := admin.Words{
		Rejections:   []string{"READONLY", "LOADING", "MASTERDOWN", "UNBLOCKED", "NOREPLICAS"},
		ProbeResults: []string{probeMaster, probeReplica, probeLoading, probeOther, probeDenied, probeError},
	}
	for _, g := range p.groups {
		w.Groups = append(w.Groups, g.Name)
	}
	for _, o := range failover.FenceOutcomes() {
		w.FenceResults = append(w.FenceResults, string(o))
	}
	for _, r := range failover.HoldReasons() {
		w.HoldReasons = append(w.HoldReasons, r.String())
	}
	for _, r := range failover.RefuseReasons() {
		w.RefuseReasons = append(w.RefuseReasons, r.String())
	}
	return w
}

func (p *Proxy) closeLoops() {
	for _, l := range p.loops {
		l.Close()
	}
}

// run starts everything, waits for ctx, and stops in this order: no new clients and no planned switchover, which is given up,
// or goes on to its end when it can't be any more; the clients, as what
// they have in flight is answered, for which the control plane must still be able to release a hold;
// the control plane; the lanes; last the admin server, which tells about all this.
func (p *Proxy) run(ctx context.Context) error {
	if err := p.open(); err != nil {
		p.closeLoops()
		return err
	}
	// A lane that waits for a few milliseconds keeps its processor: there must be one more for all the rest.
	if runtime.GOMAXPROCS(0) <= len(p.loops) {
		runtime.GOMAXPROCS(len(p.loops) + 1)
	}
	var lanes, control sync.WaitGroup
	for _, l := range p.loops {
		lanes.Go(l.Run)
	}
	controlCtx, stopControl := context.WithCancel(context.Background())
	defer stopControl()
	for _, g := range p.groups {
		for _, l := range g.lanes.lanes {
			l.loop.Post(l.sweep)
		}
		g.run(controlCtx, &control)
	}
	<-ctx.Done()
	p.stopping.Store(true)
	p.switchovers.end()
	for _, g := range p.groups {
		g.closeListeners()
	}
	p.drain()
	p.switchovers.runs.Wait() // for what it has set to be put back, in which the control plane takes part
	stopControl()
	control.Wait()
	for _, l := range p.loops {
		l.Stop()
	}
	lanes.Wait()
	shutdown, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	p.admin.Shutdown(shutdown)
	p.log.Info("stopped")
	return nil
}

// open opens the admin server and all listeners, or nothing.
func (p *Proxy) open() error {
	for i, g := range p.groups {
		if err := g.open(); err != nil {
			for _, opened := range p.groups[:i] {
				opened.closeListeners()
			}
			return err
		}
	}
	if p.cfg.Admin == "" {
		return nil
	}
	addr, err := p.admin.Start(p.cfg.Admin)
	if err != nil {
		for _, g := range p.groups {
			g.closeListeners()
		}
		return err
	}
	p.log.Info("admin server", zap.Stringer("addr", addr))
	return nil
}

// drain closes the clients as they become idle, and those that are not after the shutdown timeout.
func (p *Proxy) drain() {
	deadline := time.Now().Add(p.cfg.ShutdownTimeout)
	var wg sync.WaitGroup
	for _, g := range p.groups {
		for _, l := range g.lanes.lanes {
			wg.Add(1)
			l.loop.Post(func() {
				l.drainClients(deadline, func(cut int) {
					l.sessions.Counters.CutAtShutdown += uint64(cut)
					wg.Done()
				})
			})
		}
	}
	wg.Wait()
}
