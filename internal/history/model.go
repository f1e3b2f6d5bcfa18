package history

import (
	"time"

	"github.com/anishathalye/porcupine"
)

// call is an operation for the checker.
type call struct {
	*Operation
	// turn is the number among calls of unknown outcome that are the same in everything but the time: INCR, INCRTWICE and LPOP. Which of them were
	// applied makes no difference, so they are taken to have been applied in their order. -1: there are none like it.
	turn int
}

// position is a key's state, and how many of the calls that have a turn have been applied: INCRTWICE, others.
type position struct {
	state    any
	twice, n int
}

func (p *position) turn(v Verb) *int {
	if v == INCRTWICE {
		return &p.twice
	}
	return &p.n
}

// model counts steps, and lets nothing pass any more after the limit.
func (k *key) model(steps *int, limit int) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return position{state: initial[k.kind]} },
		Step: func(before, input, _ any) (bool, any) {
			p, c := before.(position), input.(*call)
			if *steps++; *steps > limit {
				return false, p
			}
			if turn := p.turn(c.Verb); c.turn >= 0 {
				if *turn != c.turn {
					return false, p
				}
				*turn++
			}
			reply, next := verbs[c.Verb].apply(p.state, c.Operation)
			p.state = next
			return c.Outcome == Unknown || reply == c.Reply, p
		},
	}
}

// calls are the operations that the checker has to put in order.
func (k *key) calls() (list []porcupine.Operation) {
	var end time.Duration
	for _, o := range k.operations {
		end = max(end, o.Call, o.Return)
	}
	shown := k.shown()
	var turns position
	for _, o := range k.operations {
		v, c := verbs[o.Verb], &call{o, -1}
		entry := porcupine.Operation{ClientId: o.Client, Input: c, Call: int64(o.Call), Return: int64(o.Return)}
		if o.Outcome == Unknown {
			// Never applied is the same as applied after everything else: whatever it does there, nobody sees.
			entry.Return = int64(end) + 1
		}
		at, is := shown[o.Value]
		switch {
		case o.Outcome == Answered:
		case o.Outcome == Refused, !v.write:
			continue
		case v.fresh && is:
			entry.Return = int64(max(at, o.Call))
		case v.fresh && k.kind != List:
			// What nothing shows can be left out: if it fits into an order, the order without it fits as well. Not so in a
			// list, whose length shows it.
			continue
		case !v.fresh && !v.known:
			turn := turns.turn(o.Verb)
			c.turn = *turn
			*turn++
		}
		list = append(list, entry)
	}
	return list
}

// shown tells by when each value must have been written, as replies show it.
func (k *key) shown() map[string]time.Duration {
	values := map[string]time.Duration{}
	show := func(value string, at time.Duration) {
		if before, is := values[value]; !is || at < before {
			values[value] = at
		}
	}
	for _, o := range k.operations {
		for _, value := range o.values() {
			show(value, o.Return)
		}
		switch {
		case o.Verb == CAS && o.Reply == int64(1):
			show(o.Old, o.Return)
		case verbs[o.Verb].known && o.Reply == int64(1):
			show(o.Value, o.Return)
		}
	}
	return values
}
