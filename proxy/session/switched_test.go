package session

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"sentinelproxy/internal/servers"
	"sentinelproxy/proxy/gate"
	"sentinelproxy/proxy/upstream"
)

// once holds conversations through a lane to the pair's master, all at once, and makes the replica the master when all
// have come to their moment.
func (b *bench) once(p *pair, clients []*disturbed, gently bool) {
	b.t.Helper()
	here := &scope{TB: b.t}
	defer here.end()
	l := newLane(here, func(l *lane, o *upstream.Options) {
		o.PoolSize, o.StreamingThreshold = pooled, 32<<10
		l.g.Scripts = NewScripts(1 << 20)
		o.Scripts = l.g.Scripts.Load
	})
	l.serve(p.master.Addr())
	s := &switching{holding: make(chan struct{}), released: make(chan struct{})}
	s.ready.Add(len(clients))
	s.sent.Add(len(clients))
	var done sync.WaitGroup
	for _, d := range clients {
		d.own = b.own()
		d.got, d.failed = nil, nil
		c := l.client()
		done.Go(func() { d.run(c, s) })
	}
	s.ready.Wait()
	if gently {
		l.in(func() { l.gate.Hold(gate.HoldWrites) })
	}
	l.in(func() { l.gate.Hold(gate.HoldAll) })
	close(s.holding)
	s.sent.Wait()
	l.drained()
	p.promote()
	l.in(func() { l.g.Epoch++ })
	l.serve(p.master.Addr())
	close(s.released)
	done.Wait()
	if wrong := leftOver(l); wrong != "" {
		b.t.Errorf("after a switch among many: %s", wrong)
	}
}

// drained waits until nothing is in flight but what blocks. Reads are answered, writes are where they will be copied
// from.
func (l *lane) drained() {
	l.t.Helper()
	l.until("the commands in flight", func() bool {
		for s := range l.g.sessions {
			if s.inflight > 1 || s.inflight == 1 && (s.pin == nil || !s.blocked()) {
				return false // what is behind a command that blocks is executed when that is over
			}
		}
		return true
	})
}

// failures of clients, checked when all is over.
func (b *bench) failures(p *pair, clients []*disturbed) (failed *disturbed, wrong string) {
	b.t.Helper()
	data := p.at[p.master].dump(len(clients[0].own))
	for _, d := range clients {
		if wrong := b.wrong(d, data[d.own]); wrong != "" {
			return d, wrong
		}
	}
	return nil, ""
}

// everywhere disturbs talk at each of its commands, and before the end: in all ways, or in some of them.
func (b *bench) everywhere(talk conversation, rnd *rand.Rand) []*disturbed {
	b.t.Helper()
	want := b.refer(talk, -1)
	var list []*disturbed
	for at := range talk {
		for when := range moments {
			if rnd == nil || rnd.IntN(3) == 0 {
				list = append(list, &disturbed{talk: talk, at: at, when: when, want: want})
			}
		}
	}
	return append(list, &disturbed{talk: talk, at: len(talk), when: atRest, want: want})
}

// planned disturbs conversations by one switch, and reports what is wrong in the shortest form.
func (b *bench) planned(p *pair, rnd *rand.Rand, all bool, talks ...conversation) (clients, commands int) {
	b.t.Helper()
	switched := func(which moment, talks ...conversation) (*disturbed, string) {
		var list []*disturbed
		choice := rnd
		if all {
			choice = nil
		}
		for _, talk := range talks {
			for _, d := range b.everywhere(talk, choice) {
				if which == moments || d.when == which {
					list = append(list, d)
				}
			}
		}
		if len(list) == 0 {
			return nil, "" // of a conversation that has been shortened to nothing
		}
		b.once(p, list, rnd.IntN(2) == 0)
		d, wrong := b.failures(p, list)
		p.renew()
		clients += len(list)
		return d, wrong
	}
	for _, talk := range talks {
		commands += len(talk)
	}
	d, wrong := switched(moments, talks...)
	if wrong == "" {
		return clients, commands
	}
	defer shortOfPatience()()
	all = true
	first := fmt.Sprintf("%s: %s", d, wrong)
	talk, wrong := shrink(d.talk, wrong, func(talk conversation) string {
		for range 3 { // it may be a matter of luck
			if d, wrong := switched(d.when, talk); wrong != "" {
				return fmt.Sprintf("%s: %s", d, wrong)
			}
		}
		return ""
	})
	b.t.Fatalf("a switch %s\n\nshortened to %d commands: %s", first, len(talk), wrong)
	return 0, 0
}

