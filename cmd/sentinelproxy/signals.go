package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"go.uber.org/zap"
)

// sameWithin: signals that come so close together are one. A terminal's Ctrl-C goes to the whole process group, and a
// supervisor in it often passes it on as well.
const sameWithin = 100 * time.Millisecond

// stopOnSignal returns a context that the first SIGTERM or SIGINT cancels; the second ends the process
// at once. SIGHUP is taken for what it means to other servers, and only answered. The goroutine ends with stop.
func stopOnSignal(log *zap.Logger) (_ context.Context, stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt, syscall.SIGHUP)
	stopped := make(chan struct{})
	go func() {
		var first time.Time
		for {
			select {
			case <-stopped:
				return
			case s := <-signals:
				switch now := time.Now(); {
				case s == syscall.SIGHUP:
					log.Warn("SIGHUP: ignored; the configuration is read at the start only, a change needs a restart")
				case first.IsZero():
					first = now
					log.Info("stopping; a second signal stops at once", zap.Stringer("signal", s))
					cancel()
				case now.Sub(first) >= sameWithin:
					log.Error("second signal: stopping at once", zap.Stringer("signal", s))
					os.Exit(exitFailure)
				}
			}
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(stopped)
		cancel()
	}
}
