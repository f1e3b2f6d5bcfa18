package migrate

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// catchUp waits until every replica that may be chosen has what the master has taken so far.
func (s *switchover) catchUp(ctx context.Context) error {
	has := s.hasLagOf
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
	limited, cancel := context.WithTimeout(ctx, s.o.Limits.CatchUp)
	defer cancel()
	for _, r := range s.candidates {
		for {
			err := has(limited, r)
			if err == nil {
				break
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if limited.Err() != nil {
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

// hasLagOf is for a Dragonfly as master, which has no offset that a replica's could be compared with. It tells how many changes
// each replica has not acknowledged, which they do once a second. nil: none.
func (s *switchover) hasLagOf(ctx context.Context, r *node) error {
	info, err := s.master.info(ctx)
	if err != nil {
		return err
	}
	for key, value := range info {
		if !strings.HasPrefix(key, "slave") {
			continue
		}
		one := map[string]string{}
		for _, field := range strings.Split(value, ",") {
			name, text, _ := strings.Cut(field, "=")
			one[name] = text
		}
		if net.JoinHostPort(one["ip"], one["port"]) != r.addr {
			continue
		}
		switch {
		case one["state"] != "online" && one["state"] != "stable_sync":
			return fmt.Errorf("the master has it as %q", one["state"])
		case one["lag"] != "0":
			return fmt.Errorf("it has not acknowledged %s changes", one["lag"])
		}
		return nil
	}
	return fmt.Errorf("the master does not know it as a replica")
}
