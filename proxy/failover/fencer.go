package failover

import (
	"context"
	"errors"
	"time"
)

// Fences keeps writes from nodes, and looks whether somebody else does. Implemented by package proxy. Each call blocks, but
// returns soon after ctx has ended. Never two at a time about one node, but for Check.
type Fences interface {
	// Fence lets the master at f.Addr take no more writes, and watches whether the replicas get all that it has taken, until
	// one of them is adopted in its place, or ctx ends: then the fence is to come off.
	Fence(ctx context.Context, f Fencing) FenceResult
	// Lift takes a fence off.
	Lift(ctx context.Context, addr string) error
	// Unfence does so as soon as the node is no master any more.
	Unfence(ctx context.Context, addr string) error
	// Check says whether there is one.
	Check(ctx context.Context, addr string) (bool, error)
}

// Fencing is a fence that is ordered.
type Fencing struct {
	Addr string
	// Candidate is who is named to be the next master, "" while nobody is.
	Candidate func() string
	// Adopted gets the next master, once.
	Adopted <-chan string
	// Tell puts a line into the switch report.
	Tell func(text string)
}

// FenceResult is what can be said of a fence after the switch. The words are those of the metric.
type FenceResult struct {
	Outcome FenceOutcome
	Text    string // what could not be made sure of, "" with FenceConfirmed
}

// FenceOutcome is a closed list.
type FenceOutcome string

// What a fence has come to.
const (
	// FenceConfirmed: the former master took no more writes, and the next has everything that it had acknowledged.
	FenceConfirmed FenceOutcome = "confirmed"
	// FenceUnseen: it was fenced, and whether the next one has everything could not be seen.
	FenceUnseen FenceOutcome = "unseen"
	// FenceFailed: it was not fenced.
	FenceFailed FenceOutcome = "failed"
	// FenceLifted: there was no switch.
	FenceLifted FenceOutcome = "lifted"
)

// FenceOutcomes are all of them, for metrics.
func FenceOutcomes() []FenceOutcome {
	return []FenceOutcome{FenceConfirmed, FenceUnseen, FenceFailed, FenceLifted}
}

// String is the result in plain words.
func (r FenceResult) String() string {
	switch r.Outcome {
	case FenceUnseen:
		return "fenced, and the next master may lack some of what was acknowledged: " + r.Text
	case FenceFailed:
		return "not fenced: " + r.Text
	}
	return string(r.Outcome)
}

const (
	// unfenceLimit is how long a former master may take to come back and be demoted.
	unfenceLimit = 10 * time.Minute
	// concludeLimit is how long the fence of a former master may take to say what it has come to.
	concludeLimit = 3 * time.Second
	checkLimit    = time.Second
)

var errNoFences = errors.New("fences are none of ours")

// fencer carries out what is to be done about fences, for each node one after the other: what is taken back must not be
// overtaken. Owned by the driver's Run; each call is a goroutine of its own, which ends soon after the next one for the
// same node is ordered, or with Run.
type fencer struct {
	d         *Driver
	last      map[string]*fenceCall
	liftLimit time.Duration
}

// fenceCall is one call about a node.
type fenceCall struct {
	kind    ActionKind
	cancel  context.CancelFunc
	done    chan struct{}
	adopted chan string // of ActFence
	report  fenceReport // the same
}

func newFencer(d *Driver) *fencer {
	return &fencer{d: d, last: map[string]*fenceCall{}, liftLimit: d.m.cfg.Lift}
}

func (f *fencer) do(a Action) {
	switch {
	case a.Kind == ActCheck:
		f.check(a)
	case f.d.opts.Fences == nil:
		if a.Kind != ActFence {
			f.d.box.put(Lifted{Number: a.Number, Addr: a.Addr})
		}
	default:
		f.call(a)
	}
}

// call waits for what is under way about the node, after telling it to end.
func (f *fencer) call(a Action) {
	ctx, cancel := context.WithCancel(f.d.ctx)
	c := &fenceCall{kind: a.Kind, cancel: cancel, done: make(chan struct{}), adopted: make(chan string, 1)}
	before := f.last[a.Addr]
	f.last[a.Addr] = c
	if before != nil {
		before.end(a)
	}
	if a.Kind == ActFence {
		c.report = f.d.rec.fence(a.Addr)
	}
	f.d.calls.Add(1)
	go func() {
		defer f.d.calls.Done()
		defer close(c.done)
		defer cancel()
		if before != nil {
			<-before.done
		}
		f.carryOut(ctx, c, a)
	}()
}

// end: the next call is about to begin. One that lifts is not cut off, for then it would not be known what it has done.
func (c *fenceCall) end(next Action) {
	switch {
	case c.kind == ActLift:
	case c.kind == ActFence && next.Kind == ActUnfence:
		c.adopted <- next.Next
		time.AfterFunc(concludeLimit, c.cancel)
	default:
		c.cancel()
	}
}

func (f *fencer) carryOut(ctx context.Context, c *fenceCall, a Action) {
	fences := f.d.opts.Fences
	switch a.Kind {
	case ActFence:
		if ctx.Err() != nil {
			break // it came to nothing before it began
		}
		result := fences.Fence(ctx, Fencing{Addr: a.Addr, Candidate: f.d.candidate, Adopted: c.adopted, Tell: c.report.tell})
		c.report.end(result)
		f.d.logFence(a.Addr, result)
	case ActLift:
		ctx, cancel := context.WithTimeout(ctx, f.liftLimit)
		defer cancel()
		err := fences.Lift(ctx, a.Addr)
		f.d.box.put(Lifted{Number: a.Number, Addr: a.Addr, Err: err})
	case ActUnfence:
		ctx, cancel := context.WithTimeout(ctx, unfenceLimit)
		defer cancel()
		err := fences.Unfence(ctx, a.Addr)
		f.d.box.put(Lifted{Number: a.Number, Addr: a.Addr, Err: err})
	}
}

func (f *fencer) check(a Action) {
	if f.d.opts.Fences == nil {
		f.d.box.put(Checked{Number: a.Number, Addr: a.Addr, Err: errNoFences})
		return
	}
	f.d.calls.Add(1)
	go func() {
		defer f.d.calls.Done()
		ctx, cancel := context.WithTimeout(f.d.ctx, checkLimit)
		defer cancel()
		fenced, err := f.d.opts.Fences.Check(ctx, a.Addr)
		f.d.box.put(Checked{Number: a.Number, Addr: a.Addr, Fenced: fenced, Err: err})
	}()
}

// candidate is who is named to follow the master. From any goroutine.
func (d *Driver) candidate() string {
	if next := d.shown.Load().candidates(); len(next) > 0 {
		return next[0]
	}
	return ""
}
