package load

import (
	"slices"
	"testing"
)

func TestMatrix(t *testing.T) {
	got := Matrix([]string{"set", "GET"}, []int{64}, []int{50}, []int{1, 16}, []int{2}, []int{0})
	want := []Case{
		{Command: "SET", Size: 64, Conns: 50, Depth: 1},
		{Command: "GET", Size: 64, Conns: 50, Depth: 1},
		{Command: "SET", Size: 64, Conns: 50, Depth: 16},
		{Command: "GET", Size: 64, Conns: 50, Depth: 16},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestMatrixOfProtocolsAndRates(t *testing.T) {
	got := Matrix([]string{"GET"}, []int{1}, []int{2}, []int{3}, []int{2, 3}, []int{0, 5})
	want := []Case{
		{Command: "GET", Size: 1, Conns: 2, Depth: 3},
		{Command: "GET", Size: 1, Conns: 2, Depth: 3, Protocol: 3},
		{Command: "GET", Size: 1, Conns: 2, Depth: 3, Rate: 5},
		{Command: "GET", Size: 1, Conns: 2, Depth: 3, Protocol: 3, Rate: 5},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

// TestStar: every value of every factor is in it, nothing twice, and nothing differs from the middle in more than a
// factor besides command and depth.
func TestStar(t *testing.T) {
	star := Star()
	has := func(what string, ok func(Case) bool) {
		if !slices.ContainsFunc(star, ok) {
			t.Errorf("no case of %s", what)
		}
	}
	for _, name := range Commands() {
		has(name, func(c Case) bool { return c.Command == name })
	}
	for _, size := range []int{64, 1 << 10, 64 << 10, 4 << 20} {
		has(bytesOf(size), func(c Case) bool { return c.Size == size })
	}
	for _, n := range []int{1, 50, 500, 5000} {
		has("connections", func(c Case) bool { return c.Conns == n })
	}
	for _, n := range []int{1, 4, 16, 128} {
		has("depth", func(c Case) bool { return c.Depth == n })
	}
	has("RESP3", func(c Case) bool { return c.Protocol == 3 })
	has("a fixed rate", func(c Case) bool { return c.Rate == FixedRate })
	inBase := 0
	for i, c := range star {
		if slices.Contains(star[:i], c) {
			t.Errorf("%s is there twice", c)
		}
		changed := 0
		for _, is := range []bool{c.Size != 64, c.Conns != 50, c.Protocol != 0, c.Rate != 0} {
			if is {
				changed++
			}
		}
		if changed > 1 {
			t.Errorf("%s changes %d factors", c, changed)
		}
		if c.Base() {
			inBase++
		}
	}
	if inBase != 4 {
		t.Errorf("%d cases in the middle, want 4", inBase)
	}
}
