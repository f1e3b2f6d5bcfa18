package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"sentinelproxy/benchmarks/load"
	"sentinelproxy/benchmarks/target"
)

// options are the flags, checked. Lists are comma-separated on the command line.
type options struct {
	targets []string
	named   bool // the targets were; else they are all that the machine can run
	rounds  int
	each    time.Duration // aimed at per run
	cases   []load.Case
	keys    int
	threads int
	load    string // auto, redis-benchmark or loop
	quick   bool
	facts   bool         // idle connections, very many connections
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
	seconds := fs.Float64("seconds", 0.6, "seconds that one run should take")
	var m matrix
	m.add(fs, &m.commands, "commands", "set,get", "commands to measure, of "+strings.ToLower(strings.Join(load.Commands(), ",")))
	m.add(fs, &m.sizes, "sizes", "64", "sizes of a value in bytes")
	m.add(fs, &m.conns, "conns", "50", "numbers of client connections")
	m.add(fs, &m.depths, "depths", "1,16", "pipeline depths")
	m.add(fs, &m.protocols, "protocols", "2", "2 for RESP2, 3 for RESP3")
	m.add(fs, &m.rates, "rates", "0", "fixed commands per second of all connections; 0: as many as the replies allow")
	fs.StringVar(&o.load, "load", "auto", "generator: redis-benchmark, loop (our own), or auto: redis-benchmark for what it can do")
	fs.IntVar(&o.keys, "keys", 10000, "size of the keyspace; every key exists")
	fs.IntVar(&o.threads, "threads", 1, "threads of redis-benchmark")
	fs.BoolVar(&o.quick, "quick", false, "between two and three minutes instead of ten: only what the requirements speak of")
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
	o.each = time.Duration(*seconds * float64(time.Second))
	o.a.Args, o.b.Args = strings.Fields(*argsA), strings.Fields(*argsB)
	o.a.Flag, o.b.Flag = "-proxy-args", "-proxy-args-b"
	o.name = defaultName(o, given)
	o.facts = !given["targets"] && !m.given(given)
	var err error
	switch {
	case m.given(given):
		o.cases, err = m.product()
	case o.quick:
		o.cases = load.Core()
	default:
		o.cases = load.Star()
	}
	return o, errors.Join(err, o.rows(*targets), o.check())
}

// paths makes the folder of the result files, before anything is measured for it, and finds the programs, which are started elsewhere.
func (o *options) paths() error {
	if err := os.MkdirAll(o.out, 0o777); err != nil {
		return fmt.Errorf("-out: %w", err)
	}
	for name, bin := range map[string]*string{"-proxy-bin": &o.a.Bin, "-proxy-bin-b": &o.b.Bin} {
		if *bin == "" {
			continue
		}
		found, err := exec.LookPath(*bin)
		if err == nil {
			found, err = filepath.Abs(found)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		*bin = found
	}
	return nil
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
	o.named = o.targets != nil
	if !o.named {
		o.targets = target.Available(o.quick)
	}
	if second && !slices.Contains(o.targets, target.SelfB) {
		at := slices.Index(o.targets, target.Self) + 1 // beside the row it is compared with, or first
		o.targets = slices.Insert(o.targets, at, target.SelfB)
	}
	return nil
}

func (o *options) check() error {
	if !slices.Contains([]string{"auto", "redis-benchmark", "loop"}, o.load) {
		return fmt.Errorf("-load: %q is neither auto, redis-benchmark nor loop", o.load)
	}
	for _, c := range o.cases {
		if o.load == "redis-benchmark" && !(load.RedisBenchmark{}).Can(c) {
			return fmt.Errorf("-load: redis-benchmark can't do %s", c)
		}
	}
	for name, bad := range map[string]bool{
		"-rounds": o.rounds < 1, "-seconds": o.each < 100*time.Millisecond, "-keys": o.keys < 1, "-threads": o.threads < 1,
	} {
		if bad {
			return fmt.Errorf("%s: too small", name)
		}
	}
	return nil
}
