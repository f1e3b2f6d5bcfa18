package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"go.uber.org/zap"

	"sentinelproxy/proxy"
)

// runCommand is `run`.
type runCommand struct {
	Settings settings `embed:""`
}

// Run returns when the proxy has stopped.
func (c *runCommand) Run() error {
	e, err := c.Settings.resolve()
	if err != nil {
		return err
	}
	e.cfg.Build.Version, e.cfg.Build.Commit = buildVersion()
	log, err := newLogger(&e.cfg)
	if err != nil {
		return err
	}
	for _, name := range unknownVariables() {
		log.Warn("this variable means nothing", zap.String("variable", name))
	}
	e.cfg.Build.Version, e.cfg.Build.Commit = buildVersion()
	ctx, stop := stopOnSignal(log)
	defer stop()
	return proxy.Run(ctx, e.cfg, log)
}

// stopOnSignal returns a context that the first SIGTERM or SIGINT cancels; the second ends the process
// at once. The goroutine ends with stop.
func stopOnSignal(log *zap.Logger) (_ context.Context, stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)
	stopped := make(chan struct{})
	go func() {
		for n := 0; ; n++ {
			select {
			case <-stopped:
				return
			case s := <-signals:
				if n > 0 {
					log.Error("second signal: stopping at once", zap.Stringer("signal", s))
					os.Exit(exitFailure)
				}
				log.Info("stopping; a second signal stops at once", zap.Stringer("signal", s))
				cancel()
			}
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(stopped)
		cancel()
	}
}
