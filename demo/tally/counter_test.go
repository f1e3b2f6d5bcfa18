package tally

import "testing"

func TestCounter(t *testing.T) {
	const lost = -1 // a step whose INCR has no known outcome
	for _, test := range []struct {
		name  string
		steps []int64
		bad   bool // the last step must be found out
		final int64
		lost  bool // the final value must be found out
	}{
		{name: "plain", steps: []int64{1, 2, 3}, final: 3},
		{name: "nothing", final: 0},
		{name: "applied twice", steps: []int64{1, 3}, bad: true},
		{name: "acknowledged one lost", steps: []int64{1, 2, 2}, bad: true},
		{name: "back to the beginning", steps: []int64{1, 2, 1}, bad: true},
		{name: "unknown, applied", steps: []int64{1, lost, 3}, final: 3},
		{name: "unknown, not applied", steps: []int64{1, lost, 2}, final: 2},
		{name: "unknown, applied twice", steps: []int64{1, lost, 4}, bad: true},
		{name: "settled by the next", steps: []int64{1, lost, 2, 4}, bad: true},
		{name: "lost in the end", steps: []int64{1, 2}, final: 1, lost: true},
		{name: "one too many in the end", steps: []int64{1, 2}, final: 3, lost: true},
		{name: "unknown in the end, applied", steps: []int64{1, lost, lost}, final: 3},
		{name: "unknown in the end, in part", steps: []int64{1, lost, lost}, final: 2},
		{name: "unknown in the end, twice", steps: []int64{1, lost, lost}, final: 4, lost: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			var c Counter
			for i, value := range test.steps {
				if value == lost {
					c.Lost()
					continue
				}
				err := c.Acked(value)
				if bad := test.bad && i == len(test.steps)-1; (err != nil) != bad {
					t.Fatalf("step %d, value %d: error %v", i, value, err)
				}
			}
			if test.bad {
				return
			}
			if err := c.Final(test.final); (err != nil) != test.lost {
				t.Fatalf("final %d: error %v", test.final, err)
			}
			if !test.lost && (c.Acknowledged > uint64(test.final) || uint64(test.final) > c.Acknowledged+c.Unsure) {
				t.Fatalf("%d acknowledged, %d unsure, final %d passed", c.Acknowledged, c.Unsure, test.final)
			}
		})
	}
}

func TestRegister(t *testing.T) {
	var r Register
	check := func(value string, good bool) {
		t.Helper()
		if err := r.Check(value); (err == nil) != good {
			t.Fatalf("%q: %v", value, err)
		}
	}
	check("", true)
	r.Lost("a")
	check("", true)
	check("a", true)
	check("b", false)
	r.Acked("b")
	check("b", true)
	check("a", false)
	check("", false)
	r.Lost("c")
	r.Lost("d")
	check("b", true)
	check("d", true)
	check("e", false)
}
