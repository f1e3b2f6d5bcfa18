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
	name, before, err := s.master.fenceable(ctx)
	if err != nil {
		return err
	}
	f.before = before
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

// fenceable reads the setting by which the master is fenced: its name, and the user's value of it.
func (n *node) fenceable(ctx context.Context) (name string, before int, err error) {
	if _, lag, ok, err := n.number(ctx, maxLag); err != nil {
		return "", 0, err
	} else if ok && lag == 0 {
		return "", 0, fmt.Errorf("%s: %s is 0, which turns %s off: the master can't be fenced", n.addr, maxLag, minReplicas)
	}
	name, value, ok, err := n.number(ctx, minReplicas)
	switch {
	case err != nil:
		return "", 0, err
	case !ok:
		return "", 0, fmt.Errorf("%s has no %s: it can't be fenced", n.addr, minReplicas)
	}
	return name, value % marker, nil // of one that was not put back, what was there before
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
	offset, err := offsetOf(s.master, info)
	if err != nil {
		return err
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

// Lift takes the fence off a master that a switchover has left there, and says what was set; "" if there was none.
func Lift(ctx context.Context, addr string, c Credentials) (string, error) {
	n := newNode(addr, c)
	defer n.close()
	name, value, ok, err := n.number(ctx, minReplicas)
	if err != nil || !ok || value < marker {
		return "", err
	}
	f := fence{master: n, before: value % marker, set: true}
	if err := f.lift(ctx); err != nil {
		return "", err
	}
	_ = n.do(ctx, "CLIENT", "UNPAUSE") // a pause of a switchover that has died ends by itself, too
	return fmt.Sprintf("%s %d", name, f.before), nil
}

// Fenced says whether there is one on a node.
func Fenced(ctx context.Context, addr string, c Credentials) (bool, error) {
	n := newNode(addr, c)
	defer n.close()
	_, value, ok, err := n.number(ctx, minReplicas)
	return ok && value >= marker, err
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
