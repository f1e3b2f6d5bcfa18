package chaos

import (
	"context"
	"maps"

	"sentinelproxy/internal/history"
	"sentinelproxy/internal/servers"
)

// recorded are clients that share their keys and write down every call. Whether one order of the calls explains what they have seen is
// checked afterwards; not where acknowledged writes may be lost, when none does.
type recorded struct {
	w     *world
	run   *history.Run
	lossy bool
}

// historyOf a mix of calls, of sixteen clients.
func historyOf(mix history.Mix) func(*world) clients {
	return func(w *world) clients {
		w.t.Helper()
		ctx, cancel := context.WithCancel(context.Background())
		w.t.Cleanup(cancel) // breaks off what a failed test has left
		run, err := history.Start(ctx, history.Options{Addrs: w.addrs(), Clients: 16, Mix: mix, Pause: pace})
		w.must(err)
		return &recorded{w: w, run: run, lossy: w.fault.promise.lost}
	}
}

func (r *recorded) works(n int64) {
	r.w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	r.w.must(r.run.Works(ctx, int(n)))
}

func (r *recorded) rest(*servers.Node) seen {
	h := r.run.Stop()
	sum := h.Summary()
	s := seen{
		Commands: int64(sum.Operations), Errors: maps.Clone(sum.Errors), Closed: sum.Closed,
		Lost: sum.Lost, Twice: sum.Twice, Longest: sum.LongestWait,
	}
	if sum.Unknown > 0 {
		s.Errors["UNKNOWNOUTCOME"] += sum.Unknown
	}
	check := h.Check
	if r.lossy {
		check = h.CheckLossy
	}
	doubled := 0
	for _, v := range check() {
		switch v.Rule {
		case history.Foreign:
			s.Foreign++
		case history.Doubled:
			doubled++
		case history.NotLinearizable, history.Undecided:
			s.Unexplained++
		}
		if text := v.Error(); len(s.Notes) < enough {
			s.Notes = append(s.Notes, text[:min(len(text), 2000)])
		}
	}
	s.Twice = max(s.Twice, doubled) // not the sum: they may be the same
	return s
}
