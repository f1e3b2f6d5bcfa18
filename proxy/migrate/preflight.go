package migrate

import (
	"context"
	"errors"
	"fmt"
)

// preflight finds the master and who may follow it, and whether everybody concerned is well. Nothing is changed.
func (s *switchover) preflight(ctx context.Context) error {
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
	s.say("%s is the master, and %d proxies serve from it", addr, len(s.o.Admins))
	return s.survey(ctx)
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
		switch {
		case why != "":
		case err != nil:
			why = err.Error()
		default:
			s.replicas = append(s.replicas, n)
			if err := behind(info, 0); err != nil {
				why = err.Error()
			}
		}
		switch {
		case s.o.To != "" && r.addr != s.o.To:
		case why == "" && (s.o.To != "" || original(r.priority) > 0):
			s.candidates = append(s.candidates, n)
			s.say("%s may follow it: %s", r.addr, engine(info))
		case why == "":
			reasons = append(reasons, fmt.Errorf("%s has priority 0", r.addr))
		default:
			reasons = append(reasons, fmt.Errorf("%s can't follow it: %s", r.addr, why))
		}
	}
	if len(s.candidates) == 0 {
		if s.o.To != "" && len(reasons) == 0 {
			return fmt.Errorf("--to %s: the Sentinels know no such replica", s.o.To)
		}
		return errors.Join(append(reasons, errors.New("no replica can be promoted"))...)
	}
	return nil
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
