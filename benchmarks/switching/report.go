package switching

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"sentinelproxy/benchmarks/chart"
	"sentinelproxy/benchmarks/load"
)

// Names of the plots in the results' folder.
const (
	timePlot       = "switch-latency.svg"
	percentilePlot = "switch-percentiles.svg"
)

// Write puts switch.md and its plots into dir. where is the line that tells how to repeat it.
func Write(dir, where string, o Options, all []Seen) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	load := fmt.Sprintf("%d commands/s, half SET, half GET, over up to %d connections, each due at its time whatever became of those before it", o.Rate, workers)
	over, percentiles := plots(all)
	over.Caption, percentiles.Caption = load+"; "+where, load+"; "+where
	if err := over.Write(filepath.Join(dir, timePlot)); err != nil {
		return "", err
	}
	if err := percentiles.Write(filepath.Join(dir, percentilePlot)); err != nil {
		return "", err
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "# Latency through a planned switch\n\n`%s`\n\nOne master, %d replicas, %d Sentinels. %s. ", where, replicas, sentinels, load)
	fmt.Fprintf(&out, "The client is go-redis with its own retries; the switch begins after %v of %v.\n\n", o.Before, o.Before+o.After)
	table(&out, all)
	fmt.Fprintf(&out, "\n![latency over time](%s)\n\n![percentiles](%s)\n", timePlot, percentilePlot)
	path := filepath.Join(dir, "switch.md")
	return path, os.WriteFile(path, out.Bytes(), 0o644)
}

func table(out *bytes.Buffer, all []Seen) {
	fmt.Fprintln(out, "| way | commands | errors | acknowledged writes lost | p50 ms | p99 ms | p99.9 ms | max ms |\n|---|---:|---:|---:|---:|---:|---:|---:|")
	for _, s := range all {
		errors, _ := s.Errors()
		h := latencies(s.Calls)
		ms := func(ns int64) float64 { return float64(ns) / float64(time.Millisecond) }
		fmt.Fprintf(out, "| %s | %d | %d | %d of %d | %.2f | %.2f | %.1f | %.1f |\n", s.Way, len(s.Calls), errors, s.Lost, s.Acknowledged,
			ms(h.ValueAtPercentile(50)), ms(h.ValueAtPercentile(99)), ms(h.ValueAtPercentile(99.9)), ms(h.Max()))
	}
	for _, s := range all {
		if n, first := s.Errors(); n > 0 {
			fmt.Fprintf(out, "\n%s: the first of %d errors: `%v`\n", s.Way, n, first)
		}
	}
}

func latencies(calls []load.Call) *hdrhistogram.Histogram {
	h := load.NewLatencies()
	for _, c := range calls {
		// A latency beyond the histogram's five minutes would outlast the run.
		_ = h.RecordValue(int64(c.Latency))
	}
	return h
}

func plots(all []Seen) (over, percentiles chart.Chart) {
	over = chart.Chart{
		Title: "Slowest command of each 20 ms, by when it was due", X: chart.Axis{Label: "seconds since the switch was asked for"},
		Y: chart.Axis{Label: "ms", Log: true},
	}
	percentiles = chart.Chart{Title: "Latency over the whole run", X: chart.PercentileAxis(), Y: chart.Axis{Label: "ms", Log: true}}
	for _, s := range all {
		over.Series = append(over.Series, chart.Series{Name: s.Label, Points: slowest(s)})
		percentiles.Series = append(percentiles.Series, chart.Series{Name: s.Label, Points: chart.Percentiles(latencies(s.Calls))})
	}
	return over, percentiles
}

// What is drawn of the time around the switch: it is over within a fraction of a second.
const drawnBefore, drawnAfter = 500 * time.Millisecond, 2500 * time.Millisecond

// slowest is the longest latency in each stretch of the time that is drawn.
func slowest(s Seen) []chart.Point {
	const stretch = 20 * time.Millisecond
	var points []chart.Point
	last := int64(-1)
	for _, c := range s.Calls {
		if c.Due < s.Began-drawnBefore || c.Due > s.Began+drawnAfter {
			continue
		}
		y := float64(c.Latency) / float64(time.Millisecond)
		if at := int64(c.Due / stretch); at != last {
			last = at
			points = append(points, chart.Point{X: (c.Due.Truncate(stretch) - s.Began).Seconds(), Y: y})
		}
		end := &points[len(points)-1]
		end.Y = max(end.Y, y)
	}
	return points
}
