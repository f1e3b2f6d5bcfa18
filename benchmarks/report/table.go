package report

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"

	"sentinelproxy/benchmarks/load"
)

// column makes one cell from the samples of a target and case.
type column struct {
	head string
	cell func(ss Samples, target string, c load.Case) string
}

func medianOf(head string, m Metric, format func(float64) string) column {
	return column{head, func(ss Samples, target string, c load.Case) string {
		return orDash(ss.Of(target, c).Median(m), format)
	}}
}

func ratioTo(head string, m Metric) column {
	return column{head, func(ss Samples, target string, c load.Case) string {
		r, ok := ss.Compare(m, target, reference, c)
		if !ok {
			return "–"
		}
		return fmt.Sprintf("%.2f", r.Medians)
	}}
}

// short is the table for the README; full has all there is for a reader of the results.
var (
	short = []column{
		medianOf("commands/s", Throughput, whole),
		medianOf("p50 ms", P50, decimals(3)),
		medianOf("p99 ms", P99, decimals(3)),
		medianOf("proxy CPU µs/cmd", ProxyCPU, decimals(2)),
		ratioTo("CPU ÷ HAProxy", ProxyCPU),
		ratioTo("throughput ÷ HAProxy", Throughput),
	}
	full = []column{
		medianOf("commands/s", Throughput, whole),
		ratioTo("÷ HAProxy", Throughput),
		medianOf("p50 ms", P50, decimals(3)),
		medianOf("p99 ms", P99, decimals(3)),
		medianOf("p99.9 ms", P999, decimals(2)),
		medianOf("max ms", Max, decimals(1)),
		medianOf("proxy CPU µs/cmd", ProxyCPU, decimals(2)),
		medianOf("user", ProxyUser, decimals(2)),
		medianOf("sys", ProxySys, decimals(2)),
		ratioTo("÷ HAProxy", ProxyCPU),
		medianOf("server CPU µs/cmd", ServerCPU, decimals(2)),
		medianOf("client CPU µs/cmd", ClientCPU, decimals(2)),
		medianOf("RSS MiB", ProxyRSS, mebibytes),
		{"switches/1000 cmd (forced)", switches},
	}
)

// fixedRate tells besides how much of the latencies may be the generator's own doing.
var fixedRate = append(slices.Clone(full), medianOf("generator late p99 ms", Late, decimals(3)))

func switches(ss Samples, target string, c load.Case) string {
	of := ss.Of(target, c)
	perThousand := func(v float64) string { return fmt.Sprintf("%.1f", v*1000) }
	forced := of.Median(Forced)
	if math.IsNaN(forced) {
		return "–"
	}
	return fmt.Sprintf("%s (%s)", perThousand(of.Median(Voluntary)+forced), perThousand(forced))
}

