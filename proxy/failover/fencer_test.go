package failover

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// walls is Fences that notes what is called, and how each call ends. It checks that no two calls about a node overlap.
type walls struct {
	r    *rig
	slow time.Duration // that putting a fence on takes, whatever becomes of ctx
	mu   struct {
		sync.Mutex
		calls  []string
		busy   map[string]bool
		fenced map[string]bool
	}
}

func newWalls(r *rig) *walls {
	w := &walls{r: r}
	w.mu.busy, w.mu.fenced = map[string]bool{}, map[string]bool{}
	return w
}

func (w *walls) begin(what, addr string) (end func(how string)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.mu.busy[addr] {
		w.r.t.Errorf("%s %s while another call is about it", what, addr)
	}
	w.mu.busy[addr] = true
	return func(how string) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.mu.busy[addr] = false
		w.mu.fenced[addr] = what == "fence"
		w.mu.calls = append(w.mu.calls, what+" "+addr+": "+how)
		w.r.order("%s %s", what, addr)
	}
}

func (w *walls) Fence(ctx context.Context, f Fencing) FenceResult {
	end := w.begin("fence", f.Addr)
	time.Sleep(w.slow)
	f.Tell("is fenced")
	select {
	case <-ctx.Done():
		end("lifted")
		return FenceResult{Outcome: FenceLifted}
	case next := <-f.Adopted:
		time.Sleep(100 * time.Millisecond)
		end("confirmed at " + next + ", candidate " + f.Candidate())
		return FenceResult{Outcome: FenceConfirmed}
	}
}

func (w *walls) Lift(_ context.Context, addr string) error {
	end := w.begin("lift", addr)
	time.Sleep(10 * time.Millisecond)
	end("done")
	return nil
}

func (w *walls) Unfence(ctx context.Context, addr string) error {
	end := w.begin("unfence", addr)
	select {
	case <-ctx.Done():
		end("given up")
		return ctx.Err()
	case <-time.After(10 * time.Second):
		end("done")
		return nil
	}
}

func (w *walls) Check(context.Context, string) (bool, error) { return false, errors.New("no") }

func (w *walls) told() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	defer func() { w.mu.calls = nil }()
	return strings.Join(w.mu.calls, "; ")
}

func fencing(t *testing.T) (*rig, *walls) {
	var w *walls
	r := newRig(t, func(o *Options) { o.Config.Fence = true })
	w = newWalls(r)
	r.d.opts.Fences = w
	r.serve()
	return r, w
}

// TestLateFence: one that is put on only after the failover was aborted is taken off before anything is let go.
func TestLateFence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := fencing(t)
		defer r.stop()
		w.slow = 500 * time.Millisecond
		r.event("s1 +try-failover A")
		r.expect("hold-writes 1")
		time.Sleep(20 * time.Millisecond)
		r.event("s1 -failover-abort-x A")
		r.ask()
		time.Sleep(400 * time.Millisecond)
		r.expect("")
		time.Sleep(200 * time.Millisecond)
		r.expect("fence A; lift A; release 1")
		if got, want := w.told(), "fence A: lifted; lift A: done"; got != want {
			t.Errorf("%s, want %s", got, want)
		}
		rep := r.d.Reports()[1]
		if rep.Fence != "lifted" || !slices.ContainsFunc(rep.Events, func(e ReportEvent) bool { return e.Source == "fence" && e.Text == "A is fenced" }) {
			t.Errorf("report: %+v", rep)
		}
	})
}

// TestFenceOutlivesSwitch: it stays until the former master is demoted, unless that is adopted again before.
func TestFenceOutlivesSwitch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := fencing(t)
		defer r.stop()
		follow := func() {
			t.Helper()
			r.event("s1 +try-failover A")
			r.event("s1 +selected-slave B A")
			time.Sleep(95 * time.Millisecond)
			r.set(r.roles, "B", "master")
			time.Sleep(200 * time.Millisecond)
		}
		follow()
		r.expect("hold-writes 1; hold-all 1; adopt B 2; release 2; lift B; fence A")
		if got, want := w.told(), "lift B: done; fence A: confirmed at B, candidate "; got != want {
			t.Errorf("%s, want %s", got, want)
		}
		if got := r.d.Status().Fence; got != "confirmed" {
			t.Errorf("the fence: %s", got)
		}
		// No majority confirms it: back to A. Whether a fence was left there is looked at once more.
		time.Sleep(16 * time.Second)
		r.expect("unfence A; hold-all 2; seal 2; adopt A 3; release 3; lift A")
		if got, want := w.told(), "unfence A: done; lift A: done"; got != want {
			t.Errorf("%s, want %s", got, want)
		}

		r.set(r.roles, "B", "replica")
		follow()
		r.told()
		time.Sleep(5 * time.Second) // A is not demoted yet
		r.set(r.roles, "B", "failed")
		r.set(r.names, "s1", "A 9", "s2", "A 9", "s3", "A 9")
		time.Sleep(3 * time.Second)
		r.expect("hold-all 4; seal 4; unfence A; lift A; adopt A 5; release 5; lift A")
		if got, want := w.told(), "lift B: done; fence A: confirmed at B, candidate ; unfence A: given up; lift A: done; lift A: done"; got != want {
			t.Errorf("%s, want %s", got, want)
		}
	})
}

// TestFenceAtTheEnd: Run waits for what is under way.
func TestFenceAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := fencing(t)
		r.event("s1 +try-failover A")
		synctest.Wait()
		r.stop()
		if got, want := w.told(), "fence A: lifted"; got != want {
			t.Errorf("%s, want %s", got, want)
		}
	})
}
