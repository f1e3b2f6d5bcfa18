package failover

import (
	"fmt"
	"hash/maphash"
	"strings"
	"testing"
	"time"
)

// The exploration runs through every order of inputs that a world allows, to a depth, and checks the invariants at
// each step; states that behave alike are visited once. Time stands still in it: a timer that is set may run out at any moment, which is
// more than real time allows, so what holds here holds for all durations.

// world is what makes the inputs. A value: each branch has its own.
type world interface {
	// moves lists what can happen next to a machine in this world.
	moves(m *Machine) []move
	// key is what of the world decides about its future.
	key() []byte
}

// move is one thing that can happen. in may be nil: the world changes and the machine does not hear of it.
type move struct {
	name string
	in   Input
	next world
}

// judge is implemented by worlds that know the truth, and judge the machine's orders by it.
type judge interface {
	judge(acts []Action) error
}

type position struct {
	m      Machine
	o      oracle
	w      world
	parent int32
	name   string
}

type explored struct {
	states, steps, fair int
	depth               int
	met                 [numStates][numStates]bool // transitions that happened
	err                 error
}

// limits of one exploration.
type limits struct {
	depth int
	fair  int // every n-th new state must come to an end when the world becomes fair; 0: none
}

var still = time.Unix(0, 0)

// explore goes breadth first, so that a violation is found by a shortest path, which the error tells.
func explore(roots []position, lim limits) (res explored) {
	seed := maphash.MakeSeed()
	seen := map[uint64]struct{}{}
	var all []position // parents' names are needed for the path; machines of done levels are dropped
	add := func(p position) bool {
		k := maphash.Bytes(seed, append(key(&p.m, &p.o), p.w.key()...))
		if _, dup := seen[k]; dup {
			return false
		}
		seen[k] = struct{}{}
		all = append(all, p)
		return true
	}
	path := func(i int32, last string) string {
		names := []string{last}
		for ; i >= 0; i = all[i].parent {
			names = append([]string{all[i].name}, names...)
		}
		return strings.Join(names, "; ")
	}
	for _, r := range roots {
		r.parent = -1
		add(r)
	}
	from := 0
	for res.depth = 0; res.depth < lim.depth && from < len(all); res.depth++ {
		to := len(all)
		for i := from; i < to; i++ {
			p := all[i]
			for _, mv := range p.w.moves(&p.m) {
				q := position{m: p.m, o: p.o, w: mv.next, parent: int32(i), name: mv.name}
				if mv.in != nil {
					res.steps++
					if err := advance(&q, mv.in, &res); err != nil {
						res.err = fmt.Errorf("%w\nafter: %s", err, path(int32(i), mv.name))
						return res
					}
				}
				if !add(q) {
					continue
				}
				if lim.fair > 0 && len(all)%lim.fair == 0 {
					res.fair++
					if err := endsFairly(q); err != nil {
						res.err = fmt.Errorf("%w\nafter: %s", err, path(int32(i), mv.name))
						return res
					}
				}
			}
			all[i].m, all[i].w = Machine{}, nil
		}
		from = to
	}
	res.states = len(all)
	return res
}

func advance(q *position, in Input, res *explored) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	before := q.m
	var acts []Action
	q.m, acts = Step(before, in, still)
	for _, a := range acts {
		if a.Kind == ActEnter && res != nil {
			res.met[a.From][a.To] = true
		}
	}
	if err := q.o.step(&before, &q.m, in, acts); err != nil {
		return err
	}
	if j, ok := q.w.(judge); ok {
		return j.judge(acts)
	}
	return nil
}

// endsFairly is I10: from here on the Sentinels agree on B with a new epoch, B is a master, everybody else
// a master too (which must not matter) or dead, lanes and probes answer, timers run in their order.
func endsFairly(p position) error {
	for _, others := range []string{"master", "failed"} {
		if err := endsWith(p, others); err != nil {
			return err
		}
	}
	return nil
}

func endsWith(p position, others string) error {
	const enough = 60
	p.w = nil
	turn := 0
	say := func(line string) error {
		in, err := parse(line, &p.m, still)
		if err != nil {
			return err
		}
		return advance(&p, in, nil)
	}
	opinions := func() error {
		for _, s := range []string{"s1", "s2", "s3"} {
			if err := say(s + " names B 9"); err != nil {
				return err
			}
		}
		return nil
	}
	for n := 0; n < enough; n++ {
		if err := opinions(); err != nil {
			return err
		}
		if p.m.state == Serving && p.m.isMaster("B") {
			return nil
		}
		line := ""
		for _, pr := range p.m.probes {
			if pr.number != 0 && line == "" {
				role := others
				if pr.addr == "B" {
					role = "master"
				}
				line = "role " + pr.addr + " " + role
			}
		}
		switch {
		case line != "":
		case p.m.state == Restoring:
			line = "lanes restored"
		default:
			t, ok := anyTimer(&p.m, turn)
			turn++
			if !ok {
				return fmt.Errorf("I10: stuck in %v of %s: no timer is set", p.m.state, p.m.master)
			}
			line = "timer " + t.String()
		}
		if err := say(line); err != nil {
			return err
		}
	}
	return fmt.Errorf("I10: %v of %q after %d fair steps", p.m.state, p.m.master, enough)
}

// anyTimer is one of those set, but for the hold limit (which may not come to the rescue): each gets its turn.
func anyTimer(m *Machine, n int) (Timer, bool) {
	var set []Timer
	for _, t := range []Timer{TimerProbe, TimerClaim, TimerConfirm, TimerTrust, TimerAsk, TimerOrder, TimerMinority, TimerLift, TimerCheck, TimerFence, TimerAcquaint, TimerDrain} {
		if !m.deadline[t].IsZero() {
			set = append(set, t)
		}
	}
	if len(set) == 0 {
		return 0, false
	}
	return set[n%len(set)], true
}

// root plays lines and returns where they lead.
func root(t testing.TB, w world, b bugs, lines ...string) position {
	cfg := DefaultConfig([]string{"s1", "s2", "s3"})
	cfg.Strict, cfg.Fence, cfg.bugs = true, true, b
	m, _ := NewMachine(cfg, still)
	p := position{m: m, o: newOracle(&m), w: w}
	for _, line := range lines {
		in, err := parse(line, &p.m, still)
		if err != nil {
			t.Fatal(err)
		}
		if err := advance(&p, in, nil); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
	p.name = "(" + strings.Join(lines, "; ") + ")"
	return p
}

// servingA are the lines after which A is served at epoch 5.
var servingA = []string{"s1 names A 5", "s2 names A 5", "s3 names A 5", "role A master", "lanes restored", "timer probe", "role A master"}