func writeTable(w io.Writer, ss Samples, c load.Case, columns []column) {
	fmt.Fprintf(w, "| %s |", c)
	for _, col := range columns {
		fmt.Fprintf(w, " %s |", col.head)
	}
	fmt.Fprintf(w, "\n|---|%s\n", strings.Repeat("---:|", len(columns)))
	for _, target := range ss.Targets() {
		if len(ss.Of(target, c)) == 0 {
			continue
		}
		fmt.Fprintf(w, "| %s |", target)
		for _, col := range columns {
			fmt.Fprintf(w, " %s |", col.cell(ss, target, c))
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w)
}

// Full writes everything: what was measured how, the verdicts, and a table per case.
func Full(w io.Writer, meta Meta, ss Samples, verdicts []Verdict) {
	fmt.Fprintf(w, "# Benchmark of %s\n\n", meta.Date.Format("2006-01-02"))
	writeMeta(w, meta)
	fmt.Fprintf(w, "\n%s\n\n", disturbance(ss))
	writeVerdicts(w, verdicts)
	for _, c := range ss.Cases() {
		if c.Rate > 0 {
			writeTable(w, ss, c, fixedRate)
		} else {
			writeTable(w, ss, c, full)
		}
	}
	writePairs(w, ss)
}

// Short writes what stands in the project's README between the markers.
func Short(w io.Writer, meta Meta, ss Samples, verdicts []Verdict) {
	for _, c := range ss.Cases() {
		if c.Base() {
			writeTable(w, ss, c, short)
		}
	}
	writeVerdicts(w, verdicts)
	fmt.Fprintf(w, "Medians of %d rounds within one run, on a shared machine: read the ratios, not the figures. `cd benchmarks && %s`, commit %s, %d × %s, Linux %s, %s, %s.\n",
		meta.Rounds, meta.Command, meta.Commit, meta.Cores, meta.CPU, meta.Kernel, meta.Go, meta.Date.Format("2006-01-02"))
}

func writeMeta(w io.Writer, meta Meta) {
	rows := [][2]string{
		{"command", "`" + meta.Command + "`"},
		{"commit", meta.Commit},
		{"machine", fmt.Sprintf("%d × %s, Linux %s", meta.Cores, meta.CPU, meta.Kernel)},
		{"Go", meta.Go},
		{"rounds", fmt.Sprintf("%d of about %g s per target and case; order rotated by one target each round", meta.Rounds, meta.Seconds)},
		{"load", fmt.Sprintf("%s; %d keys or as many as make 256 MiB; redis-benchmark with %d thread(s)", meta.Load, meta.Keys, meta.Threads)},
	}
	for _, name := range slices.Sorted(maps.Keys(meta.Versions)) {
		rows = append(rows, [2]string{name, meta.Versions[name]})
	}
	for _, name := range slices.Sorted(maps.Keys(meta.Notes)) {
		rows = append(rows, [2]string{"target " + name, meta.Notes[name]})
	}
	fmt.Fprintln(w, "| | |\n|---|---|")
	for _, row := range rows {
		fmt.Fprintf(w, "| %s | %s |\n", row[0], row[1])
	}
}

// disturbance tells what else used the machine while it measured.
func disturbance(ss Samples) string {
	return fmt.Sprintf("Disturbance, in cores, median and highest of the runs: processes that are not the benchmark's %.2f, %.2f; "+
		"its own idle ones (other proxies, Sentinel) %.3f, %.3f; stolen by the hypervisor %.2f, %.2f.",
		ss.Median(Foreign), ss.Highest(Foreign), ss.Median(Idle), ss.Highest(Idle), ss.Median(Steal), ss.Highest(Steal))
}

// writeVerdicts gives a row to each verdict; those that a run with few targets can't give share one line.
func writeVerdicts(w io.Writer, verdicts []Verdict) {
	missing := 0
	rows := slices.DeleteFunc(slices.Clone(verdicts), func(v Verdict) bool {
		silent := v.State == NotMeasured && v.Measured == ""
		if silent {
			missing++
		}
		return silent
	})
	if len(rows) > 0 {
		fmt.Fprintln(w, "| requirement | case | measured | required | |\n|---|---|---:|---:|---|")
		for _, v := range rows {
			fmt.Fprintf(w, "| %s | %s | %s | %s | %s |\n", v.What, v.Case, v.Measured, v.Bound, v.State)
		}
		fmt.Fprintln(w)
	}
	if missing > 0 {
		fmt.Fprintf(w, "Not measured: %d of %d requirements.\n\n", missing, len(verdicts))
	}
}

// pairs are rows that differ in one thing, so that their ratio tells what that thing costs.
var pairs = []struct{ what, subject, rival string }{
	{"HAProxy with nbthread 2 instead of 1", "haproxy-2t", "haproxy"},
	{"HAProxy through a Unix socket instead of TCP", "haproxy-unix", "haproxy"},
	{"sentinelproxy through a Unix socket instead of TCP", "sentinelproxy-unix", "sentinelproxy"},
	{"--acknowledge with one replica instead of none", "sentinelproxy-acknowledged", "sentinelproxy-replicated"},
	{"the second sentinelproxy instead of the first", "sentinelproxy-b", "sentinelproxy"},
}

func writePairs(w io.Writer, ss Samples) {
	for _, p := range pairs {
		for _, c := range ss.Cases() {
			if !c.Base() {
				continue // the tables tell of the others
			}
			cpu, ok := ss.Compare(ProxyCPU, p.subject, p.rival, c)
			rps, _ := ss.Compare(Throughput, p.subject, p.rival, c)
			if ok {
				fmt.Fprintf(w, "- %s, %s: CPU per command %.2f times (rounds %.2f..%.2f), throughput %.2f times (%.2f..%.2f)\n",
					p.what, c, cpu.Medians, cpu.Low, cpu.High, rps.Medians, rps.Low, rps.High)
			}
		}
	}
}

func orDash(v float64, format func(float64) string) string {
	if math.IsNaN(v) {
		return "–"
	}
	return format(v)
}

func decimals(n int) func(float64) string {
	return func(v float64) string { return fmt.Sprintf("%.*f", n, v) }
}

func mebibytes(v float64) string { return fmt.Sprintf("%.1f", v/(1<<20)) }

// whole writes 123456 as 123,456.
func whole(v float64) string {
	s := fmt.Sprintf("%.0f", v)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return cmp.Or(s, "0")
}
