package migrate

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// marker is what is added to a setting while it is not the user's. No master has so many replicas, and no priority that
// anybody has set is as bad.
const marker = 1_000_000

// neverMarker stands for a priority of 0, never to be promoted: better than any that was made worse by the marker.
const neverMarker = marker - 1

const (
	minReplicas = "min-replicas-to-write"
	maxLag      = "min-replicas-max-lag"
)

// fence is what was done to the old master.
type fence struct {
	master *node
	before int  // min-replicas-to-write
	set    bool // min-replicas-to-write
	paused bool
}

// fence lets the master take no more writes, and waits until the replicas have all that it has taken. First by a pause,
// in which other clients wait; when the replicas have everything, by min-replicas-to-write, which refuses: a pause would keep
// Sentinel's own PUBLISH waiting, and the Sentinels would take the master for dead.
func (s *switchover) fence(ctx context.Context) error {
	f := &s.fenced
	f.master = s.master
	if _, lag, ok, err := s.master.number(ctx, maxLag); err != nil {
		return err
	} else if ok && lag == 0 {
		return fmt.Errorf("%s: %s is 0, which turns %s off: the master can't be fenced", s.master.addr, maxLag, minReplicas)
	}
	name, before, ok, err := s.master.number(ctx, minReplicas)
	switch {
	case err != nil:
		return err
	case !ok:
		return fmt.Errorf("%s has no %s: it can't be fenced", s.master.addr, minReplicas)
	}
	f.before = before % marker // else of one that was not put back
	f.paused = true
	if err := s.master.do(ctx, "CLIENT", "PAUSE", int(s.o.Limits.CatchUp.Milliseconds())+1000, "WRITE"); err != nil {
		return err
	}
	if err := s.catchUp(ctx); err != nil {
		return err
	}
	f.set = true
	if err := s.master.set(ctx, name, f.before+marker); err != nil {
		return err
	}
	return f.unpause(ctx)
}

func (f *fence) unpause(ctx context.Context) error {
	if !f.paused {
		return nil
	}
	f.paused = false
	return f.master.do(ctx, "CLIENT", "UNPAUSE")
}

// catchUp waits until every replica that may be chosen has the master's offset.
func (s *switchover) catchUp(ctx context.Context) error {
	info, err := s.master.info(ctx)
	if err != nil {
		return err
	}
	offset, err := strconv.ParseInt(info["master_repl_offset"], 10, 64)
	if err != nil {
		return fmt.Errorf("%s does not tell its master_repl_offset", s.master.addr)
	}
	ctx, cancel := context.WithTimeout(ctx, s.o.Limits.CatchUp)
	defer cancel()
	for _, r := range s.candidates {
		for {
			info, err := r.info(ctx)
			if err == nil {
				if err = behind(info, offset); err == nil {
					break
				}
			}
			if ctx.Err() != nil {
				return fmt.Errorf("%s has not caught up within %s: %w", r.addr, s.o.Limits.CatchUp, err)
			}
			time.Sleep(time.Millisecond)
		}
		s.say("%s has the master's offset, %d", r.addr, offset)
	}
	return nil
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

// Lift takes the fence off a master that a switchover has left there, and says what was set; "" if there was none.
func Lift(ctx context.Context, addr string, c Credentials) (string, error) {
	n := &node{addr, connect(addr, c)}
	defer n.client.Close()
	name, value, ok, err := n.number(ctx, minReplicas)
	if err != nil || !ok || value < marker {
		return "", err
	}
	f := fence{master: n, before: value % marker, set: true, paused: true}
	return fmt.Sprintf("%s %d", name, f.before), f.lift(ctx)
}

// lift puts back what fence has set.
func (f *fence) lift(ctx context.Context) error {
	if f.master == nil {
		return nil
	}
	if f.set {
		if err := f.master.set(ctx, minReplicas, f.before); err != nil {
			return err
		}
		f.set = false
		// The demotion has written it into the file. Without a file there is nothing to mend.
		_ = f.master.do(ctx, "CONFIG", "REWRITE")
	}
	return f.unpause(ctx)
}
