package load

import (
	"context"
	"sync"
	"time"
)

// Call is one of Pace's calls.
type Call struct {
	Due     time.Duration // since the first one was
	Latency time.Duration // from when it was due
	Err     error
}

// Pace makes calls at a fixed rate per second for a time, with a number of workers, and returns all of them, in the order in
// which they were due. A call whose turn comes while all workers wait is made when one is free; its latency counts from when it
// was due, as Loop's does. It is for client libraries, whose own threads and retries are part of the picture; each call costs
// far more than one of Loop.
func Pace(ctx context.Context, rate int, d time.Duration, workers int, call func(ctx context.Context, i int) error) []Call {
	n := int(d.Seconds() * float64(rate))
	calls := make([]Call, n)
	due := make(chan int, n) // never blocks: who is late must not slow down the clock
	start := time.Now()
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := range due {
				err := call(ctx, i)
				calls[i].Latency, calls[i].Err = time.Since(start)-calls[i].Due, err
			}
		})
	}
	for i := range calls {
		calls[i].Due = time.Duration(i) * time.Second / time.Duration(rate)
		time.Sleep(time.Until(start.Add(calls[i].Due)))
		due <- i
	}
	close(due)
	wg.Wait()
	return calls
}
