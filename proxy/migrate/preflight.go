package migrate

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// preflight finds the master and who may follow it, and whether everybody concerned is well. Nothing is changed.
func (s *switchover) preflight(ctx context.Context) error {
	if err := s.proxies.idle(ctx, s.o.ID); err != nil {
		return err
	}
	addr, busy, err := s.sentinels.master(ctx)
	switch {
	case err != nil:
		return err
	case busy:
		return fmt.Errorf("a failover of %q is under way", s.o.Master)
	}
	s.master = s.node(addr)
	s.report.From = addr
	if role, err := s.master.role(ctx); err != nil {
		return err
	} else if role != "master" {
		return fmt.Errorf("%s, which the Sentinels name, says that it is a %s", addr, role)
	}
	if err := s.proxies.serve(ctx, addr); err != nil {
		return err
	}
	if err := s.proxies.take(ctx); err != nil {
		return err
	}
	s.say("%s is the master, and all proxies, %d, serve from it", addr, len(s.proxies.all))
	info, err := s.master.info(ctx)
	if err != nil {
		return err
	}
	s.dragonfly = info["dragonfly_version"] != ""
	for _, look := range []func(context.Context) error{s.survey, s.marks, s.willFence, s.rights} {
		if err := look(ctx); err != nil {
			return err
		}
	}
	if s.dragonfly {
		return nil // it may never say that nothing is under way, as long as clients write
	}
	// One that is far behind has to be noticed before anybody waits for it.
	return s.catchUp(ctx)
}

// willFence says whether the old master can be fenced, or need not be.
func (s *switchover) willFence(ctx context.Context) error {
	if !s.o.WithoutFence {
		_, value, err := s.fenceable(ctx)
		s.leftover = value >= marker
		return err
	}
	s.report.Unsure = append(s.report.Unsure,
		fmt.Sprintf("%s is not fenced: what clients write to it past the proxies, until it is a replica, is lost", s.master.addr))
	return nil
}

// rights says what the user may not do that a later step needs, as far as that can be told beforehand.
func (s *switchover) rights(ctx context.Context) error {
	var errs []error
	if !s.o.WithoutFence {
		errs = append(errs, s.master.may(ctx, []any{"CONFIG", "SET", minReplicas, 0}, []any{"CONFIG", "REWRITE"},
			[]any{"CLIENT", "PAUSE", 1, "WRITE"}, []any{"CLIENT", "UNPAUSE"}))
	}
	for _, r := range s.replicas {
		needs := [][]any{{"ROLE"}}
		if s.o.To != "" {
			needs = append(needs, []any{"CONFIG", "GET", priorityNames[0]}, []any{"CONFIG", "SET", priorityNames[0], 100}, []any{"CONFIG", "REWRITE"})
		}
		errs = append(errs, r.may(ctx, needs...))
	}
	if s.prefers && s.o.DryRun { // it would be waited for all of them to know
		if err := s.sentinels.know(ctx, nil); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", s.o.name("to"), err))
		}
	}
	return errors.Join(append(errs, s.sentinels.mayFailover(ctx))...)
}

// survey looks at the replicas.
func (s *switchover) survey(ctx context.Context) error {
	list, err := s.listed(ctx)
	if err != nil {
		return err
	}
	var reasons []error
	for _, r := range list {
		n := s.node(r.addr)
		why := r.down
		info, err := n.info(ctx)
		if err == nil {
			s.answer = append(s.answer, n)
		}
		switch {
		case err == nil && s.dragonfly && info["dragonfly_version"] == "":
			why = "Redis can't follow Dragonfly"
		case why != "":
		case err != nil:
			why = err.Error()
		default:
			s.replicas = append(s.replicas, n)
			chosen, never := r.addr == s.o.To, original(r.priority) == 0
			s.prefers = s.prefers || s.o.To != "" && chosen == never
			if err := behind(info, 0); err != nil {
				why = err.Error()
			}
		}
		switch {
		case s.o.To != "" && r.addr != s.o.To:
		case why == "" && (s.o.To != "" || original(r.priority) > 0):
			s.candidates = append(s.candidates, n)
			s.say("%s may follow it: %s", r.addr, engine(info))
		default:
			if why == "" {
				why = "its priority is 0, never to be promoted"
			}
			reasons = append(reasons, fmt.Errorf("%s can't follow it: %s", r.addr, why))
		}
	}
	for _, why := range reasons {
		if len(s.candidates) > 0 { // else they are the error
			s.say("%v", why)
		}
	}
	if len(s.candidates) == 0 {
		if s.o.To != "" && len(reasons) == 0 {
			return s.unknown(list)
		}
		return errors.Join(append(reasons, errors.New("no replica can be promoted"))...)
	}
	return nil
}

// unknown is the error for an address of --to that is none of the replicas.
func (s *switchover) unknown(list []replica) error {
	if s.o.To == s.master.addr {
		return fmt.Errorf("%s %s: it is the master already", s.o.name("to"), s.o.To)
	}
	var known []string
	for _, r := range list {
		known = append(known, r.addr)
	}
	return fmt.Errorf("%s %s: the Sentinels know no such replica; those that they know: %s", s.o.name("to"), s.o.To, strings.Join(known, ", "))
}

// listed is the replicas, from the first Sentinel that answers.
func (s *switchover) listed(ctx context.Context) (list []replica, err error) {
	for _, c := range s.sentinels.all {
		if list, err = s.sentinels.replicas(ctx, c); err == nil {
			return list, nil
		}
	}
	return nil, err
}

func engine(info map[string]string) string {
	if v := info["dragonfly_version"]; v != "" {
		return "Dragonfly " + v
	}
	return "Redis " + info["redis_version"]
}
