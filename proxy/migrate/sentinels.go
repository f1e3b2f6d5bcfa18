package migrate

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// sentinels are those that the user has named.
type sentinels struct {
	group string
	all   []*redis.Client
}

// opinion is what one says of the master.
type opinion struct {
	addr  string // of the master
	flags string
	known int // Sentinels, itself included
}

func fieldsOf(reply any) map[string]string {
	list, _ := reply.([]any)
	fields := map[string]string{}
	for i := 0; i+1 < len(list); i += 2 {
		fields[fmt.Sprint(list[i])] = fmt.Sprint(list[i+1])
	}
	return fields
}

func (s *sentinels) ask(ctx context.Context, c *redis.Client) (opinion, error) {
	reply, err := c.Do(ctx, "SENTINEL", "MASTER", s.group).Result()
	if err != nil {
		return opinion{}, fmt.Errorf("sentinel %s: %w", c.Options().Addr, err)
	}
	f := fieldsOf(reply)
	others, _ := strconv.Atoi(f["num-other-sentinels"])
	return opinion{net.JoinHostPort(f["ip"], f["port"]), f["flags"], others + 1}, nil
}

// master is the one that more than half of the Sentinels name; busy says that a failover is under way.
func (s *sentinels) master(ctx context.Context) (addr string, busy bool, err error) {
	votes := map[string]int{}
	known := len(s.all)
	var errs []error
	for _, c := range s.all {
		o, err := s.ask(ctx, c)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		votes[o.addr]++
		known = max(known, o.known)
		busy = busy || strings.Contains(o.flags, "failover_in_progress")
	}
	for addr, n := range votes {
		if n > known/2 {
			return addr, busy, nil
		}
	}
	var named []string
	for addr, n := range votes {
		named = append(named, fmt.Sprintf("%s by %d", addr, n))
	}
	slices.Sort(named)
	if named == nil {
		named = []string{"none by any"}
	}
	return "", busy, errors.Join(append(errs, fmt.Errorf("no majority of the %d Sentinels names a master of %q; of the %d that were asked: %s",
		known, s.group, len(s.all), strings.Join(named, ", ")))...)
}

// replica is one that a Sentinel lists.
type replica struct {
	addr     string
	priority int
	down     string // why it can't be chosen, "" if it can
}

func (s *sentinels) replicas(ctx context.Context, c *redis.Client) ([]replica, error) {
	reply, err := c.Do(ctx, "SENTINEL", "REPLICAS", s.group).Slice()
	if err != nil {
		return nil, fmt.Errorf("sentinel %s: %w", c.Options().Addr, err)
	}
	var list []replica
	for _, r := range reply {
		f := fieldsOf(r)
		p, _ := strconv.Atoi(f["slave-priority"])
		one := replica{addr: net.JoinHostPort(f["ip"], f["port"]), priority: p}
		if f["flags"] != "slave" {
			one.down = "a Sentinel has it as " + f["flags"]
		}
		list = append(list, one)
	}
	return list, nil
}

// know says whether every Sentinel has heard of these priorities.
func (s *sentinels) know(ctx context.Context, priorities map[string]int) error {
	for _, c := range s.all {
		list, err := s.replicas(ctx, c)
		if err != nil {
			return err
		}
		for _, r := range list {
			if want, ok := priorities[r.addr]; ok && r.priority != want {
				return fmt.Errorf("sentinel %s has %d for %s, which has %d", c.Options().Addr, r.priority, r.addr, want)
			}
		}
	}
	return nil
}

// mayFailover says whether none of them lets the user begin a failover. It is asked about a master without a name, which there is not.
func (s *sentinels) mayFailover(ctx context.Context) error {
	var errs []error
	for _, c := range s.all {
		err := c.Do(ctx, "SENTINEL", "FAILOVER", "").Err()
		if !redis.HasErrorPrefix(err, "NOPERM") {
			return nil
		}
		errs = append(errs, fmt.Errorf("sentinel %s: %w", c.Options().Addr, err))
	}
	return errors.Join(errs...)
}

// failover has the first Sentinel that will begin one. When that is not sure its answer was lost, and it may have begun one: another is not asked
// then, for it would promote another replica.
func (s *sentinels) failover(ctx context.Context) (by string, sure bool, err error) {
	var errs []error
	for _, c := range s.all {
		_, err := s.ask(ctx, c) // most that won't answer are found by a question that does no harm
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		err = c.Do(ctx, "SENTINEL", "FAILOVER", s.group).Err()
		if refused := redis.Error(nil); !errors.As(err, &refused) {
			return c.Options().Addr, err == nil, nil
		}
		errs = append(errs, fmt.Errorf("sentinel %s: %w", c.Options().Addr, err))
	}
	return "", false, errors.Join(errs...)
}
