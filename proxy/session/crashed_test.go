package session

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"sentinelproxy/internal/servers"
	"sentinelproxy/proxy/command"
	"sentinelproxy/proxy/internal/scripted"
	"sentinelproxy/proxy/upstream"
)

// cutOff is a client whose links are cut at some moment, with one of its commands in flight, or all of them.
type cutOff struct {
	talk   conversation
	want   *reference
	whole  bool // all commands are sent at once
	own    string
	from   int // the first command that may have been in flight, and
	to     int // the one behind the last
	got    answers
	failed error
}

// run is the client.
func (d *cutOff) run(c *client, breaker *scripted.Breaker) {
	defer c.close()
	say := newDialog(c)
	say.forgetful = true
	talk, counts := d.talk.own(d.own), d.want.counts()
	d.got, d.from, d.to = nil, len(talk), len(talk)
	if d.whole {
		d.from, d.to = 0, len(talk)+1
		say.send(raw(talk), nil)
	}
	for i, l := range talk {
		if !d.whole {
			say.send(l.raw(), nil)
		}
		var frames []string
		if frames, d.failed = say.frames(counts[i]); d.failed != nil {
			return
		}
		d.got = append(d.got, frames)
		if !d.whole && d.from == len(talk) && breaker.Broken() {
			d.from, d.to = i, min(len(talk)+1, i+2) // the lane may have learnt of it with the next command
		}
	}
	say.send(raw(ending), nil)
	var frames []string
	frames, d.failed = say.rest()
	d.got = append(d.got, frames)
}

// crash cuts the links of conversations at a random byte, and reports what is wrong.
func (b *bench) crash(node *servers.Node, rnd *rand.Rand, list []*cutOff) (*cutOff, string) {
	b.t.Helper()
	here := &scope{TB: b.t}
	defer here.end()
	breaker := scripted.StartBreaker(here, node.Addr())
	l := newLane(here, func(l *lane, o *upstream.Options) {
		o.PoolSize = pooled
		l.g.Scripts = NewScripts(1 << 20)
		o.Scripts = l.g.Scripts.Load
		o.PinnedLost = o.Lost // as if ROLE had been asked
	})
	l.serve(breaker.Addr().String())
	stop := make(chan struct{})
	defer close(stop)
	go l.keepServing(breaker.Addr().String(), stop)
	in, out := 0, 0
	for _, d := range list {
		in += len(raw(d.talk))
		frames, _ := d.want.answers.flat()
		for _, f := range frames {
			out += len(f)
		}
	}
	if replies := rnd.IntN(2) == 0; replies {
		breaker.Arm(rnd.IntN(out), true)
	} else {
		breaker.Arm(rnd.IntN(in), false)
	}
	var done sync.WaitGroup
	for _, d := range list {
		d.own = b.own()
		c := l.client()
		done.Go(func() { d.run(c, breaker) })
	}
	done.Wait()
	breaker.Disarm()
	if wrong := leftOver(l); wrong != "" {
		return nil, wrong
	}
	admin := administer(here, node)
	data := admin.dump(len(list[0].own))
	admin.do(said("FLUSHALL"))
	known := map[string]map[course]*reference{}
	for _, d := range list {
		text := d.talk.String()
		if known[text] == nil {
			known[text] = map[course]*reference{}
		}
		if wrong := b.wrongAfter(d, data[d.own], known[text]); wrong != "" {
			return d, wrong
		}
	}
	return nil, ""
}

// TestCrashAtEveryStep: when all links are lost with commands in flight, only writes may be answered with
// UNKNOWNOUTCOME, and what was answered was applied once.
func TestCrashAtEveryStep(t *testing.T) {
	pool := servers.NewT(t)
	crashAtEveryStep(t, pool.Redis(withUser), pool.Redis(withUser), rounds(t, 45), generator{})
}

func crashAtEveryStep(t *testing.T, reference, node *servers.Node, n int, g generator) {
	t.Helper()
	seed := seeds(t)
	b := newBench(t, reference, unstable, replicated)
	clients, unknown := 0, 0
	g.switched, g.cut = true, true
	for round := range n {
		rnd := rand.New(rand.NewPCG(seed, uint64(round)))
		g.Rand = rnd
		var list []*cutOff
		if round%6 == 0 && !g.dragonfly {
			for _, talk := range foundCrashed {
				list = append(list, b.cutOffs(talk, 4)...)
			}
		}
		for range 12 {
			list = append(list, b.cutOffs(g.conversation(3+rnd.IntN(8)), 3)...)
		}
		if d, wrong := b.crash(node, rnd, list); wrong != "" {
			t.Fatalf("SENTINELPROXY_SEED=%d, round %d, a crash in %s\n%s", seed, round, d, b.shortest(node, rnd, d, list, wrong))
		}
		clients += len(list)
		for _, d := range list {
			for _, c := range d.courses() {
				if c.unknown != [64]bool{} {
					unknown++
					break
				}
			}
		}
	}
	t.Logf("seed %d: %d conversations cut by %d crashes, an outcome unknown in %d of them", seed, clients, n, unknown)
}

// String is the conversation, if it is known which of many it was.
func (d *cutOff) String() string {
	if d == nil {
		return "one of many"
	}
	return fmt.Sprintf("(all sent at once: %v)\n%s", d.whole, d.talk)
}

// shortest looks for the shortest conversation that goes wrong.
func (b *bench) shortest(node *servers.Node, rnd *rand.Rand, d *cutOff, list []*cutOff, wrong string) string {
	b.t.Helper()
	defer shortOfPatience()()
	fails := func(talk conversation) string {
		for range 30 { // where it is cut is a matter of luck
			if len(talk) == 0 {
				break
			}
			if _, wrong := b.crash(node, rnd, b.cutOffs(talk, 8)); wrong != "" {
				return wrong
			}
		}
		return ""
	}
	suspects := []conversation{}
	if d != nil {
		suspects = append(suspects, d.talk)
	}
	for _, other := range list {
		if d == nil && (len(suspects) == 0 || other.talk.String() != suspects[len(suspects)-1].String()) {
			suspects = append(suspects, other.talk)
		}
	}
	for _, talk := range suspects {
		if again := fails(talk); again != "" {
			talk, again = shrink(talk, again, fails)
			return fmt.Sprintf("%s\nshortened to\n%s%s", wrong, talk, again)
		}
	}
	return wrong + "\nwhich did not happen again"
}

// cutOffs are clients with this conversation, some of which send all of it at once.
func (b *bench) cutOffs(talk conversation, n int) (list []*cutOff) {
	b.t.Helper()
	want := b.refer(talk, -1)
	// Of more than one that blocks any may have been executed twice, and a WATCH in flight counts as one in force even if
	// the server would refuse it, and a script is loaded before what is sent again: all left to those who wait for each
	// reply.
	waits := false
	for _, l := range talk {
		waits = waits || l.info().Flags.Has(command.Blocking) || l.is("watch") && len(l.args) == 1 || l.is("script", "load")
	}
	for i := range n {
		list = append(list, &cutOff{talk: talk, want: want, whole: i%2 == 1 && !waits})
	}
	return list
}
