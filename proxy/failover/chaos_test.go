package failover

import (
	"flag"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// 3 takes some seconds, each more about ten times as long.
var depth = flag.Int("depth", 3, "how deep to explore")

// chaos is the world in which anybody may say anything at any time: true, stale, or invented.
type chaos struct{ said []move }

func (chaos) key() []byte { return nil }

func newChaos(t testing.TB, lines ...string) *chaos {
	c := &chaos{}
	for _, line := range lines {
		for _, s := range []string{"s1", "s2", "s3"} {
			w := strings.Fields(line)
			e, err := parseEvent(s, w)
			if err != nil {
				t.Fatal(err)
			}
			c.said = append(c.said, move{s + " " + line, SentinelSaid{e}, c})
		}
	}
	return c
}

func (c *chaos) moves(m *Machine) []move {
	list := append([]move(nil), c.said...)
	add := func(name string, in Input) { list = append(list, move{name, in, c}) }
	for _, word := range slices.Sorted(maps.Keys(laneWords)) {
		kind := laneWords[word]
		add("lanes "+word, LaneSaid{LaneReport{Kind: kind, Term: m.term}})
		add("late: lanes "+word, LaneSaid{LaneReport{Kind: kind, Term: m.term - 1}})
	}
	if m.ordered {
		add("order release", Ordered{})
	} else if m.state == Serving || m.state == Draining { // elsewhere it changes nothing, which a script shows
		add("order 5s", Ordered{5 * time.Second})
	}
	for _, f := range m.fences {
		if f.number != 0 {
			add("lifted "+f.addr, Lifted{Addr: f.addr, Number: f.number})
			add("late: lifted "+f.addr, Lifted{Addr: f.addr, Number: f.number - 1})
		}
	}
	if m.check != 0 {
		add("checked fenced", Checked{Addr: m.master, Number: m.check, Fenced: true})
		add("checked open", Checked{Addr: m.master, Number: m.check})
		add("checked failed", Checked{Addr: m.master, Number: m.check, Err: errRefused})
		add("late: checked open", Checked{Addr: m.master, Number: m.check - 1})
	}
	for _, p := range m.probes {
		for _, word := range slices.Sorted(maps.Keys(roleWords)) {
			answer := roleWords[word]
			answer.Addr, answer.Number = p.addr, p.number
			if p.number != 0 {
				add("role "+p.addr+" "+word, answer)
			}
		}
	}
	for _, addr := range []string{"A", "B"} {
		late := roleWords["master"]
		late.Addr, late.Number = addr, m.numbers-1
		if m.outstanding(addr) != late.Number {
			add("late: role "+addr+" master", late)
		}
	}
	for t, d := range m.deadline {
		if !d.IsZero() {
			add("timer "+Timer(t).String(), Fired{Timer(t)})
		}
	}
	return list
}

// alphabet is what a Sentinel can say in chaos: the present, the next, a stale and a wild opinion, and every stage of two failovers.
var alphabet = []string{
	"names A 5", "names B 6", "names B 5", "names C 4", "names A 8", "down", "up", "gone", "no-such-master",
	"+vote-for-leader", "+try-failover A", "+selected-slave B A", "+failover-state-wait-promotion A", "+promoted-slave B A",
	"+switch-master A B", "+failover-end A", "-failover-abort-x A", "+try-failover B", "+selected-slave C B", "+selected-slave A B", "+odown A",
	"names A 5 failover_in_progress", "+tilt",
}

// fewer goes deeper.
var fewer = []string{"names A 5", "names B 6", "down", "+try-failover A", "+selected-slave B A", "-failover-abort-x A", "+try-failover B"}

func chaosRoots(t testing.TB, b bugs, words []string) []position {
	w := newChaos(t, words...)
	return []position{
		root(t, w, b),
		root(t, w, b, servingA...),
		root(t, w, b, append(servingA, "s1 +try-failover A", "role A master", "s1 -failover-abort-x A")...),
		root(t, w, b, append(servingA, "s1 +try-failover A", "s1 +selected-slave B A", "role B replica")...),
		root(t, w, b, append(servingA, "lanes link-lost", "role A failed", "s1 +try-failover A", "s1 +selected-slave B A", "role B replica",
			"timer probe", "role B master")...),
		root(t, w, b, append(servingA, "lanes link-lost", "role A failed", "timer hold")...),
		root(t, w, b, append(servingA, "s1 down", "s2 down", "timer minority", "s1 up")...),
	}
}

func TestExploreChaos(t *testing.T) {
	depth := *depth
	if testing.Short() {
		depth--
	}
	res := explore(chaosRoots(t, bugs{}, alphabet), limits{depth: depth, fair: 7})
	t.Logf("all words: depth %d, %d states, %d steps, %d fair ends", res.depth, res.states, res.steps, res.fair)
	if res.err != nil {
		t.Fatal(res.err)
	}
	deep := explore(chaosRoots(t, bugs{}, fewer), limits{depth: depth + 1, fair: 31})
	t.Logf("fewer words: depth %d, %d states, %d steps, %d fair ends", deep.depth, deep.states, deep.steps, deep.fair)
	if deep.err != nil {
		t.Fatal(deep.err)
	}
	for from := range allowed {
		for to := range allowed[from] {
			if allowed[from][to] && !res.met[from][to] && !deep.met[from][to] {
				t.Errorf("%v -> %v is allowed and never happened", State(from), State(to))
			}
		}
	}
}
