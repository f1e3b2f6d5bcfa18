package main

import (
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
	ctx, stop := stopOnSignal(log)
	defer stop()
	return proxy.Run(ctx, e.cfg, log)
}
