package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sentinelproxy/benchmarks/chart"
	"sentinelproxy/benchmarks/load"
	"sentinelproxy/benchmarks/report"
	"sentinelproxy/benchmarks/target"
	"sentinelproxy/benchmarks/usage"
)

// sizer measures how the proxy's cost grows with one thing after the other.
type sizer struct {
	*runner
	room int // connections that the limit of descriptors allows
}

// growth is the table and the plots of one thing that grows.
type growth struct {
	name  string // of the plot's file
	title string
	of    string // what grows
	rows  []grown
	note  string
}

// grown is the median of the rounds at one value.
type grown struct {
	of          int
	conns       int
	cpu, server float64 // µs per command
	rps         float64
	idle        float64 // cores that it uses while nobody asks
	rss, busy   float64 // bytes of memory: connected and idle, and under load
	descriptors float64
	perConn     float64 // bytes of memory per idle connection
}

// sizingRun is "go run . sizing".
func sizingRun(ctx context.Context, args []string, progress io.Writer) (err error) {
	fs := flag.NewFlagSet("benchmarks sizing", flag.ContinueOnError)
	fs.SetOutput(progress)
	var o options
	fs.StringVar(&o.a.Bin, "proxy-bin", "", "sentinelproxy `program` to measure (default: built from the tree)")
	fs.IntVar(&o.rounds, "rounds", 5, "runs of which the median is taken")
	fs.DurationVar(&o.each, "each", time.Second, "time that one run should take")
	fs.StringVar(&o.out, "out", "results", "folder of the result files")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if fs.NArg() > 0 || o.rounds < 1 || o.each < 10*time.Millisecond {
		return usageError{"sizing: there are no arguments, and -rounds and -each are above 0"}
	}
	o.keys, o.load, o.named = 10_000, "loop", true // no target of its own: each row starts one
	room, err := usage.Descriptors()
	if err != nil {
		return err
	}
	r, err := prepare(o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.env.Close()) }()
	s := &sizer{runner: r, room: room - spare}
	meta := r.describe(ctx, time.Now())
	var all []growth
	for _, measure := range []func(context.Context) (growth, error){s.connections, s.lanes, s.pinned, s.groups, s.sentinels} {
		g, err := measure(ctx)
		if err != nil {
			return err
		}
		all = append(all, g)
	}
	path, err := writeSizing(o.out, meta, all)
	if err == nil {
		fmt.Fprintln(progress, "written:", path)
	}
	return err
}

// connections: one after the other is used, then all at once.
func (s *sizer) connections(ctx context.Context) (growth, error) {
	g := growth{
		name: "connections", title: "Connections", of: "connections",
		note: "GET, 64 B, one command at a time on each connection; memory per connection is that of idle ones, after each has been used once.",
	}
	for _, n := range []int{1, 10, 50, 200, 1000, 5000, 10_000, 20_000} {
		n = min(n, s.room)
		row, err := s.row(ctx, n, load.Case{Command: "GET", Size: 64, Conns: n, Depth: 1}, greeted)
		if err != nil {
			return g, err
		}
		g.rows = append(g.rows, row)
	}
	return g, nil
}

// lanes: more of them have less to do in one turn each.
func (s *sizer) lanes(ctx context.Context) (growth, error) {
	g := growth{name: "lanes", title: "Lanes", of: "lanes", note: "GET, 64 B, 500 connections, one command at a time on each."}
	for n := 1; n <= 4; n++ {
		row, err := s.row(ctx, n, load.Case{Command: "GET", Size: 64, Conns: 500, Depth: 1}, greeted, "--lanes", fmt.Sprint(n))
		if err != nil {
			return g, err
		}
		g.rows = append(g.rows, row)
	}
	return g, nil
}

// pinned: a client that has said WATCH has a link of its own until it says EXEC.
func (s *sizer) pinned(ctx context.Context) (growth, error) {
	const conns = 200
	g := growth{
		name: "pinned", title: "Pinned sessions", of: "% of sessions pinned",
		note: fmt.Sprintf("GET, 64 B, %d connections, one command at a time on each; the pinned ones have said WATCH.", conns),
	}
	for _, percent := range []int{0, 25, 50, 75, 100} {
		greeting := func(i int) [][]string {
			if i < conns*percent/100 {
				return [][]string{{"WATCH", "pin"}}
			}
			return greeted(i)
		}
		row, err := s.row(ctx, percent, load.Case{Command: "GET", Size: 64, Conns: conns, Depth: 1}, greeting)
		if err != nil {
			return g, err
		}
		g.rows = append(g.rows, row)
	}
	return g, nil
}

