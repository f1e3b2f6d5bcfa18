package history

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"
)

// Mix is how many of a hundred calls are writes.
type Mix int

// Mixes.
const (
	ReadHeavy  Mix = 10
	Mixed      Mix = 50
	WriteHeavy Mix = 90
)

// sharing is how many clients share keys: more make a key's history too wide to be checked.
const sharing = 8

// Options of a Run. What is 0 has its default.
type Options struct {
	Addrs    []string      // host:port; the clients are dealt out to them in turn, and every key is used through all of them
	Clients  int           // 8
	Mix      Mix           // Mixed
	Kinds    []Kind        // all
	Fresh    time.Duration // how long a set of keys is in use; 1 s
	Pause    time.Duration // of a client between two calls, on average; 2 ms
	Pipeline int           // how many calls a client sends at once, at most; 1
	Timeout  time.Duration // after which a client takes the connection for broken; 90 s, which is more than the proxy's limit of a hold
}

func (o *Options) complete() {
	for _, d := range []struct {
		is  *time.Duration
		def time.Duration
	}{{&o.Fresh, time.Second}, {&o.Pause, 2 * time.Millisecond}, {&o.Timeout, 90 * time.Second}} {
		if *d.is == 0 {
			*d.is = d.def
		}
	}
	if o.Clients == 0 {
		o.Clients = 8
	}
	if o.Mix == 0 {
		o.Mix = Mixed
	}
	if len(o.Kinds) == 0 {
		o.Kinds = []Kind{Counter, Register, List, Set}
	}
	o.Pipeline = max(o.Pipeline, 1)
}

// Run is clients at work.
type Run struct {
	options Options
	prefix  string // of the keys: no other run's
	began   time.Time
	verbs   map[Kind]map[bool][]Verb // by whether they write

	clients []*client
	stop    chan struct{}
	ended   sync.WaitGroup
	ctx     context.Context // what ends it ends all connections, too
}

// Start lets the clients begin. It fails where one can't connect. When ctx ends, connections are broken off.
func Start(ctx context.Context, o Options) (*Run, error) {
	if len(o.Addrs) == 0 {
		return nil, errors.New("no address")
	}
	o.complete()
	r := &Run{
		options: o, prefix: fmt.Sprintf("history:%06x", rand.IntN(1<<24)), began: time.Now(),
		verbs: map[Kind]map[bool][]Verb{}, stop: make(chan struct{}), ctx: ctx,
	}
	for _, name := range slices.Sorted(maps.Keys(verbs)) {
		v := verbs[name]
		if r.verbs[v.kind] == nil {
			r.verbs[v.kind] = map[bool][]Verb{}
		}
		r.verbs[v.kind][v.write] = append(r.verbs[v.kind][v.write], name)
	}
	for i := range o.Clients {
		c := &client{run: r, number: i, addr: o.Addrs[i%len(o.Addrs)]}
		r.clients = append(r.clients, c)
		var err error
		if c.wire, err = dial(ctx, c.addr, o.Timeout); err != nil {
			for _, c := range r.clients {
				c.hangUp()
			}
			return nil, err
		}
	}
	for _, c := range r.clients {
		r.ended.Go(func() { c.work(ctx) })
	}
	return r, nil
}

func (r *Run) stopped(ctx context.Context) bool {
	select {
	case <-r.stop:
		return true
	case <-ctx.Done():
		return true
	default:
		return false
	}
}

// Works waits until every client has done n more calls.
func (r *Run) Works(ctx context.Context, n int) error {
	ends := make([]int64, len(r.clients))
	for i, c := range r.clients {
		ends[i] = c.done.Load() + int64(n)
	}
	for i, c := range r.clients {
		for c.done.Load() < ends[i] {
			select {
			case <-ctx.Done():
				return fmt.Errorf("client %d at %s lacks %d calls of %d: %w", c.number, c.addr, ends[i]-c.done.Load(), n, ctx.Err())
			case <-time.After(time.Millisecond):
			}
		}
	}
	return nil
}

// Stop ends the clients, each when its last call is answered, reads every key once more through the first address, and returns
// what was seen. Call it once.
func (r *Run) Stop() *History {
	close(r.stop)
	r.ended.Wait()
	h := &History{Began: r.began}
	for _, c := range append(r.clients, r.readAll()) {
		h.Operations = append(h.Operations, c.operations...)
		h.closed += c.closed
	}
	slices.SortStableFunc(h.Operations, func(a, b *Operation) int { return int(a.Call - b.Call) })
	return h
}

// readAll is one more client that reads each key that was used.
func (r *Run) readAll() *client {
	keys := map[string]Verb{}
	for _, c := range r.clients {
		for _, o := range c.operations {
			keys[o.Key] = final[verbs[o.Verb].kind]
		}
	}
	reader := &client{run: r, number: len(r.clients), addr: r.options.Addrs[0], seen: map[string][]string{}}
	defer reader.hangUp()
	for _, key := range slices.SortedFunc(maps.Keys(keys), strings.Compare) {
		if !reader.connected(r.ctx) {
			break // then nothing is known of how it ended, and the other checks have to do
		}
		reader.call([]*Operation{{Client: reader.number, Addr: reader.addr, Verb: keys[key], Key: key, final: true}})
	}
	return reader
}
