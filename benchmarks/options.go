package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"sentinelproxy/benchmarks/load"
	"sentinelproxy/benchmarks/target"
)

// options are the flags, checked. Lists are comma-separated on the command line.
type options struct {
	targets []string // nil: all that the machine can run
	rounds  int
	each    time.Duration // aimed at per run
	cases   []load.Case
	keys    int
	threads int
	quick   bool
	a, b    target.Build // what rows sentinelproxy and sentinelproxy-b run
	out     string
	name    string // of the result files, without suffix
	readme  string
	assert  bool
}

// parse reads the command line. A wrong value is an error that names its flag; flag.ErrHelp when help was asked for.
func parse(args []string, usage io.Writer) (options, error) {
	var o options
	fs := flag.NewFlagSet("benchmarks", flag.ContinueOnError)
	fs.SetOutput(usage)
	targets := fs.String("targets", "", "rows to measure, of "+strings.Join(target.Names(), ",")+" (default: all but the optional ones whose program is missing, and haproxy-2t with -quick)")
	fs.IntVar(&o.rounds, "rounds", 5, "rounds; each measures every case against every target (with -quick: 3)")
	seconds := fs.Float64("seconds", 3, "seconds that one run should take (with -quick: 1.5)")
	commands := fs.String("commands", "set,get", "commands to measure")
	sizes := fs.String("sizes", "64", "sizes of a value in bytes")
	conns := fs.String("conns", "50", "numbers of client connections")
	depths := fs.String("depths", "1,16", "pipeline depths")
	fs.IntVar(&o.keys, "keys", 10000, "size of the keyspace; every key exists")
	fs.IntVar(&o.threads, "threads", 1, "threads of redis-benchmark")
	fs.BoolVar(&o.quick, "quick", false, "two minutes instead of ten")
	fs.StringVar(&o.a.Bin, "proxy-bin", "", "sentinelproxy `program` to measure (default: built from the tree)")
	argsA := fs.String("proxy-args", "", "further flags of sentinelproxy run, like \"--lanes 2\"")
	fs.StringVar(&o.b.Bin, "proxy-bin-b", "", "second `program`, measured as row sentinelproxy-b")
	argsB := fs.String("proxy-args-b", "", "further flags of row sentinelproxy-b")
	fs.StringVar(&o.out, "out", "results", "folder of the result files")
	fs.StringVar(&o.name, "name", "", "name of the result files (default: bench, with -quick quick, with flags that change what is measured tuning)")
	fs.StringVar(&o.readme, "readme", "", "`file` in which to replace the table between the markers bench:begin and bench:end")
	fs.BoolVar(&o.assert, "assert", false, "exit with 1 unless every requirement is met")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	if fs.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}
	given := map[string]bool{}
	fs.Visit(func(f *flag.Flag) { given[f.Name] = true })
	if o.quick && !given["rounds"] {
		o.rounds = 3
	}
	if o.quick && !given["seconds"] {
		*seconds = 1.5
	}
	o.each = time.Duration(*seconds * float64(time.Second))
	o.a.Args, o.b.Args = strings.Fields(*argsA), strings.Fields(*argsB)
	o.name = defaultName(o, given)
	err := errors.Join(o.matrix(*commands, *sizes, *conns, *depths), o.rows(*targets), o.check())
	return o, err
}

// defaultName keeps a run with other flags from replacing the results that are in the repository.
func defaultName(o options, given map[string]bool) string {
	if o.name != "" {
		return o.name
	}
	for _, harmless := range []string{"quick", "out", "readme", "assert"} {
		delete(given, harmless)
	}
	switch {
	case len(given) > 0:
		return "tuning"
	case o.quick:
		return "quick"
	}
	return "bench"
}

func (o *options) matrix(commands, sizes, conns, depths string) error {
	names := list(commands)
	for _, name := range names {
		if !slices.Contains([]string{"get", "set"}, strings.ToLower(name)) {
			return fmt.Errorf("-commands: %q is neither get nor set", name)
		}
	}
	s, err1 := numbers("-sizes", sizes)
	c, err2 := numbers("-conns", conns)
	d, err3 := numbers("-depths", depths)
	o.cases = load.Matrix(names, s, c, d)
	return errors.Join(err1, err2, err3)
}

// rows sets the targets and adds sentinelproxy-b when a flag speaks of it.
func (o *options) rows(targets string) error {
	o.targets = list(targets)
	for i, name := range o.targets {
		if slices.Contains(o.targets[:i], name) {
			return fmt.Errorf("-targets: %q stands there twice", name)
		}
		if !slices.Contains(target.Names(), name) {
			return fmt.Errorf("-targets: unknown %q; there are %s", name, strings.Join(target.Names(), ", "))
		}
	}
	second := o.b.Bin != "" || len(o.b.Args) > 0
	if o.b.Bin == "" {
		o.b.Bin = o.a.Bin
	}
	if o.targets == nil {
		o.targets = target.Available(o.quick)
	}
	if second && !slices.Contains(o.targets, target.SelfB) {
		at := slices.Index(o.targets, target.Self) + 1 // beside the row it is compared with, or first
		o.targets = slices.Insert(o.targets, at, target.SelfB)
	}
	return nil
}

func (o *options) check() error {
	for name, bad := range map[string]bool{
		"-rounds": o.rounds < 1, "-seconds": o.each < 100*time.Millisecond, "-keys": o.keys < 1, "-threads": o.threads < 1,
	} {
		if bad {
			return fmt.Errorf("%s: too small", name)
		}
	}
	return nil
}

// list splits at commas; nil when s is empty.
func list(s string) []string {
	if strings.TrimSpace(s) == "" {
		return nil
	}
	parts := strings.Split(s, ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts
}

func numbers(name, s string) ([]int, error) {
	var ns []int
	for _, part := range list(s) {
		n, err := strconv.Atoi(part)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%s: %q is not a positive number", name, part)
		}
		ns = append(ns, n)
	}
	if len(ns) == 0 {
		return nil, fmt.Errorf("%s: empty", name)
	}
	return ns, nil
}