// groups: each is a master name with a listener.
func (s *sizer) groups(ctx context.Context) (growth, error) {
	g := growth{
		name: "groups", title: "Groups", of: "groups",
		note: "Each group has a Unix socket; one Sentinel watches one server under as many names. Measured on the first group: GET, 64 B, 50 connections.",
	}
	dir, err := os.MkdirTemp("", "sentinelproxy-sizing-")
	if err != nil {
		return g, err
	}
	defer os.RemoveAll(dir)
	named := 1
	for _, n := range []int{1, 10, 30, 100} {
		for ; named < n; named++ {
			if err := s.env.Name(ctx, fmt.Sprintf("group%d", named)); err != nil {
				return g, err
			}
		}
		row, err := s.groupsRow(ctx, dir, n)
		if err != nil {
			return g, err
		}
		g.rows = append(g.rows, row)
	}
	return g, nil
}

func (s *sizer) groupsRow(ctx context.Context, dir string, n int) (grown, error) {
	var config strings.Builder
	config.WriteString("groups:\n")
	for i := range n {
		name := target.MasterName
		if i > 0 {
			name = fmt.Sprintf("group%d", i)
		}
		fmt.Fprintf(&config, "  - master: %s\n    listen: [\"unix://%s\"]\n", name, filepath.Join(dir, fmt.Sprintf("%d-%d.sock", n, i)))
	}
	file := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(file, []byte(config.String()), 0o600); err != nil {
		return grown{}, err
	}
	t, err := s.env.FromConfig(file, load.Endpoint{Socket: filepath.Join(dir, fmt.Sprintf("%d-0.sock", n))})
	if err != nil {
		return grown{}, err
	}
	return s.on(ctx, t, n, load.Case{Command: "GET", Size: 64, Conns: 50, Depth: 1}, greeted)
}

// sentinels: each is asked and listened to.
func (s *sizer) sentinels(ctx context.Context) (growth, error) {
	g := growth{name: "sentinels", title: "Sentinels", of: "Sentinels", note: "One group. GET, 64 B, 50 connections, one command at a time on each."}
	for _, n := range []int{1, 3, 5, 7} {
		addrs, err := s.env.AddSentinels(ctx, n)
		if err != nil {
			return g, err
		}
		var flags []string
		for _, a := range addrs {
			flags = append(flags, "--sentinel", a)
		}
		row, err := s.row(ctx, n, load.Case{Command: "GET", Size: 64, Conns: 50, Depth: 1}, greeted, flags...)
		if err != nil {
			return g, err
		}
		g.rows = append(g.rows, row)
	}
	return g, nil
}

// row is measured on a fresh sentinelproxy with the flags.
func (s *sizer) row(ctx context.Context, of int, c load.Case, greeting func(int) [][]string, flags ...string) (grown, error) {
	t, err := s.fresh(c.Conns, flags...)
	if err != nil {
		return grown{}, err
	}
	return s.on(ctx, t, of, c, greeting)
}

// on measures a target that has served nobody, and stops it.
func (s *sizer) on(ctx context.Context, t target.Target, of int, c load.Case, greeting func(int) [][]string) (grown, error) {
	g := grown{of: of, conns: c.Conns}
	if err := s.fill(t, c); err != nil {
		return g, err
	}
	before, err := settled(ctx, t)
	if err != nil {
		return g, err
	}
	crowd, err := load.Dial(t.At, c.Conns, greeting)
	if err != nil {
		return g, failed(t, c, err)
	}
	defer crowd.Close()
	after, err := settled(ctx, t)
	if err != nil {
		return g, err
	}
	descriptors, err := t.Proxy.Descriptors()
	if err != nil {
		return g, err
	}
	g.rss, g.descriptors, g.perConn = float64(after), float64(descriptors), float64(after-before)/float64(c.Conns)
	if g.idle, err = s.idleCores(ctx, t); err != nil {
		return g, err
	}
	samples, err := s.runs(ctx, t, crowd, c)
	if err != nil {
		return g, err
	}
	g.cpu, g.server, g.rps = samples.Median(report.ProxyCPU), samples.Median(report.ServerCPU), samples.Median(report.Throughput)
	g.busy = samples.Median(report.ProxyRSS)
	s.say("%-28s %5d: %6.2f µs/command, %6.1f MiB", c, of, g.cpu, g.rss/(1<<20))
	return g, s.stop(t)
}

