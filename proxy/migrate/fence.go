package migrate

import (
	"context"
	"fmt"
)

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
	if s.o.WithoutFence {
		return s.catchUp(ctx)
	}
	name, before, err := s.fenceable(ctx) // it may have changed since the preflight
	switch {
	case err != nil:
		return err
	case before >= marker && !s.leftover:
		// Not ours: to take it off on the way out would let in writes that the other one loses.
		return fmt.Errorf("%s: another switchover has fenced it meanwhile", s.master.addr)
	}
	f := &s.fenced
	f.master = s.master
	f.before = before % marker // else of one that was not put back
	f.paused = true
	stop, err := s.pausing(ctx)
	defer stop()
	if err != nil {
		return err
	}
	if err := s.catchUp(ctx); err != nil {
		return err
	}
	f.set = true
	if err := s.master.set(ctx, name, f.before+marker); err != nil {
		return err
	}
	stop()
	if err := f.unpause(ctx); err != nil {
		return err
	}
	s.say("%s takes no more writes", s.master.addr)
	return s.catchUp(ctx) // nothing comes any more, so it is all
}

// fenceable reads the setting by which the master is fenced: its name, and its value, which bears the mark if it is fenced already. The
// error says why it can't be fenced, or that this can't be told.
func (s *switchover) fenceable(ctx context.Context) (name string, value int, err error) {
	name, value, why, err := s.master.fenceable(ctx)
	if err != nil || why == "" {
		return name, value, err
	}
	if s.dragonfly {
		why = "it is a Dragonfly, which has no " + minReplicas
	}
	return "", 0, fmt.Errorf("%s can't be fenced: %s; with %s it is switched all the same, and what clients write to it past the proxies is lost",
		s.master.addr, why, s.o.name("without-fence"))
}

// fenceable is the same for any node; why says why it can't be fenced, "": it can.
func (n *node) fenceable(ctx context.Context) (name string, value int, why string, err error) {
	_, lag, ok, err := n.number(ctx, maxLag)
	switch {
	case err != nil:
		return "", 0, "", err
	case ok && lag == 0:
		return "", 0, fmt.Sprintf("its %s is 0, which turns %s off", maxLag, minReplicas), nil
	}
	name, value, ok, err = n.number(ctx, minReplicas)
	if err == nil && !ok {
		why = "it has no " + minReplicas
	}
	return name, value, why, err
}

func (f *fence) unpause(ctx context.Context) error {
	if !f.paused {
		return nil
	}
	f.paused = false
	return f.master.do(ctx, "CLIENT", "UNPAUSE")
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
