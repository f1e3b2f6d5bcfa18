package history

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// refusals are the first words of error replies that say that nothing was applied. Behind any other a write may have been.
var refusals = []string{"NOMASTER", "READONLY", "LOADING", "MASTERDOWN", "UNBLOCKED", "NOREPLICAS", "EXECABORT", "BUSY", "OOM", "MISCONF", "NOAUTH"}

// memory is how many values of a key a client remembers, to ask for.
const memory = 8

// client is one of the clients. It is run by a goroutine of its own, which Stop waits for.
type client struct {
	run    *Run
	number int
	addr   string
	wire   *wire // nil: to be dialled

	written int                 // values, to make unique ones
	seen    map[string][]string // values by key; of the present keys
	of      int                 // seen is of this generation of keys

	operations []*Operation
	closed     int
	done       atomic.Int64
}

// work calls until the run is stopped.
func (c *client) work(ctx context.Context) {
	defer c.hangUp()
	for !c.run.stopped(ctx) {
		if !c.connected(ctx) {
			continue
		}
		batch := make([]*Operation, 1+rand.IntN(c.run.options.Pipeline))
		for i := range batch {
			batch[i] = c.next()
		}
		c.call(batch)
		c.done.Add(int64(len(batch)))
		time.Sleep(time.Duration(rand.Int64N(int64(2*c.run.options.Pause) + 1)))
	}
}

// connected dials if need be; not more often than every 10 ms.
func (c *client) connected(ctx context.Context) bool {
	if c.wire != nil {
		return true
	}
	w, err := dial(ctx, c.addr, c.run.options.Timeout)
	if err != nil {
		time.Sleep(10 * time.Millisecond)
		return false
	}
	c.wire = w
	return true
}

func (c *client) hangUp() {
	if c.wire != nil {
		c.wire.close()
		c.wire = nil
	}
}

// next makes up a call.
func (c *client) next() *Operation {
	o := &c.run.options
	generation := int(time.Since(c.run.began) / o.Fresh)
	if generation != c.of || c.seen == nil {
		c.seen, c.of = map[string][]string{}, generation
	}
	kind := o.Kinds[rand.IntN(len(o.Kinds))]
	name := pick(c.run.verbs[kind][rand.IntN(100) < int(o.Mix)])
	op := &Operation{Client: c.number, Addr: c.addr, Verb: name, Key: fmt.Sprintf("%s:%d:%d:%s", c.run.prefix, c.number/sharing, generation, kind)}
	v, seen := verbs[name], c.seen[op.Key]
	switch {
	case v.fresh:
		c.written++
		op.Value = fmt.Sprintf("%d.%d", c.number, c.written)
	case v.known && len(seen) > 0:
		op.Value = pick(seen)
	case v.known:
		op.Verb = final[kind] // then it knows some
	}
	if name == CAS && len(seen) > 0 {
		op.Old = seen[len(seen)-1]
	}
	return op
}

func pick[T any](list []T) T { return list[rand.IntN(len(list))] }

// call sends a batch and takes in the replies.
func (c *client) call(batch []*Operation) {
	var commands [][]string
	for _, o := range batch {
		commands = append(commands, verbs[o.Verb].send(o)...)
	}
	c.operations = append(c.operations, batch...)
	now := time.Since(c.run.began)
	for _, o := range batch {
		o.Call = now
	}
	_ = c.wire.conn.SetDeadline(time.Now().Add(c.run.options.Timeout))
	err := c.wire.send(commands)
	for _, o := range batch {
		var reply any
		for range verbs[o.Verb].send(o) {
			if err == nil {
				reply, err = c.wire.receive()
			}
		}
		o.Return = time.Since(c.run.began)
		if err != nil {
			o.Outcome, o.Error = Unknown, err.Error()
			continue
		}
		o.settle(reply)
		c.learn(o)
	}
	if err != nil {
		c.closed++
		c.hangUp()
	}
}

// settle takes in a reply as the wire has it.
func (o *Operation) settle(reply any) {
	if e, is := reply.(errorReply); is {
		o.Outcome, o.Error, o.replied = Unknown, string(e), true
		if slices.Contains(refusals, firstWord(o.Error)) {
			o.Outcome = Refused
		}
		return
	}
	o.Outcome = Answered
	var right bool
	if o.Reply, right = verbs[o.Verb].shape(reply); !right {
		o.Reply = misfit(fmt.Sprintf("%T %v", reply, reply))
	}
}

// misfit is a reply that can't be that of the verb.
type misfit string

func firstWord(text string) string {
	word, _, _ := strings.Cut(text, " ")
	return word
}

// learn remembers values that are, or were, in the key.
func (c *client) learn(o *Operation) {
	var news []string
	switch r := o.Reply.(type) {
	case Values:
		news = r.list()
	case string:
		if o.Verb == GET {
			news = []string{r}
		}
	}
	if v := verbs[o.Verb]; v.write && v.fresh && o.Outcome == Answered {
		news = append(news, o.Value)
	}
	seen := append(c.seen[o.Key], news...)
	c.seen[o.Key] = seen[max(0, len(seen)-memory):]
}
