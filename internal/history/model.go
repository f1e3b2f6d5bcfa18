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

func (k *key) model() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return position{state: initial[k.kind]} },
		Step: func(before, input, _ any) (bool, any) {
			p, c := before.(position), input.(*call)
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
	observed := k.observed()
	var turns position
	for _, o := range k.operations {
		v, c := verbs[o.Verb], &call{o, -1}
		entry := porcupine.Operation{ClientId: o.Client, Input: c, Call: int64(o.Call), Return: int64(o.Return)}
		switch {
		case o.Outcome == Answered:
		case o.Outcome == Refused, !v.write, v.fresh && !observed[o.Value]:
			continue
		default:
			// Never applied is the same as applied after everything else: whatever it does there, nobody sees.
			entry.Return = int64(end) + 1
			if o.Value == "" {
				turn := turns.turn(o.Verb)
				c.turn = *turn
				*turn++
			}
		}
		list = append(list, entry)
	}
	return list
}

// observed are the values whose being there any reply shows. A write of unknown outcome that nothing shows can be left out: if it
// fits into an order, the order without it fits as well. Not so in a list, whose length shows it.
func (k *key) observed() map[string]bool {
	values := map[string]bool{}
	for _, o := range k.operations {
		if o.Outcome != Answered {
			values[o.Value] = values[o.Value] || k.kind == List
			continue
		}
		values[o.Value], values[o.Old] = true, true
		for _, value := range o.values() {
			values[value] = true
		}
	}
	return values
}
