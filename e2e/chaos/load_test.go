package chaos

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sentinelproxy/internal/servers"
)

// session is what one client does, perhaps with a partner.
type session interface {
	round()
	end()                       // after the last round; its connections are closed then
	final(master *servers.Node) // after all sessions have ended: what is there has to be what was acknowledged
}

// load is a number of sessions through all proxies of a world.
type load struct {
	*tally
	t       testing.TB
	ending  atomic.Bool
	workers []*worker
	wg      sync.WaitGroup
}

type worker struct {
	name    string
	session session
	rounds  atomic.Int64
}

// kind makes sessions: name is unique and part of every key, number too.
type kind struct {
	name string
	make func(l *load, addr, name string, number int) session
}

// pace is the pause of a session between two rounds, on the average: enough is on the wire at any moment, and something is left of a
// small machine for the servers.
const pace = 10 * time.Millisecond

// sessions sets perKind sessions of each kind to work, spread over the proxies.
func sessions(kinds []kind, perKind int) func(*world) clients {
	return func(w *world) clients { return startLoad(w.t, w.addrs(), kinds, perKind) }
}

func startLoad(t testing.TB, addrs []string, kinds []kind, perKind int) *load {
	l := &load{tally: newTally(), t: t}
	t.Cleanup(l.leave)
	for i := range perKind {
		for _, k := range kinds {
			number := len(l.workers)
			name := fmt.Sprintf("{%s:%d}", k.name, i)
			l.workers = append(l.workers, &worker{name: name, session: k.make(l, addrs[number%len(addrs)], name, number)})
		}
	}
	for _, w := range l.workers {
		l.wg.Go(func() {
			for !l.ending.Load() {
				w.session.round()
				w.rounds.Add(1)
				time.Sleep(rand.N(2 * pace))
			}
			w.session.end()
		})
	}
	return l
}

// client of the session of this number: every second one speaks RESP3.
func (l *load) client(addr string, number int) *client {
	c := &client{tally: l.tally, addr: addr, ending: &l.ending}
	if number%2 == 1 {
		c.greet = [][]string{{"HELLO", "3"}}
	}
	return c
}

// works waits until every session has done n more rounds.
func (l *load) works(n int64) {
	l.t.Helper()
	goals := make([]int64, len(l.workers))
	for i, w := range l.workers {
		goals[i] = w.rounds.Load() + n
	}
	eventually(l.t, fmt.Sprintf("%d more rounds of everybody", n), func() error {
		for i, w := range l.workers {
			if done := w.rounds.Load(); done < goals[i] {
				return fmt.Errorf("%s is %d short; seen so far: %+v", w.name, goals[i]-done, l.seen())
			}
		}
		return nil
	})
}

// rest ends all sessions and says what they have seen and what the master has.
func (l *load) rest(master *servers.Node) seen {
	l.leave()
	for _, w := range l.workers {
		w.session.final(master)
	}
	return l.seen()
}

func (l *load) leave() {
	l.ending.Store(true)
	l.wg.Wait()
}