// idleCores is what the target uses while its clients are silent.
func (s *sizer) idleCores(ctx context.Context, t target.Target) (float64, error) {
	const watch = 2 * time.Second
	before, err := usage.Read(t.Proxy.Pid())
	if err != nil {
		return 0, err
	}
	select {
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	case <-time.After(watch):
	}
	after, err := usage.Read(t.Proxy.Pid())
	return after.Since(before).CPU.Seconds() / watch.Seconds(), err
}

// runs has the crowd run the case, once to warm up and to learn the rate, then round by round.
func (s *sizer) runs(ctx context.Context, t target.Target, crowd *load.Crowd, c load.Case) (report.Samples, error) {
	keys := s.keysFor(c.Size)
	seen, err := crowd.Run(ctx, c, load.Count(c, guess(c), 200*time.Millisecond), keys)
	if err != nil {
		return nil, failed(t, c, err)
	}
	var samples report.Samples
	for range s.rounds {
		before, err := s.read(t, c)
		if err != nil {
			return nil, err
		}
		if seen, err = crowd.Run(ctx, c, load.Count(c, seen.RPS, s.each), keys); err != nil {
			return nil, failed(t, c, err)
		}
		after, err := s.read(t, c)
		if err != nil {
			return nil, err
		}
		sample := s.account(t, before, after)
		sample.Case, sample.Client = c, seen
		if err := believable(sample); err != nil {
			return nil, err
		}
		samples = append(samples, sample)
	}
	return samples, nil
}

// writeSizing makes sizing.md, and a plot of CPU per command for what has it.
func writeSizing(dir string, meta report.Meta, all []growth) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	var out strings.Builder
	fmt.Fprintf(&out, "# How cost grows\n\n`%s`\n\nMedians of %d runs of %v, one after the other on a fresh proxy: figures of rows that are far apart compare badly on a shared machine.\n",
		meta.Line(), meta.Rounds, time.Duration(meta.Seconds*float64(time.Second)))
	for _, g := range all {
		fmt.Fprintf(&out, "\n## %s\n\n%s\n\n", g.title, g.note)
		g.table(&out)
	}
	for _, g := range all {
		c := chart.Chart{
			Title: g.title + ": CPU per command", Caption: g.note + " " + meta.Line(),
			X: chart.Axis{Label: g.of, Log: g.name == "connections"}, Y: chart.Axis{Label: "µs per command"},
			Series: []chart.Series{{Name: "proxy", Dots: true}, {Name: "server", Dots: true}},
		}
		for _, r := range g.rows {
			c.Series[0].Points = append(c.Series[0].Points, chart.Point{X: float64(r.of), Y: r.cpu})
			c.Series[1].Points = append(c.Series[1].Points, chart.Point{X: float64(r.of), Y: r.server})
		}
		file := "sizing-" + g.name + ".svg"
		if err := c.Write(filepath.Join(dir, file)); err != nil {
			return "", err
		}
		fmt.Fprintf(&out, "\n![%s](%s)\n", g.title, file)
	}
	path := filepath.Join(dir, "sizing.md")
	return path, os.WriteFile(path, []byte(out.String()), 0o644)
}

func (g growth) table(out io.Writer) {
	fmt.Fprintf(out, "| %s | proxy CPU µs/command | server CPU µs/command | commands/s | idle: CPU in %% of a core | idle: RSS MiB | idle: bytes per connection | busy: RSS MiB | descriptors |\n", g.of)
	fmt.Fprintln(out, "|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
	for _, r := range g.rows {
		// What few connections need is lost in what the process needs anyway.
		const enough = 1000
		perConn := "–"
		if r.conns >= enough {
			perConn = fmt.Sprintf("%.0f", r.perConn)
		}
		fmt.Fprintf(out, "| %d | %.2f | %.2f | %.0f | %.2f | %.1f | %s | %.1f | %.0f |\n",
			r.of, r.cpu, r.server, r.rps, r.idle*100, r.rss/(1<<20), perConn, r.busy/(1<<20), r.descriptors)
	}
}
