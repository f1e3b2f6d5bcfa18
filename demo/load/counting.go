package load

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"sentinelproxy/demo/tally"
)

// pipeline is the number of commands sent together.
const pipeline = 16

// counting increments a key of its own. INCR is the write that no proxy may repeat: applied twice it gives
// another state. So this is where UNKNOWNOUTCOME may come from.
type counting struct {
	key     string
	counter tally.Counter
}

func (t *counting) round(ctx context.Context, w *worker) bool {
	var cmd *redis.IntCmd
	w.timed(1, func() { cmd = w.client.Incr(ctx, t.key) })
	return t.settle(w, cmd)
}

func (t *counting) settle(w *worker, cmd *redis.IntCmd) bool {
	err := cmd.Err()
	if err == nil {
		return w.served(t.counter.Acked(cmd.Val()))
	}
	if !notSent(err) {
		t.counter.Lost()
	}
	if isUnknown(err.Error()) && w.stopping.Load() {
		w.seen.Unknown()
		return true
	}
	return w.failed("INCR", err)
}

func (t *counting) check(ctx context.Context, master *redis.Client) Data {
	return checkCounter(ctx, master, t.key, &t.counter)
}

func checkCounter(ctx context.Context, master *redis.Client, key string, counter *tally.Counter) Data {
	data := Data{Acknowledged: counter.Acknowledged, Unsure: counter.Unsure}
	value, err := master.Get(ctx, key).Int64()
	if err != nil && !errors.Is(err, redis.Nil) {
		data.Lost = append(data.Lost, fmt.Sprintf("%s: can't be read: %v", key, err))
		return data
	}
	data.Final = uint64(value)
	if err := counter.Final(value); err != nil {
		data.Lost = append(data.Lost, fmt.Sprintf("%s: %v", key, err))
	}
	return data
}

// pipedCounting is the same in pipelines.
type pipedCounting struct{ counting }

func (t *pipedCounting) round(ctx context.Context, w *worker) bool {
	var cmds []*redis.IntCmd
	w.timed(pipeline, func() {
		p := w.client.Pipeline()
		for range pipeline {
			cmds = append(cmds, p.Incr(ctx, t.key))
		}
		_, _ = p.Exec(ctx) // each command has its own error
	})
	good := true
	for _, cmd := range cmds {
		good = t.settle(w, cmd) && good
	}
	return good
}
