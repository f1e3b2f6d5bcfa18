package migrate

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// switchover is one that is being carried out.
type switchover struct {
	o         Options
	began     time.Time
	report    Report
	sentinels sentinels
	proxies   proxies
	nodes     map[string]*node

	master     *node
	dragonfly  bool    // the master is one
	leftover   bool    // it is fenced by a switchover that was killed
	answer     []*node // replicas that do
	replicas   []*node // of them: that are up by the Sentinels' word
	candidates []*node // that may be chosen
	prefers    bool    // priorities have to be changed for --to

	fenced     fence
	priorities []priority // changed ones
	held       time.Time  // when the proxies were told
}

func newSwitchover(o Options) *switchover {
	s := &switchover{o: o, began: time.Now(), nodes: map[string]*node{}, report: o.Begun()}
	s.report.Outcome = Aborted
	s.sentinels.group = o.Master
	for _, addr := range o.Sentinels {
		s.sentinels.all = append(s.sentinels.all, connect(addr, o.SentinelAuth))
	}
	s.proxies = newProxies(&o)
	return s
}

func (s *switchover) close() {
	for _, c := range s.sentinels.all {
		c.Close()
	}
	for _, n := range s.nodes {
		n.close()
	}
}

func (s *switchover) node(addr string) *node {
	if s.nodes[addr] == nil {
		s.nodes[addr] = newNode(addr, s.o.NodeAuth)
	}
	return s.nodes[addr]
}

// check does everything that can be done without changing anything.
func (s *switchover) check(ctx context.Context) error {
	if err := s.preflight(ctx); err != nil {
		return err
	}
	s.report.Outcome = Checked
	return nil
}

// rehearse only holds writes, so that users find the clients whose timeouts are too short.
func (s *switchover) rehearse(ctx context.Context) error {
	if err := s.preflight(ctx); err != nil {
		return err
	}
	if err := s.hold(ctx); err != nil {
		return errors.Join(err, s.undo())
	}
	select {
	case <-ctx.Done():
	case <-time.After(s.o.Rehearse): // from when the last one has begun
	}
	if err := s.undo(); err != nil {
		return err
	}
	s.report.HeldMS = float64(time.Since(s.held).Microseconds()) / 1000
	if ctx.Err() == nil {
		s.report.Outcome = Rehearsed
	}
	return ctx.Err()
}

// change is the switchover itself.
func (s *switchover) change(ctx context.Context) error {
	for _, step := range []func(context.Context) error{s.preflight, s.prefer, s.hold, s.fence, s.failover} {
		if err := step(ctx); err != nil {
			s.say("given up: %v", &oneLine{err})
			return errors.Join(err, s.undo())
		}
	}
	s.report.Outcome = InDoubt
	return errors.Join(s.follow(), s.afterwards())
}

func (s *switchover) failover(ctx context.Context) error {
	if held := time.Since(s.held); held > s.o.Limits.Hold {
		return fmt.Errorf("it has taken %s until the failover could begin, longer than %s %s: the proxies do not hold any more",
			held.Round(time.Millisecond), s.o.name("hold-limit"), s.o.Limits.Hold)
	}
	by, sure, err := s.sentinels.failover(ctx)
	if err != nil {
		return err
	}
	if !sure {
		s.say("Sentinel %s has not answered whether it begins the failover", by)
		return nil
	}
	s.say("Sentinel %s has begun the failover", by)
	return nil
}

// hold has the proxies hold writes.
func (s *switchover) hold(ctx context.Context) error {
	s.held = time.Now()
	ctx, cancel := context.WithTimeout(ctx, s.o.Limits.Hold) // after that the first may have released again
	defer cancel()
	if err := s.proxies.hold(ctx, s.o.Limits.Hold); err != nil {
		return err
	}
	s.say("writes are held by all proxies, and none is in flight")
	return nil
}

