// Command dragonflydouble behaves like Dragonfly, as far as package dragonflydouble says, and takes its flags.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"sentinelproxy/internal/dragonflydouble"
)

func main() {
	runtime.LockOSThread() // the private redis-server dies with the thread that starts it: this one lasts
	if err := run(); err != nil {
		fmt.Fprintf(os.Stderr, "dragonflydouble: %v\n", err)
		os.Exit(1)
	}
}

func run() error {
	options, err := dragonflydouble.ParseFlags(os.Args[1:], os.Stderr)
	if err != nil {
		return err
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	return dragonflydouble.Run(ctx, options)
}
