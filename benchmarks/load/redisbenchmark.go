package load

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os/exec"
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

// Args is the command line for n commands of c, without the binary.
func (b RedisBenchmark) Args(at Endpoint, c Case, n int) []string {
	args := []string{"-h", at.Host, "-p", strconv.Itoa(at.Port)}
	if at.Socket != "" {
		args = []string{"-s", at.Socket}
	}
	args = append(
		args,
		"-t", strings.ToLower(c.Command), "-d", strconv.Itoa(c.Size), "-c", strconv.Itoa(c.Conns), "-P", strconv.Itoa(c.Depth),
		"-n", strconv.Itoa(n), "-r", strconv.Itoa(b.Keys), "--csv",
	)
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
	r, err := ParseCSV(stdout.String(), c.Command)
	if err != nil {
		return Result{}, err
	}
	r.Asked = n
	r.ClientCPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return r, nil
}

// ParseCSV finds the row of a command in the output of redis-benchmark --csv. Columns are found by name, since releases
// before 7 had only two of them and a later one may add some. Lines that are not its CSV (warnings) are skipped.
func ParseCSV(out, command string) (Result, error) {
	var header []string
	for line := range strings.Lines(out) {
		if !strings.HasPrefix(line, `"`) {
			continue
		}
		fields, err := csv.NewReader(strings.NewReader(line)).Read()
		if err != nil {
			return Result{}, fmt.Errorf("redis-benchmark: bad CSV line %q: %w", strings.TrimSpace(line), err)
		}
		switch {
		case fields[0] == "test":
			header = fields
		case fields[0] == command:
			return parseRow(header, fields)
		}
	}
	return Result{}, fmt.Errorf("redis-benchmark: no row for %s in %q", command, lastLine(out))
}

func parseRow(header, row []string) (Result, error) {
	if header == nil {
		return Result{}, errors.New("redis-benchmark: CSV without a header: release 7.0 or later is needed")
	}
	if len(row) != len(header) {
		return Result{}, fmt.Errorf("redis-benchmark: %d fields under a header of %d", len(row), len(header))
	}
	var r Result
	wanted := map[string]*float64{
		"rps": &r.RPS, "p50_latency_ms": &r.P50, "p95_latency_ms": &r.P95, "p99_latency_ms": &r.P99, "max_latency_ms": &r.Max,
	}
	for i, name := range header {
		p, ok := wanted[name]
		if !ok {
			continue
		}
		v, err := strconv.ParseFloat(row[i], 64)
		if err != nil {
			return Result{}, fmt.Errorf("redis-benchmark: %s: %w", name, err)
		}
		*p = v
		delete(wanted, name)
	}
	for name := range wanted {
		return Result{}, fmt.Errorf("redis-benchmark: no column %s", name)
	}
	if r.RPS <= 0 {
		return Result{}, fmt.Errorf("redis-benchmark: rps is %v", r.RPS)
	}
	return r, nil
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}
