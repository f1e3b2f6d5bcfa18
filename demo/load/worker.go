package load

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"sentinelproxy/demo/tally"
)

const (
	pause      = 2 * time.Millisecond  // between rounds: an application, not a benchmark
	errorPause = 20 * time.Millisecond // after an error: a client without service would only count errors otherwise
)

// worker is one go-redis client with one connection. Its goroutine is started by startWorker, ends when
// stop is closed and the command under way has ended, and closes done, for which end waits.
type worker struct {
	name     string
	start    time.Time
	stopping *atomic.Bool
	client   *redis.Client
	conns    *connections
	seen     *tally.Client
	task     task
	stop     chan struct{}
	done     chan struct{}
}

// task is what a worker does: round does its commands once and says whether all went well.
type task interface {
	round(ctx context.Context, w *worker) bool
	check(ctx context.Context, master *redis.Client) Data
}

func startWorker(o Options, name string, t task) *worker {
	seen := tally.NewClient(time.Now())
	w := &worker{
		name: name, start: o.Start, stopping: o.Stopping, task: t, seen: seen,
		conns: &connections{seen: seen}, stop: make(chan struct{}), done: make(chan struct{}),
	}
	// The library's defaults, but that one connection shows whether it was closed, and that no retry hides
	// anything. For ReadTimeout see there.
	w.client = redis.NewClient(&redis.Options{
		Addr: o.Addr, Dialer: w.conns.dial, PoolSize: 1, MaxRetries: -1, DialerRetries: 1,
		ReadTimeout: ReadTimeout, ConnMaxIdleTime: -1,
	})
	go w.run()
	return w
}

func (w *worker) run() {
	defer close(w.done)
	for {
		wait := pause
		if !w.task.round(context.Background(), w) {
			wait = errorPause
		}
		select {
		case <-w.stop:
			return
		case <-time.After(wait):
		}
	}
}

// end waits for the command under way until limit, then takes its connection away.
func (w *worker) end(limit time.Time) {
	select {
	case <-w.done:
	case <-time.After(time.Until(limit)):
		w.conns.abandon()
		<-w.done
	}
	w.conns.end()
	_ = w.client.Close() // nothing to do about it
}

// timed runs do as one thing that the client waits for: n commands sent together.
func (w *worker) timed(n int, do func()) {
	w.seen.Sent(time.Now())
	do()
	w.seen.Done(time.Now(), n)
}

// served checks a good reply.
func (w *worker) served(wrong error) bool {
	w.seen.Served(time.Now())
	if wrong != nil {
		w.seen.Wrong(w.message(wrong.Error()))
	}
	return wrong == nil
}

// failed counts an error.
func (w *worker) failed(what string, err error) bool {
	w.seen.Failed(w.message(what + ": " + brief(err)))
	return false
}

func (w *worker) message(text string) string {
	return fmt.Sprintf("%.1f s, %s: %s", time.Since(w.start).Seconds(), w.name, text)
}

// notSent: there was no connection to send the command on.
func notSent(err error) bool {
	op := (*net.OpError)(nil)
	return errors.As(err, &op) && op.Op == "dial"
}

// brief leaves the addresses out of network errors.
func brief(err error) string {
	if op := (*net.OpError)(nil); errors.As(err, &op) {
		return op.Op + ": " + op.Err.Error()
	}
	return err.Error()
}
