package report

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"

	"sentinelproxy/benchmarks/chart"
	"sentinelproxy/benchmarks/load"
)

// ray is a plot of a metric over one factor, all others as in the base case.
type ray struct {
	suffix, title, label string
	metric               Metric
	of                   func(load.Case) int
	set                  func(*load.Case, int)
}

var base = load.Case{Command: "GET", Size: 64, Conns: 50, Depth: 1}

var rays = []ray{
	{
		"cpu-by-connections", "CPU of the proxy per command, by connections", "connections", ProxyCPU,
		func(c load.Case) int { return c.Conns }, func(c *load.Case, n int) { c.Conns = n },
	},
	{
		"cpu-by-depth", "CPU of the proxy per command, by depth of pipeline", "depth", ProxyCPU,
		func(c load.Case) int { return c.Depth }, func(c *load.Case, n int) { c.Depth = n },
	},
	{
		"throughput-by-size", "Throughput, by size of value", "bytes", Throughput,
		func(c load.Case) int { return c.Size }, func(c *load.Case, n int) { c.Size = n },
	},
}

// Plots draws what a run has cases for into dir as NAME-*.svg, and returns the files' names.
func Plots(dir, name string, meta Meta, ss Samples) ([]string, error) {
	var files []string
	write := func(suffix string, draw func(path string) error) error {
		file := name + "-" + suffix + ".svg"
		files = append(files, file)
		return draw(filepath.Join(dir, file))
	}
	for _, r := range rays {
		c, ok := r.chart(ss)
		if !ok {
			continue
		}
		c.Caption = meta.caption(base)
		if err := write(r.suffix, c.Write); err != nil {
			return nil, err
		}
	}
	if b, ok := ratios(ss); ok {
		b.Caption = meta.caption(base)
		if err := write("cpu-ratios", b.Write); err != nil {
			return nil, err
		}
	}
	for _, c := range ss.Cases() {
		curves, ok := latencies(ss, c)
		if !ok {
			continue
		}
		curves.Caption = meta.caption(c)
		suffix := fmt.Sprintf("latency-%s-%d", c.Command, c.Rate)
		if slices.Contains(files, name+"-"+suffix+".svg") {
			continue // of cases that differ in something else the first is drawn
		}
		if err := write(suffix, curves.Write); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// caption is what has to be known to judge a plot.
func (m Meta) caption(c load.Case) string {
	return fmt.Sprintf("%s, medians of %d rounds; %s", c, m.Rounds, m.Line())
}

// chart is false when there are no two values of the factor.
func (r ray) chart(ss Samples) (chart.Chart, bool) {
	out := chart.Chart{
		Title: r.title, X: chart.Axis{Label: r.label, Log: true}, Y: chart.Axis{Label: r.metric.Head, Log: true},
	}
	values := r.values(ss)
	for _, target := range ss.Targets() {
		line := chart.Series{Name: target, Dots: true}
		for _, n := range values {
			c := base
			r.set(&c, n)
			if y := ss.Of(target, c).Median(r.metric); !math.IsNaN(y) {
				line.Points = append(line.Points, chart.Point{X: float64(n), Y: y})
			}
		}
		if len(line.Points) > 1 {
			out.Series = append(out.Series, line)
		}
	}
	return out, len(out.Series) > 0
}

// values of the factor that were measured, from the least.
func (r ray) values(ss Samples) []int {
	var values []int
	for _, c := range ss.Cases() {
		alike := base
		r.set(&alike, r.of(c))
		if alike == c {
			values = append(values, r.of(c))
		}
	}
	slices.Sort(values)
	return values
}

// ratios are the proxies' CPU per command beside the reference's in the base cases.
func ratios(ss Samples) (chart.Bars, bool) {
	out := chart.Bars{Title: "CPU of the proxy per command ÷ HAProxy's", Y: "times"}
	var cases []load.Case
	for _, c := range ss.Cases() {
		if c.Base() && len(ss.Of(reference, c)) > 0 {
			cases = append(cases, c)
			out.Groups = append(out.Groups, fmt.Sprintf("%s -P %d", c.Command, c.Depth))
		}
	}
	for _, target := range ss.Targets() {
		bar := chart.Bar{Name: target}
		found := false
		for _, c := range cases {
			r, ok := ss.Compare(ProxyCPU, target, reference, c)
			found = found || ok
			if !ok {
				r.Medians = math.NaN()
			}
			bar.Values = append(bar.Values, r.Medians)
		}
		if found {
			out.Bars = append(out.Bars, bar)
		}
	}
	return out, len(out.Bars) > 0
}

// latencies are the percentiles of a case at a fixed rate, of all rounds together.
func latencies(ss Samples, c load.Case) (chart.Chart, bool) {
	out := chart.Chart{
		Title: fmt.Sprintf("Latency at %d commands per second, from when each was due", c.Rate),
		X:     chart.PercentileAxis(), Y: chart.Axis{Label: "ms", Log: true},
	}
	if c.Rate == 0 {
		return out, false
	}
	for _, target := range ss.Targets() {
		all := load.NewLatencies()
		for _, s := range ss.Of(target, c) {
			if s.Client.Latencies != nil {
				all.Merge(s.Client.Latencies)
			}
		}
		if all.TotalCount() > 0 {
			out.Series = append(out.Series, chart.Series{Name: target, Points: chart.Percentiles(all)})
		}
	}
	return out, len(out.Series) > 0
}
