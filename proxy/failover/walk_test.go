package failover

import (
	"flag"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

var (
	walks    = flag.Int("walks", 100, "how many random walks")
	walkSeed = flag.Uint64("walkseed", 1, "seed of the first walk")
)

// TestWalks goes far where the exploration goes wide: random orders of everything, hundreds of steps each. A failing walk is
// cut down to the steps that matter.
func TestWalks(t *testing.T) {
	w := newChaos(t, alphabet...)
	for seed := *walkSeed; seed < *walkSeed+uint64(*walks); seed++ {
		r := rand.New(rand.NewPCG(seed, 0))
		p := root(t, w, bugs{}, servingA...)
		var path []string
		for range 200 {
			moves := w.moves(&p.m)
			from := 0
			if r.IntN(3) > 0 {
				// What Sentinels say comes first in the list; most steps are answers and timers, or nothing would ever be adopted.
				from = len(w.said)
			}
			mv := moves[from+r.IntN(len(moves)-from)]
			path = append(path, mv.name)
			if advance(&p, mv.in, nil) != nil {
				break
			}
		}
		if err := walk(t, w, path); err != nil {
			path = shorten(path, func(path []string) bool { return walk(t, w, path) != nil })
			t.Fatalf("seed %d: %v\nafter: %s", seed, walk(t, w, path), strings.Join(path, "; "))
		}
	}
}

// walk plays a path, leaving out what can't happen where it stands, and sees it to a fair end.
func walk(t *testing.T, w *chaos, path []string) error {
	p := root(t, w, bugs{}, servingA...)
	for _, name := range path {
		moves := w.moves(&p.m)
		i := slices.IndexFunc(moves, func(mv move) bool { return mv.name == name })
		if i < 0 {
			continue
		}
		if err := advance(&p, moves[i].in, nil); err != nil {
			return err
		}
	}
	return endsFairly(p)
}

// shorten leaves out steps, many at a time at first, as long as it still fails.
func shorten(path []string, fails func([]string) bool) []string {
	for n := len(path) / 2; n > 0; {
		cut := false
		for i := 0; i+n <= len(path); {
			without := slices.Delete(slices.Clone(path), i, i+n)
			if fails(without) {
				path, cut = without, true
			} else {
				i++
			}
		}
		if !cut || n > 1 {
			n /= 2
		}
	}
	return path
}
