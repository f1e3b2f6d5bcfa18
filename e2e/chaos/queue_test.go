package chaos

import (
	"fmt"
	"strconv"
	"sync"

	"sentinelproxy/internal/servers"
)

// queue is a list, to which one client pushes numbers that another pops, waiting for them.
type queue struct {
	pusher, popper *client
	sequence       *sequence
	key            string
	wg             sync.WaitGroup
}

// last is the element after which the popper goes.
const last = "last"

func newQueue(l *load, addr, name string, number int) session {
	q := &queue{pusher: l.client(addr, number), popper: l.client(addr, number+1), sequence: newSequence(l.tally, name), key: name + "l"}
	q.sequence.again = func(note string) { l.tally.lost(1, note) } // that it was popped is forgotten
	q.popper.waits = true
	q.wg.Go(q.pops)
	return q
}

func (q *queue) round() {
	n := q.sequence.next()
	if yes, _ := applied(q.pusher.one("RPUSH", q.key, strconv.FormatInt(n, 10))); yes {
		q.sequence.proven(n)
	}
}

func (q *queue) pops() {
	for {
		v := q.popper.one("BLPOP", q.key, "0")
		if yes, unknown := applied(v); !yes {
			if unknown {
				q.sequence.blinded() // the element is taken perhaps
			}
			if q.popper.conn == nil && q.popper.ending.Load() {
				return
			}
			continue
		}
		pair, _ := v.([]any)
		if len(pair) != 2 || pair[0] != q.key {
			q.popper.foreign(fmt.Sprintf("BLPOP %s was answered with %v", q.key, v))
			continue
		}
		if pair[1] == last {
			return
		}
		n, err := strconv.ParseInt(fmt.Sprint(pair[1]), 10, 64)
		if err != nil {
			q.popper.foreign(fmt.Sprintf("BLPOP %s was answered with %v", q.key, v))
			continue
		}
		q.sequence.got(n)
	}
}

// end pushes the last element, more than once where its fate is not known.
func (q *queue) end() {
	for {
		if yes, _ := applied(q.pusher.one("RPUSH", q.key, last)); yes || q.pusher.conn == nil {
			break
		}
	}
	q.wg.Wait()
	q.pusher.hangUp()
	q.popper.hangUp()
}

func (q *queue) final(*servers.Node) {}
