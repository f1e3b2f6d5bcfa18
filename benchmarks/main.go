// The benchmarks: sentinelproxy side by side with the proxies people use today, all in one run. See README.md for the method.
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

	"sentinelproxy/benchmarks/report"
	"sentinelproxy/benchmarks/usage"
)

// usageError is a wrong command line.
type usageError struct{ text string }

func (e usageError) Error() string { return e.text }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := command(ctx, os.Args[1:])
	stop()
	var wrong usageError
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
	case errors.As(err, &wrong):
		fmt.Fprintln(os.Stderr, "benchmarks:", err)
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, "benchmarks:", err)
		os.Exit(1)
	}
}

// command runs what the first argument names: the comparison when that is a flag.
func command(ctx context.Context, args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case "switch":
			return switchRun(ctx, args[1:], os.Stderr)
		case "sizing":
			return sizingRun(ctx, args[1:], os.Stderr)
		}
	}
	o, err := parse(args, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return err
	case err == nil:
		err = o.paths()
	}
	if err != nil {
		return usageError{err.Error()}
	}
	met, err := bench(ctx, o, os.Stdout)
	if err == nil && o.assert && !met {
		err = errors.New("not all requirements are met")
	}
	return err
}

// bench measures, prints and writes; met says whether every requirement was.
func bench(ctx context.Context, o options, out io.Writer) (met bool, err error) {
	if o.readme != "" {
		if err := report.CheckMarkers(o.readme); err != nil {
			return false, fmt.Errorf("-readme: %w", err)
		}
	}
	// Before anything is started, which inherits the limit.
	if _, err := usage.Descriptors(); err != nil {
		return false, err
	}
	r, err := prepare(o)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, r.env.Close()) }()
	if len(r.pairs()) == 0 {
		return false, usageError{"nothing to measure: none of the -targets can do any of these cases"}
	}

	meta := r.describe(ctx, time.Now())
	samples, err := r.run(ctx)
	if err != nil {
		return false, err
	}
	facts, err := r.measureFacts(ctx)
	if err != nil {
		return false, err
	}
	verdicts := append(report.Judge(samples, report.Required()), facts.Verdicts()...)
	report.Full(out, meta, samples, verdicts)
	path, err := report.Write(o.out, o.name, meta, samples, verdicts)
	if err != nil {
		return false, err
	}
	fmt.Fprintln(os.Stderr, "written:", path)
	return report.AllMet(verdicts), updateReadme(o.readme, meta, samples, verdicts)
}
