package migrate

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// catchUp waits until every replica that may be chosen has what the master has taken so far.
func (s *switchover) catchUp(ctx context.Context) error {
	has := s.acknowledgedBy
	if !s.dragonfly {
		info, err := s.master.info(ctx)
		if err != nil {
			return err
		}
		offset, err := offsetOf(s.master, info)
		if err != nil {
			return err
		}
		has = func(ctx context.Context, r *node) error {
			info, err := r.info(ctx)
			if err != nil {
				return err
			}
			return behind(info, offset)
		}
	}
	deadline := time.Now().Add(s.o.Limits.CatchUp)
	for _, r := range s.candidates {
		for {
			err := has(ctx, r) // without the deadline: the answer says more than that it came too late
			if err == nil {
				break
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if time.Now().After(deadline) {
				return fmt.Errorf("%s has not caught up within %s: %w", r.addr, s.o.Limits.CatchUp, err)
			}
			time.Sleep(time.Millisecond)
		}
		s.say("%s has what the master has", r.addr)
	}
	return nil
}

func offsetOf(master *node, info map[string]string) (int64, error) {
	offset, err := strconv.ParseInt(info["master_repl_offset"], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s does not tell its master_repl_offset", master.addr)
	}
	return offset, nil
}

// behind says why a replica does not have everything up to offset; nil: it has.
func behind(info map[string]string, offset int64) error {
	has, err := strconv.ParseInt(info["slave_repl_offset"], 10, 64)
	switch {
	case info["master_link_status"] != "up":
		return fmt.Errorf("its link to the master is %q", info["master_link_status"])
	case info["master_sync_in_progress"] == "1":
		return fmt.Errorf("it is loading the data set")
	case err != nil:
		return fmt.Errorf("it tells no offset: it is not in sync") // Dragonfly, until it is
	case has < offset:
		return fmt.Errorf("it is at offset %d of %d", has, offset)
	}
	return nil
}

// acknowledgedBy is for a Dragonfly as master, which has no offset that a replica's could be compared with. nil: r has everything.
func (s *switchover) acknowledgedBy(ctx context.Context, r *node) error {
	info, err := s.master.info(ctx)
	if err != nil {
		return err
	}
	return unacknowledged(info, r.addr)
}

// unacknowledged says why a replica of a Dragonfly does not have everything, by what its master tells: how many changes it has not
// acknowledged, which it does once a second. nil: none.
func unacknowledged(info map[string]string, addr string) error {
	for key, value := range info {
		if !strings.HasPrefix(key, "slave") {
			continue
		}
		one := map[string]string{}
		for field := range strings.SplitSeq(value, ",") {
			name, text, _ := strings.Cut(field, "=")
			one[name] = text
		}
		switch {
		case net.JoinHostPort(one["ip"], one["port"]) != addr:
			continue
		case one["state"] != "online" && one["state"] != "stable_sync":
			return fmt.Errorf("the master has it as %q", one["state"])
		case one["lag"] != "0":
			return fmt.Errorf("it has not acknowledged %s changes", one["lag"])
		}
		return nil
	}
	return errors.New("the master does not know it as a replica")
}
