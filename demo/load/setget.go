package load

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"sentinelproxy/demo/tally"
)

// keys is how many keys one setGet sets in turn.
const keys = 32

// setGet sets keys of its own, each time to a value that was never used before, and reads them back: a
// reply that belongs to another command, another client or another time is noticed.
type setGet struct {
	prefix    string
	sets      int
	registers [keys]tally.Register
}

func newSetGet(prefix string) *setGet { return &setGet{prefix: prefix} }

// next key to set, and its value.
func (t *setGet) next() (i int, value string) {
	t.sets++
	return t.sets % keys, fmt.Sprintf("%svalue-%d", t.prefix, t.sets)
}

func (t *setGet) key(i int) string { return fmt.Sprintf("%skey-%d", t.prefix, i) }

func (t *setGet) round(ctx context.Context, w *worker) bool {
	i, value := t.next()
	var set *redis.StatusCmd
	w.timed(1, func() { set = w.client.Set(ctx, t.key(i), value, 0) })
	good := t.settleSet(w, set, i, value)

	var get *redis.StringCmd
	w.timed(1, func() { get = w.client.Get(ctx, t.key(i)) })
	return t.settleGet(w, get, i) && good
}

func (t *setGet) settleSet(w *worker, cmd *redis.StatusCmd, i int, value string) bool {
	if err := cmd.Err(); err != nil {
		if !notSent(err) {
			t.registers[i].Lost(value)
		}
		return w.failed("SET", err)
	}
	t.registers[i].Acked(value)
	if cmd.Val() != "OK" {
		return w.served(fmt.Errorf("SET answered %q", cmd.Val()))
	}
	return w.served(nil)
}

func (t *setGet) settleGet(w *worker, cmd *redis.StringCmd, i int) bool {
	if err := cmd.Err(); err != nil && !errors.Is(err, redis.Nil) {
		return w.failed("GET", err)
	}
	if err := t.registers[i].Check(cmd.Val()); err != nil {
		return w.served(fmt.Errorf("GET %s: %w", t.key(i), err))
	}
	return w.served(nil)
}

func (t *setGet) check(ctx context.Context, master *redis.Client) Data {
	var data Data
	for i := range t.registers {
		data.Add(checkRegister(ctx, master, t.key(i), &t.registers[i]))
	}
	return data
}

func checkRegister(ctx context.Context, master *redis.Client, key string, register *tally.Register) Data {
	data := Data{Keys: 1}
	value, err := master.Get(ctx, key).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		data.Lost = append(data.Lost, fmt.Sprintf("%s: can't be read: %v", key, err))
	} else if err := register.Check(value); err != nil {
		data.Lost = append(data.Lost, fmt.Sprintf("%s: %v", key, err))
	}
	return data
}

// pipedSetGet is the same in pipelines of SET, GET, SET, GET, ...
type pipedSetGet struct{ *setGet }

func (t *pipedSetGet) round(ctx context.Context, w *worker) bool {
	type pair struct {
		i     int
		value string
		set   *redis.StatusCmd
		get   *redis.StringCmd
	}
	var pairs []pair
	w.timed(pipeline, func() {
		p := w.client.Pipeline()
		for range pipeline / 2 {
			i, value := t.next()
			pairs = append(pairs, pair{i, value, p.Set(ctx, t.key(i), value, 0), p.Get(ctx, t.key(i))})
		}
		_, _ = p.Exec(ctx) // each command has its own error
	})
	good := true
	for _, x := range pairs {
		good = t.settleSet(w, x.set, x.i, x.value) && good
		good = t.settleGet(w, x.get, x.i) && good
	}
	return good
}