// follow waits for the new master. From here on nothing can be taken back, so it is not ended from outside.
func (s *switchover) follow() error {
	ctx := context.Background()
	var next *node
	err := s.until(ctx, s.o.Limits.Promotion, "a replica is promoted", func(ctx context.Context) error {
		for _, c := range s.replicas {
			if role, err := c.role(ctx); err == nil && role == "master" {
				next = c
				return nil
			}
		}
		return errors.New("none says that it is a master")
	})
	if err != nil {
		return err
	}
	s.report.To = next.addr
	s.say("%s is the master", next.addr)
	if s.o.To != "" && next.addr != s.o.To {
		s.report.Unsure = append(s.report.Unsure, fmt.Sprintf("the Sentinels have chosen %s, not %s: whether it had every write was not checked", next.addr, s.o.To))
	}
	err = s.until(ctx, s.o.Limits.Serve, "all proxies serve from it", func(ctx context.Context) error { return s.proxies.serve(ctx, next.addr) })
	if err != nil {
		return err
	}
	s.report.HeldMS = float64(time.Since(s.held).Microseconds()) / 1000
	s.report.Outcome = Switched
	s.say("all proxies serve from it, %.0f ms after they began to hold", s.report.HeldMS)
	return nil
}

// afterwards puts back what was set: on the old master only when it can't take a write any more.
func (s *switchover) afterwards() error {
	ctx := context.Background()
	if s.report.To == "" {
		// Nobody was promoted. If that comes later, the proxies follow it; others would write to the old master.
		s.report.Unsure = append(s.report.Unsure, "the failover that was begun may still promote a replica")
		return s.undo()
	}
	if err := s.demoted(ctx, s.master); err != nil {
		if s.fenced.set {
			err = fmt.Errorf("%w; the fence is left on %s: take it off with %s", err, s.master.addr, s.o.name("repair"))
		}
		return err
	}
	s.say("%s is a replica now", s.master.addr)
	return errors.Join(s.fenced.lift(ctx), s.putBack(ctx))
}

// undo puts everything back, in the opposite order; also when the operator has given up.
func (s *switchover) undo() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*callTimeout)
	defer cancel()
	err := s.fenced.lift(ctx)
	if !s.held.IsZero() {
		err = errors.Join(err, s.proxies.release(ctx))
	}
	err = errors.Join(err, s.putBack(ctx))
	if err == nil {
		s.say("everything is as it was")
	}
	return err
}

// repair puts back what a switchover has left that could not end, on every node that the Sentinels know.
func (s *switchover) repair(ctx context.Context) error {
	// Its settings would be put back before their time. A proxy that does not answer, or is another one, is told of at the end.
	if err := s.proxies.idle(ctx, s.o.ID); errors.Is(err, errUnderWay) {
		return err
	}
	addr, busy, err := s.sentinels.master(ctx)
	switch {
	case err != nil:
		return err
	case busy:
		return fmt.Errorf("a failover of %q is under way", s.o.Master)
	}
	list, err := s.listed(ctx)
	if err != nil {
		return err
	}
	errs := []error{s.proxies.release(ctx)}
	for _, r := range append([]replica{{addr: addr}}, list...) {
		n := s.node(r.addr)
		if _, err := n.role(ctx); err != nil {
			s.say("%s is left alone: %v", r.addr, err)
			continue
		}
		if r.addr != addr {
			// A former master that is not demoted yet must not take writes again.
			if err := s.demoted(ctx, n); err != nil {
				errs = append(errs, err)
				continue
			}
		}
		errs = append(errs, s.mend(ctx, n))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	s.say("nothing is left of a switchover")
	s.report.Outcome = Repaired
	return nil
}

// demoted waits until a node says that it is no master.
func (s *switchover) demoted(ctx context.Context, n *node) error {
	return s.until(ctx, s.o.Limits.Demotion, n.addr+" is a replica", func(ctx context.Context) error {
		role, err := n.role(ctx)
		if err == nil && role == "master" {
			err = errors.New("it still calls itself master")
		}
		return err
	})
}

// mend is repair of one node.
func (s *switchover) mend(ctx context.Context, n *node) error {
	set, err := Lift(ctx, n.addr, s.o.NodeAuth)
	if err != nil {
		return err
	}
	if set != "" {
		s.say("%s: %s again", n.addr, set)
	}
	name, value, ok, err := n.number(ctx, priorityNames...)
	if err != nil {
		return err
	}
	if before := original(value); ok && before != value {
		s.priorities = []priority{{n, name, before}}
		if err := s.putBack(ctx); err != nil {
			return err
		}
		s.say("%s: %s is %d again", n.addr, name, before)
	}
	return nil
}
