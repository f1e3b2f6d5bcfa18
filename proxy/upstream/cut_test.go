package upstream

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"sentinelproxy/proxy/internal/scripted"
)

// pipeline is what three clients send over one link in the cut tests: keys are named so that each command
// is told apart in what a node has executed. No write is behind an idempotent one of the same client: see TestNotInARow.
var pipeline = []struct {
	owner   int
	command string
	class   Class
}{
	{0, "GET a", Read},
	{0, "INCR j", Once},
	{1, "INCR b", Write},
	{2, "INCR c", Write},
	{0, "INCR d", Write},
	{0, "SET e 2", Idempotent},
	{1, "GET f", Read},
	{2, "SET g 1", Idempotent},
	{1, "SET h 3", Idempotent},
	{2, "GET i", Read},
}

var policies = []struct {
	name   string
	policy Policy
}{{"none", ResendNone}, {"idempotent", ResendIdempotent}, {"all", ResendAll}}

// reply is what a fresh node says.
func reply(command string) string {
	switch command[0] {
	case 'G':
		return "$-1\r\n"
	case 'S':
		return "+OK\r\n"
	default:
		return ":1\r\n"
	}
}

// runPipeline sends the pipeline to a node with faults and then makes a second node the master. It checks
// everything that holds wherever the first was cut.
func runPipeline(t *testing.T, policy Policy, faults scripted.Faults) {
	first, second := scripted.StartNode(t, faults), scripted.StartNode(t, scripted.NoFaults)
	r := newRig(t, func(o *Options) { o.Policy = policy })
	clients := []*client{r.client("a"), r.client("b"), r.client("c")}
	r.adopt(first.Addr())
	r.in(func() {
		l := r.set.Shared(plain)
		for _, p := range pipeline {
			clients[p.owner].send(l, p.command, p.class)
		}
	})
	r.until("answers or a loss", func() bool {
		n := 0
		for _, c := range clients {
			n += len(c.replies)
		}
		return n == len(pipeline) || len(r.lost) > 0
	})
	r.adopt(second.Addr())
	got := map[string]string{}
	for _, c := range clients {
		for i, a := range c.answers() {
			got[c.asked[i]] = a
		}
	}
	r.settle()
	one, two := first.Executed(), second.Executed()
	for _, p := range pipeline {
		answer, before, after := got[p.command], count(one, p.command), count(two, p.command)
		again := p.class == Read || policy == ResendAll && p.class != Once || p.class == Idempotent && policy == ResendIdempotent
		switch {
		case before > 1 || after > 1:
			t.Errorf("%s: executed %d times by the first node, %d times by the second", p.command, before, after)
		case before+after > 1 && !again:
			t.Errorf("%s: executed twice", p.command)
		case answer == UnknownOutcome:
			if again {
				t.Errorf("%s: unknown, though it may be sent again", p.command)
			}
			if after > 0 {
				t.Errorf("%s: unknown, and executed by the second node", p.command)
			}
		case answer != reply(p.command):
			t.Errorf("%s: answered with %q", p.command, answer)
		case before+after == 0:
			t.Errorf("%s: answered with %q, executed by nobody", p.command, answer)
		}
	}
	// Of each client the second node has executed what it did in the order the client sent it.
	last := map[int]int{}
	for _, command := range two {
		i := slices.IndexFunc(pipeline, func(p struct {
			owner   int
			command string
			class   Class
		},
		) bool {
			return p.command == command
		})
		if owner := pipeline[i].owner; i < last[owner] {
			t.Errorf("out of order: %q", two)
		} else {
			last[owner] = i
		}
	}
}

func count(list []string, s string) (n int) {
	for _, x := range list {
		if x == s {
			n++
		}
	}
	return n
}

// TestCutCommandStream: the node is reset when it has read so many bytes of the commands, for every
// number. Mute: without a reply to those that it has executed.
func TestCutCommandStream(t *testing.T) {
	total := 0
	for _, p := range pipeline {
		total += len(raw(p.command))
	}
	for _, p := range policies {
		for _, mute := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/mute=%v", p.name, mute), func(t *testing.T) {
				for cut := range total + 1 {
					t.Run(fmt.Sprint(cut), func(t *testing.T) {
						runPipeline(t, p.policy, scripted.Faults{CutIn: cut, CutOut: -1, Mute: mute})
					})
				}
			})
		}
	}
}

// TestCutReplyStream: everything is executed, and the connection ends after so many bytes of replies, for
// every number.
func TestCutReplyStream(t *testing.T) {
	var all strings.Builder
	for _, p := range pipeline {
		all.WriteString(reply(p.command))
	}
	for _, p := range policies {
		t.Run(p.name, func(t *testing.T) {
			for cut := range all.Len() {
				t.Run(fmt.Sprint(cut), func(t *testing.T) {
					runPipeline(t, p.policy, scripted.Faults{CutIn: -1, CutOut: cut})
				})
			}
		})
	}
}
