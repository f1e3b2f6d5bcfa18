package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"sentinelproxy/internal/servers"
)

// limit of the whole run, from the first server on. It takes 35 to 50 s; more when the Sentinels' votes are
// split or an image is pulled. Compiling comes before: how long that takes says nothing about the demo.
const limit = 90 * time.Second

// Exit codes.
const (
	exitPassed      = 0
	exitNoticed     = 1
	exitNotBegun    = 2
	exitInterrupted = 130
)

var (
	errInterrupted = errors.New("interrupted")
	errOrphan      = errors.New("the program that started this one has ended")
	errLimit       = fmt.Errorf("not finished within %v", limit)
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.SetOutput(stderr)
	withoutProxy := flags.Bool("without-proxy", false, "lead the clients straight to the first Redis, to see what they are spared; ends with 1")
	if err := flags.Parse(args); err != nil {
		return exitNotBegun
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(stderr, "demo: unexpected argument %q\n", flags.Arg(0))
		return exitNotBegun
	}
	d, err := prepare(stdout, *withoutProxy)
	if err != nil {
		fmt.Fprintf(stderr, "demo: %v\n", err)
		return exitNotBegun
	}

	ctx, cancel := endings()
	defer cancel(nil)
	passed, err := d.buildAndWalk(ctx)
	switch {
	case errors.Is(err, errInterrupted):
		fmt.Fprintln(stderr, "\ndemo: interrupted; everything is stopped")
		return exitInterrupted
	case err != nil:
		fmt.Fprintf(stderr, "\ndemo: %v\n", err)
		return exitNoticed
	case !passed:
		return exitNoticed
	default:
		return exitPassed
	}
}

// prepare looks whether the demo can begin.
func prepare(stdout io.Writer, withoutProxy bool) (*demo, error) {
	if err := findTools(); err != nil {
		return nil, err
	}
	if err := namedEngine(); err != nil {
		return nil, err
	}
	ports, err := choosePorts(os.Getenv(portBase))
	if err != nil {
		return nil, err
	}
	if err := ports.free(); err != nil {
		return nil, err
	}
	pool, err := servers.New()
	if err != nil {
		return nil, err
	}
	return &demo{story: &story{out: stdout}, ports: ports, withoutProxy: withoutProxy, pool: pool}, nil
}

// buildAndWalk compiles the proxy, then begins the clock.
func (d *demo) buildAndWalk(ctx context.Context) (bool, error) {
	if !d.withoutProxy {
		dir, err := os.MkdirTemp("", "sentinelproxy-demo-")
		if err != nil {
			return false, err
		}
		defer os.RemoveAll(dir)
		fmt.Fprintln(d.story.out, "building the proxy")
		if d.binary, err = buildProxy(ctx, dir); err != nil {
			return false, errors.Join(context.Cause(ctx), err)
		}
	}
	if !dragonflyInstalled() {
		fmt.Fprintln(d.story.out, "building the double of Dragonfly, in case that there is no image either")
		_ = d.pool.BuildDouble() // fails again, and is told, when it is needed
	}
	d.story.start = time.Now()
	ctx, cancel := context.WithDeadlineCause(ctx, d.story.start.Add(limit), errLimit)
	defer cancel()
	return d.walkOrStop(ctx)
}

// walkOrStop walks in a goroutine of its own. When ctx ends first, the servers are killed at once, on which
// whatever the walk waits for fails.
func (d *demo) walkOrStop(ctx context.Context) (passed bool, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		passed, err = d.walk(ctx)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		_ = d.pool.Close() // again below, and reported there
		<-done
		passed, err = false, context.Cause(ctx)
	}
	return passed, errors.Join(err, d.pool.Close())
}

// endings is a context that ends on a signal, or when the parent is gone: `go run` does not pass SIGTERM on,
// it just ends.
func endings() (context.Context, context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	parent := os.Getppid()
	go func() {
		defer signal.Stop(signals)
		for {
			select {
			case <-ctx.Done():
				return
			case <-signals:
				cancel(errInterrupted)
			case <-time.After(500 * time.Millisecond):
				if os.Getppid() != parent {
					cancel(errOrphan)
				}
			}
		}
	}()
	return ctx, cancel
}
