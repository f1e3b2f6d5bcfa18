package load

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
)

// RedisBenchmark is the closed-loop generator everybody knows. It uses one thread unless told otherwise: its
// --threads mode polls from several threads, which on a machine with few cores takes CPU from what is measured.
type RedisBenchmark struct {
	Bin     string
	Threads int // 0 or 1: its single-threaded mode
	Keys    int // size of the keyspace, -r
}

// Can says whether redis-benchmark knows the case as it is meant here: its LRANGE tests push first, and it has no
// mixtures, transactions or fixed rates.
func (RedisBenchmark) Can(c Case) bool {
	return c.Rate == 0 && (c.Command == "GET" || c.Command == "SET")
}

// Args is the command line for n commands of c, without the binary.
func (b RedisBenchmark) Args(at Endpoint, c Case, n int) []string {
	args := []string{"-h", at.Host, "-p", strconv.Itoa(at.Port)}
	if at.Socket != "" {
		args = []string{"-s", at.Socket}
	}
	args = append(
		args,
		"-t", strings.ToLower(c.Command), "-d", strconv.Itoa(c.Size), "-c", strconv.Itoa(c.Conns), "-P", strconv.Itoa(c.Depth),
		"-n", strconv.Itoa(n), "-r", strconv.Itoa(b.Keys),
	)
	if c.Protocol == 3 {
		args = append(args, "-3")
	}
	if b.Threads > 1 {
		args = append(args, "--threads", strconv.Itoa(b.Threads))
	}
	return args
}

// Run implements Generator. Errors carry what redis-benchmark said, since its exit status alone says nothing.
func (b RedisBenchmark) Run(ctx context.Context, at Endpoint, c Case, n int) (Result, error) {
	cmd := exec.CommandContext(ctx, b.Bin, b.Args(at, c, n)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return Result{}, context.Cause(ctx) // killed by ourselves: what it said does not matter
		}
		return Result{}, fmt.Errorf("redis-benchmark: %w: %s", err, lastLine(stderr.String()+stdout.String()))
	}
	r, err := ParseReport(stdout.String(), c.Command)
	if err != nil {
		return Result{}, err
	}
	r.Asked = n
	r.ClientCPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return r, nil
}

var (
	throughputLine = regexp.MustCompile(`(?m)^ *throughput summary: ([0-9.]+) requests per second`)
	percentileLine = regexp.MustCompile(`(?m)^([0-9.]+)% <= ([0-9.]+) milliseconds \(cumulative count`)
	latencyNames   = regexp.MustCompile(`(?m)^ *latency summary \(msec\):\s*\n((?: +[a-z0-9]+)+)\s*\n((?: +\S+)+)`)
)

// ParseReport reads what redis-benchmark prints for people: its CSV leaves out all between the 99th percentile and
// the maximum. Columns are found by name. Progress, which it prints over itself with carriage returns, and warnings
// are skipped.
func ParseReport(out, command string) (Result, error) {
	_, report, ok := strings.Cut(strings.ReplaceAll(out, "\r", "\n"), "====== "+command+" ======")
	if !ok {
		return Result{}, fmt.Errorf("redis-benchmark: no report of %s in %q", command, lastLine(out))
	}
	report, _, _ = strings.Cut(report, "\n====== ")
	var r Result
	throughput := throughputLine.FindStringSubmatch(report)
	if throughput == nil {
		return Result{}, fmt.Errorf("redis-benchmark: no throughput in the report of %s", command)
	}
	var err error
	if r.RPS, err = strconv.ParseFloat(throughput[1], 64); err != nil || r.RPS <= 0 {
		return Result{}, fmt.Errorf("redis-benchmark: rps is %q", throughput[1])
	}
	if err := r.parseSummary(report); err != nil {
		return Result{}, err
	}
	return r, r.parsePercentiles(report)
}

func (r *Result) parseSummary(report string) error {
	table := latencyNames.FindStringSubmatch(report)
	if table == nil {
		return fmt.Errorf("redis-benchmark: no latency summary: release 7.0 or later is needed")
	}
	names, values := strings.Fields(table[1]), strings.Fields(table[2])
	if len(names) != len(values) {
		return fmt.Errorf("redis-benchmark: %d latencies under a header of %d", len(values), len(names))
	}
	wanted := map[string]*float64{"p50": &r.P50, "p95": &r.P95, "p99": &r.P99, "max": &r.Max}
	for i, name := range names {
		p, ok := wanted[name]
		if !ok {
			continue
		}
		v, err := strconv.ParseFloat(values[i], 64)
		if err != nil {
			return fmt.Errorf("redis-benchmark: %s: %w", name, err)
		}
		*p = v
		delete(wanted, name)
	}
	for name := range wanted {
		return fmt.Errorf("redis-benchmark: no latency %s", name)
	}
	return nil
}

// parsePercentiles takes the first latency that at least 999 of 1000 commands kept to.
func (r *Result) parsePercentiles(report string) error {
	distribution, _, _ := strings.Cut(report, "Cumulative distribution") // whose lines look alike and are coarser
	for _, line := range percentileLine.FindAllStringSubmatch(distribution, -1) {
		share, err1 := strconv.ParseFloat(line[1], 64)
		latency, err2 := strconv.ParseFloat(line[2], 64)
		if err1 == nil && err2 == nil && share >= 99.9 {
			r.P999 = latency
			return nil
		}
	}
	return fmt.Errorf("redis-benchmark: no percentile of 99.9 or more")
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}
