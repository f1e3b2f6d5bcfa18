package failover

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"sentinelproxy/proxy/topology"
)

// Options is what a Driver is made of. Lanes, Prober and AskSentinels are required.
type Options struct {
	Group        string
	Config       Config        // DefaultConfig with what the user set
	ProbeTimeout time.Duration // for one ROLE probe, dialling included; 1 s if 0
	Lanes        Lanes
	Prober       Prober
	// AskSentinels makes the topology poll all Sentinels now and tell each answer, changed or not. It must not block.
	AskSentinels func()
	Fences       Fences      // nil: no master is ever fenced, nor looked at
	Logger       *zap.Logger // nil: none
}

// Driver runs the Machine of one group: it feeds it inputs and the time, and carries out its actions.
//
// Run is its goroutine: the machine and the recorder are touched by nothing else. Each probe is a goroutine of its
// own that ends within ProbeTimeout by putting its result into the mailbox; Run waits for them before it returns.
type Driver struct {
	opts  Options
	log   *zap.Logger
	box   *mailbox
	ctx   context.Context // of Run; probes end with it
	calls sync.WaitGroup  // probes under way

	m     Machine // owned by Run
	first []Action
	blame *complaints
	guard *fencer
	rec   *recorder                 // locks for itself
	since atomic.Pointer[time.Time] // when the present state was entered
	shown atomic.Pointer[Machine]   // what Status reads: published after every step, never changed afterwards
}

// New makes a driver. The hold limit of the start begins now; lanes are told to hold when Run starts.
func New(opts Options) *Driver {
	if opts.Logger == nil {
		opts.Logger = zap.NewNop()
	}
	if opts.ProbeTimeout == 0 {
		opts.ProbeTimeout = time.Second
	}
	d := &Driver{opts: opts, log: opts.Logger.With(zap.String("group", opts.Group)), box: newMailbox()}
	now := time.Now()
	d.m, d.first = NewMachine(opts.Config, now)
	d.blame = newComplaints(opts.Group, d.log)
	d.guard = newFencer(d)
	d.rec = newRecorder(opts.Group, &d.m, now)
	d.since.Store(&now)
	d.publish()
	return d
}

// Event hands over what the topology has learned. Never blocks; from any goroutine.
func (d *Driver) Event(e topology.Event) { d.box.put(SentinelSaid{e}) }

// Lane hands over a report of the lanes. Never blocks; from any goroutine.
func (d *Driver) Lane(r LaneReport) { d.box.put(LaneSaid{r}) }

// Order has writes held, as an operator wants: see Ordered. Never blocks; from any goroutine.
func (d *Driver) Order(hold time.Duration) { d.box.put(Ordered{hold}) }

// Run drives the machine until ctx ends, and returns when the last probe has. What is held then stays held: ending it is
// the lanes' own shutdown. Call it once.
func (d *Driver) Run(ctx context.Context) {
	d.ctx = ctx
	defer d.calls.Wait()
	now := time.Now()
	d.perform(d.first, now)
	d.publish()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		d.fireDue()
		if _, at, ok := d.m.Next(); ok {
			timer.Reset(time.Until(at))
		} else {
			timer.Stop()
		}
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-d.box.wake:
			d.drain()
		}
	}
}

// fireDue hands the timers that have run out to the machine, earliest first. Bounded by the number of timers, so that
// the mailbox gets its turn even with intervals of nothing.
func (d *Driver) fireDue() {
	for range numTimers {
		t, at, ok := d.m.Next()
		if !ok || time.Now().Before(at) {
			return
		}
		d.step(Fired{t})
	}
}

func (d *Driver) drain() {
	items, missed := d.box.take()
	for _, in := range items {
		d.step(in)
	}
	if missed {
		d.log.Warn("Sentinel events were dropped, asking all anew", zap.Uint64("dropped", d.box.droppedEvents()))
		d.opts.AskSentinels()
	}
}

func (d *Driver) step(in Input) {
	now := time.Now()
	before := d.m
	next, actions := Step(before, in, now)
	d.m = next
	if before.state != next.state {
		d.since.Store(&now)
	}
	d.blame.hear(in)
	d.rec.input(&before, &next, in, now)
	d.perform(actions, now)
	d.publish()
}

