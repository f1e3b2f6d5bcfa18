package migrate

import (
	"context"
	"fmt"
	"time"
)

// Priorities as Redis and Dragonfly call them.
var priorityNames = []string{"replica-priority", "replica_priority"}

// priority is one that was changed.
type priority struct {
	node   *node
	name   string
	before int
}

// prefer makes the Sentinels choose the node of --to: they take the one with the lowest priority that is not 0.
func (s *switchover) prefer(ctx context.Context) error {
	if s.o.To == "" {
		return nil
	}
	want := map[string]int{}
	for _, r := range s.replicas {
		name, is, ok, err := r.number(ctx, priorityNames...)
		if err != nil {
			return err
		}
		if !ok {
			return fmt.Errorf("%s has no %s", r.addr, priorityNames[0])
		}
		p := original(is)
		to := p
		switch chosen := r.addr == s.o.To; {
		case chosen && p == 0:
			to = neverMarker
		case !chosen && p != 0 && len(s.replicas) > 1:
			to = p + marker
		}
		if to == p && to == is {
			continue
		}
		s.priorities = append(s.priorities, priority{r, name, p})
		if to != is { // else one that was killed has set it
			if err := r.set(ctx, name, to); err != nil {
				return err
			}
		}
		want[r.addr] = to
	}
	if len(want) == 0 {
		return nil
	}
	s.say("waiting until the Sentinels know the priorities, which they ask for every 10 s")
	return s.until(ctx, s.o.Limits.Priorities, "the Sentinels know the priorities", func(ctx context.Context) error {
		return s.sentinels.know(ctx, want)
	})
}

// putBack gives the nodes their priorities again.
func (s *switchover) putBack(ctx context.Context) error {
	for len(s.priorities) > 0 {
		p := s.priorities[0]
		if err := p.node.set(ctx, p.name, p.before); err != nil {
			return err
		}
		_ = p.node.do(ctx, "CONFIG", "REWRITE") // a change of role may have written it into the file
		s.priorities = s.priorities[1:]
	}
	return nil
}

// until repeats check every so often.
func (s *switchover) until(ctx context.Context, limit time.Duration, what string, check func(context.Context) error) error {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var last error
	for {
		err := check(limited)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err() // told to end
		case limited.Err() == nil:
			last = err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-limited.Done():
			return fmt.Errorf("after %s: not yet: %s: %w", limit, what, last)
		case <-time.After(5 * time.Millisecond):
		}
	}
}
