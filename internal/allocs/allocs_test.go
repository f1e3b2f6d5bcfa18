package allocs

import "testing"

var kept []*int

func TestLeast(t *testing.T) {
	for _, want := range []int{0, 1, 3} {
		f := func() {
			kept = kept[:0]
			for range want {
				kept = append(kept, new(int))
			}
		}
		// Less than one in ten more, of whatever else the process does.
		if got := Least(3, 100, f); got < float64(want) || got > float64(want)+0.1 {
			t.Errorf("got %v, want %d", got, want)
		}
	}
}