// states are conversations with everything that a session can have set up.
var states = []conversation{
	said("HELLO 3", "SUBSCRIBE §c §d", "PSUBSCRIBE §*", "SSUBSCRIBE §c", "PUBLISH §c x", "MULTI", "INCR §s1", "EXEC", "UNSUBSCRIBE", "PUBLISH §c y", "PUNSUBSCRIBE", "SUNSUBSCRIBE", "GET §s1"),
	said("SUBSCRIBE §c", "PING", "GET §s1", "UNSUBSCRIBE", "INCR §s1", "PSUBSCRIBE §*", "PUNSUBSCRIBE", "INCR §s1"),
	said("WATCH §s1", "GET §s1", "MULTI", "INCR §s1", "SELECT 1", "INCRBY §s1 5", "EXEC", "GET §s1", "WATCH §s2", "UNWATCH", "MULTI", "SET §s1", "EXEC"),
	said("AUTH user pw", "SELECT 2", "CLIENT SETNAME me", "BLPOP §l1 0.03", "LPUSH §l1 a b", "BRPOP §l1 0", "BLMOVE §l1 §l2 LEFT LEFT 0", "ACL WHOAMI", "CLIENT GETNAME", "WAIT 0 0"),
	said("SETRANGE §s1 300000 x", "GET §s1", "INCR §s2", "GET §s1", "HELLO 3", "WATCH §s1", "GET §s1", "UNWATCH", "APPEND §s1 y", "GET §s1"),
	said("SCRIPT LOAD \"return redis.call('incr', KEYS[1]) -- §\"", "EVALSHA §sha0 1 §s1", "MULTI", "EVALSHA §sha0 1 §s1", "EXEC", "SCRIPT EXISTS §sha0", "EVALSHA §sha1 1 §s1"),
	said("INCR §s1", "CLIENT REPLY SKIP", "INCR §s1", "INCR §s1", "CLIENT REPLY OFF", "INCR §s1", "SELECT 1", "INCR §s1", "CLIENT REPLY ON", "INCR §s1"),
	said("HELLO 3", "CLIENT TRACKING ON", "GET §s1", "SET §s1 1", "INCR §s1", "CLIENT NO-EVICT ON", "CLIENT TRACKING OFF", "INCR §s1"),
}

// TestSwitchAtEveryStep: a planned switch at any moment of any conversation changes no reply and no data.
func TestSwitchAtEveryStep(t *testing.T) {
	pool := servers.NewT(t)
	p := newPair(t, pool.Redis(withUser), pool.Redis(withUser))
	b := newBench(t, pool.Redis(withUser), unstable, replicated)
	switchAtEveryStep(b, p, rounds(t, 40), generator{}, append(slices.Clone(states), foundSwitched...))
}

func switchAtEveryStep(b *bench, p *pair, n int, g generator, first []conversation) {
	b.t.Helper()
	g.switched = true
	seed := seeds(b.t)
	rnd := rand.New(rand.NewPCG(seed, 0))
	clients, commands := b.planned(p, rnd, true, first...)
	for round := range n {
		rnd := rand.New(rand.NewPCG(seed, uint64(round)))
		g.Rand = rnd
		var talks []conversation
		for range 4 {
			talks = append(talks, g.conversation(3+rnd.IntN(8)))
		}
		more, longer := b.planned(p, rnd, false, talks...)
		clients, commands = clients+more, commands+longer
	}
	b.t.Logf("seed %d: %d conversations of %d commands, disturbed in %d ways by %d switches", seed, len(first)+4*n, commands, clients, 1+n)
}
