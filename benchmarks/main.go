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

func main() {
	o, err := parse(os.Args[1:], os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		os.Exit(0)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchmarks:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	met, err := bench(ctx, o, os.Stdout)
	stop()
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "benchmarks:", err)
		os.Exit(1)
	case o.assert && !met:
		fmt.Fprintln(os.Stderr, "benchmarks: not all requirements are met")
		os.Exit(1)
	}
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
