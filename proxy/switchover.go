package proxy

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"sync"
	"time"

	"go.uber.org/zap"

	"sentinelproxy/proxy/admin"
	"sentinelproxy/proxy/migrate"
)

// switchovers are the planned switchovers that this process is asked for, one at a time.
type switchovers struct {
	ctx  context.Context // ends when no more are wanted: the one that runs is given up, if it still can be
	stop context.CancelFunc
	runs sync.WaitGroup

	mu struct {
		sync.Mutex
		last *switchover // nil: none yet
	}
}

// end lets no more begin, and gives up the one that runs, if it still can be.
func (s *switchovers) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stop()
}

// switchover is one of them. Its goroutine, which Switch starts, ends with it; run waits for that.
type switchover struct {
	began time.Time
	what  string // it is
	done  chan struct{}

	mu struct {
		sync.Mutex
		report migrate.Report
		err    error
	}
}

var _ admin.Switchover = (*switchover)(nil)

// Done is admin.Switchover's.
func (s *switchover) Done() <-chan struct{} { return s.done }

// Report is admin.Switchover's.
func (s *switchover) Report() any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mu.report
}

// Failed is admin.Switchover's.
func (s *switchover) Failed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mu.err != nil
}

func (s *switchover) tell(r migrate.Report, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.report, s.mu.err = r, err
}

func (s *switchover) over() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// Switch is admin.Source's.
func (p *Proxy) Switch(order admin.SwitchOrder) (admin.Switchover, *admin.Refusal) {
	o, refused := p.switchOptions(order)
	if refused != nil {
		return nil, refused
	}
	all := &p.switchovers
	all.mu.Lock()
	defer all.mu.Unlock()
	if last := all.mu.last; last != nil && !last.over() {
		return nil, &admin.Refusal{Code: http.StatusConflict, Text: fmt.Sprintf("one at a time: %s runs, begun at %s; GET /api/v1/switch tells how far it is",
			last.what, last.began.Format(time.RFC3339))}
	}
	if all.ctx.Err() != nil {
		return nil, &admin.Refusal{Code: http.StatusServiceUnavailable, Text: "the proxy is stopping"}
	}
	o.ID = rand.Text()
	s := &switchover{began: time.Now(), what: description(&o), done: make(chan struct{})}
	s.mu.report = o.Begun()
	o.Progress = func(r migrate.Report) { s.tell(r, nil) }
	all.mu.last = s
	log := p.log.With(zap.String("group", o.Master))
	log.Info("ordered: " + s.what)
	all.runs.Go(func() {
		defer close(s.done)
		r, err := migrate.Run(all.ctx, o)
		s.tell(r, err)
		log.Info("over: "+s.what, zap.String("outcome", r.Outcome), zap.Float64("held_ms", r.HeldMS), zap.Error(err))
	})
	return s, nil
}

// LastSwitch is admin.Source's.
func (p *Proxy) LastSwitch() admin.Switchover {
	p.switchovers.mu.Lock()
	defer p.switchovers.mu.Unlock()
	if p.switchovers.mu.last == nil {
		return nil // not a nil pointer in an interface
	}
	return p.switchovers.mu.last
}

// description names what is done, for the log and for who comes too early with the next one.
func description(o *migrate.Options) string {
	to := ""
	if o.To != "" {
		to = " to " + o.To
	}
	switch o.Order() {
	case migrate.OrderDryRun:
		return fmt.Sprintf("the dry run of a switchover of %q%s", o.Master, to)
	case migrate.OrderRehearse:
		return fmt.Sprintf("the rehearsal of a switchover of %q%s", o.Master, to)
	case migrate.OrderRepair:
		return fmt.Sprintf("the repair of %q", o.Master)
	}
	return fmt.Sprintf("the switchover of %q%s", o.Master, to)
}

// switchOptions joins what is ordered and what the proxy is configured with.
func (p *Proxy) switchOptions(order admin.SwitchOrder) (migrate.Options, *admin.Refusal) {
	var o migrate.Options
	for _, g := range p.groups {
		if order.Group != g.Name && (order.Group != "" || len(p.groups) > 1) {
			continue
		}
		o = migrate.Options{
			Master: g.Name, Sentinels: g.Sentinels, Token: p.cfg.AdminToken, Own: itself{p.admin},
			NodeAuth:     migrate.Credentials{Username: g.Username, Password: g.Password},
			SentinelAuth: migrate.Credentials{Username: g.SentinelUsername, Password: g.SentinelPassword},
			Admins:       order.Admins, To: order.To, WithoutFence: order.WithoutFence,
			DryRun: order.DryRun, Rehearse: order.Rehearse, Repair: order.Repair,
			Limits: migrate.DefaultLimits(),
		}
	}
	if o.Master == "" {
		return o, &admin.Refusal{Code: http.StatusNotFound, Text: fmt.Sprintf("group=%q is not one of the proxy's", order.Group)}
	}
	if order.HoldLimit != 0 {
		o.Limits.Hold = order.HoldLimit
	}
	if err := o.Check(); err != nil {
		return o, &admin.Refusal{Code: http.StatusBadRequest, Text: err.Error()}
	}
	return o, nil
}

// itself is this process among the proxies of a switchover.
type itself struct{ admin *admin.Server }

// Idle is migrate.Proxy's: there is one at a time, and this is it.
func (i itself) Idle(context.Context, string, string) error { return nil }

// Takes is migrate.Proxy's: who may ask this process for a switchover may have it hold.
func (i itself) Takes(context.Context, string) error { return nil }

// Hold is migrate.Proxy's.
func (i itself) Hold(ctx context.Context, group string, d time.Duration) error {
	_, err := i.admin.Order(ctx, group, d)
	return i.named(err)
}

// Release is migrate.Proxy's.
func (i itself) Release(ctx context.Context, group string) error { return i.Hold(ctx, group, 0) }

// Serves is migrate.Proxy's.
func (i itself) Serves(_ context.Context, group, master string) error {
	return i.named(i.admin.Serves(group, master))
}

func (i itself) named(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("this proxy: %w", err)
}
