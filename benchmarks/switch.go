package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"sentinelproxy/benchmarks/switching"
	"sentinelproxy/benchmarks/target"
)

// switchRun is "go run . switch": the latency picture of a planned switch.
func switchRun(ctx context.Context, args []string, progress io.Writer) error {
	var build target.Build
	o := switching.Options{Progress: progress}
	fs := flag.NewFlagSet("benchmarks switch", flag.ContinueOnError)
	fs.SetOutput(progress)
	fs.StringVar(&build.Bin, "proxy-bin", "", "sentinelproxy `program` to measure (default: built from the tree)")
	fs.IntVar(&o.Rate, "rate", 1000, "commands per second")
	fs.DurationVar(&o.Before, "before", 3*time.Second, "time before the switch")
	fs.DurationVar(&o.After, "after", 17*time.Second, "time after its beginning: Sentinel leaves the old master writable for ten seconds")
	out := fs.String("out", "results", "folder of the result files")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if fs.NArg() > 0 || o.Rate < 1 || o.Before <= 0 || o.After <= 0 {
		return usageError{"switch: there are no arguments, and all numbers are above 0"}
	}
	dir, err := os.MkdirTemp("", "sentinelproxy-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if o.Program, err = build.Program(dir); err != nil {
		return err
	}
	where := place(ctx, time.Now()).Line()
	seen, err := switching.Run(ctx, o)
	if err != nil {
		return err
	}
	path, err := switching.Write(*out, where, o, seen)
	if err == nil {
		fmt.Fprintln(progress, "written:", path)
	}
	return err
}