// perform carries out the actions in their order.
func (d *Driver) perform(actions []Action, now time.Time) {
	for _, a := range actions {
		d.rec.action(a, &d.m, now)
		d.logAction(a)
		switch a.Kind {
		case ActHoldWrites:
			d.opts.Lanes.HoldWrites(a.Term)
		case ActHoldAll:
			d.opts.Lanes.HoldAll(a.Term)
		case ActAdopt:
			d.opts.Lanes.Adopt(a.Addr, a.Term, a.Epoch)
		case ActRelease:
			d.opts.Lanes.Release(a.Term)
			d.count(a.Term)
		case ActRefuse:
			d.opts.Lanes.Refuse(a.Refuse.Text())
			d.count(a.Term)
		case ActRefuseWrites:
			d.opts.Lanes.RefuseWrites(a.Refuse.Text())
			d.count(a.Term)
		case ActAsk:
			d.opts.AskSentinels()
		case ActProbe:
			d.probe(a.Addr, a.Number)
		case ActSeal:
			d.opts.Lanes.Seal(a.Term)
		case ActGenuine:
			d.opts.Lanes.Genuine(a.Term)
		case ActFence, ActLift, ActUnfence, ActCheck:
			d.guard.do(a)
		}
	}
}

// count asks for the figures of the hold that has just ended; they go into its report when they come, and with it into
// the log.
func (d *Driver) count(term uint64) {
	put := d.rec.expect()
	d.opts.Lanes.Counts(term, func(c SwitchCounts) { d.logSummary(put(c), &c) })
}

func (d *Driver) probe(addr string, number uint64) {
	d.calls.Add(1)
	go func() {
		defer d.calls.Done()
		ctx, cancel := context.WithTimeout(d.ctx, d.opts.ProbeTimeout)
		defer cancel()
		role, err := d.opts.Prober.Role(ctx, addr)
		d.box.put(Probed{Number: number, Addr: addr, Role: role, Err: err})
	}()
}

func (d *Driver) publish() {
	m := d.m
	d.shown.Store(&m)
}

func (d *Driver) logAction(a Action) {
	switch a.Kind {
	case ActEnter:
		d.log.Info("state", zap.Stringer("from", a.From), zap.Stringer("to", a.To), zap.Uint64("term", d.m.term))
	case ActHoldWrites, ActHoldAll:
		d.log.Warn("hold", zap.Bool("writes_only", a.Kind == ActHoldWrites), zap.Stringer("reason", a.Hold), zap.String("master", d.m.master))
	case ActAdopt:
		d.log.Info("adopt", zap.String("master", a.Addr), zap.Uint64("term", a.Term), zap.Uint64("epoch", a.Epoch), zap.Stringer("basis", a.Basis))
	case ActRelease:
		d.log.Info("release", zap.String("master", d.m.master), zap.Uint64("term", a.Term))
	case ActRefuse, ActRefuseWrites:
		d.log.Error("hold limit passed, refusing", zap.Bool("writes_only", a.Kind == ActRefuseWrites), zap.Stringer("reason", a.Refuse))
	case ActNote:
		if a.Bug {
			d.log.Error(a.Text)
			return
		}
		d.log.Warn(a.Text)
	case ActFence, ActLift, ActUnfence:
		d.log.Info("fence", zap.Stringer("action", a))
	case ActAsk, ActProbe, ActCheck, ActSeal, ActGenuine:
		d.log.Debug("ask", zap.Stringer("action", a))
	}
}

// logSummary tells what a hold has come to. From any goroutine.
func (d *Driver) logSummary(r Report, c *SwitchCounts) {
	what, took := "hold ended", r.DurationMS
	switch {
	case r.Open: // the limit has passed
		what, took = "hold given up", r.RefusedMS
	case r.Kind == ReportSwitch:
		what = "switch ended"
	}
	d.log.Info(what,
		zap.String("reason", r.Reason), zap.String("from", r.From), zap.String("to", r.To), zap.Float64("duration_ms", took),
		zap.Uint64("held", c.Held), zap.Uint64("released", c.Released), zap.Uint64("expired", c.Expired), zap.Uint64("lost", c.Lost),
		zap.Uint64("resent", c.Resent), zap.Uint64("unknown", c.Unknown), zap.Float64("hold_max_ms", c.HoldMax))
}

func (d *Driver) logFence(addr string, r FenceResult) {
	switch {
	case d.ctx.Err() != nil && r.Outcome == FenceLifted:
		d.log.Warn("the proxy ends while a failover is under way, and leaves its fence: see sentinelproxy switch --repair", zap.String("master", addr))
	case r.Outcome == FenceFailed, r.Outcome == FenceUnseen:
		d.log.Warn("fence", zap.String("master", addr), zap.Stringer("result", r))
	default:
		d.log.Info("fence", zap.String("master", addr), zap.Stringer("result", r))
	}
}
