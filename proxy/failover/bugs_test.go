package failover

import (
	"strings"
	"testing"
)

// TestExplorationFindsBugs switches mistakes on, one at a time: what checks must be able to fail.
func TestExplorationFindsBugs(t *testing.T) {
	for _, c := range []struct {
		name string
		bugs bugs
		want string // the invariants of which one must be found broken
	}{
		{"ROLE is not asked", bugs{skipRole: true}, "I4"},
		{"opinions of any epoch count", bugs{anyEpoch: true}, "I3 I5"},
		{"one Sentinel is enough", bugs{minority: true}, "I5 I13 I17"},
		{"probes from before the hold are believed", bugs{oldProbes: true}, "I4"},
		{"claims are believed for ever", bugs{noDismiss: true}, "I10"},
		{"adopting without a hold", bugs{noHold: true}, "I1 I6"},
		{"release before the lanes are ready", bugs{early: true}, "I2"},
		{"no way out of refusing", bugs{deafRefuse: true}, "I10"},
		{"any Sentinel's candidate", bugs{anyWord: true}, "I5"},
		{"a failover that goes on is dismissed", bugs{impatient: true}, "I11 I17"},
		{"writes go on with a minority", bugs{careless: true}, "I13"},
		{"a fence is not lifted before the release", bugs{fenceStays: true}, "I15"},
		{"the next master is fenced", bugs{fenceNext: true}, "I14"},
		{"the fence of a former master is forgotten", bugs{fenceLeft: true}, "I16"},
		{"replies are never sealed", bugs{noSeal: true}, "I17"},
		{"replies are sealed when the candidate is named", bugs{sealEarly: true}, "I17"},
		{"reads go on whatever passes the limit", bugs{lenient: true}, "I19"},
		{"a fenced master is taken for one without replicas", bugs{deafFence: true}, "I18"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var res explored
			for depth := 1; depth <= 4 && res.err == nil; depth++ {
				res = explore(bugRoots(t, c.bugs), limits{depth: depth, fair: 1})
			}
			if res.err == nil {
				t.Fatal("not found")
			}
			t.Logf("found after %d steps: %v", res.steps, res.err)
			for _, id := range strings.Fields(c.want) {
				if strings.HasPrefix(res.err.Error(), id+":") {
					return
				}
			}
			t.Errorf("expected one of: %s", c.want)
		})
	}
}

func bugRoots(t testing.TB, b bugs) []position {
	w := newChaos(t, "names B 6", "names B 4", "+selected-slave B A", "+try-failover A", "+try-failover B")
	roots := []position{
		root(t, w, bugs{}, servingA...),
		root(t, w, bugs{}, append(servingA, "s1 down", "s2 down", "timer minority")...),
	}
	if b.impatient {
		roots = []position{root(t, newChaos(t, "names A 5"), bugs{}, append(servingA, "s1 +try-failover A", "s1 names A 5 failover_in_progress", "s1 +selected-slave B A")...)}
	}
	for i := range roots {
		cfg := *roots[i].m.cfg
		cfg.bugs = b
		roots[i].m.cfg = &cfg
	}
	writes := roots[0]
	for _, line := range []string{"s1 +try-failover A", "s1 -failover-abort-x A", "s1 names A 5", "s2 names A 5"} {
		in, err := parse(line, &writes.m, still)
		if err != nil {
			t.Fatal(err)
		}
		if err := advance(&writes, in, nil); err != nil {
			t.Fatal(err)
		}
	}
	return append(roots, writes)
}
