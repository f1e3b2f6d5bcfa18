package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"sentinelproxy/benchmarks/report"
	"sentinelproxy/internal/servers"
)

// versionFlags ask a program for its version; the answer's first line is taken.
var versionFlags = map[string]string{
	"redis-server": "--version", "redis-benchmark": "--version", "haproxy": "-v", "nutcracker": "-V", "predixy": "--version", "envoy": "--version",
}

// place is what there is to know of where and by whom a run was made.
func place(ctx context.Context, now time.Time) report.Meta {
	return report.Meta{
		Date: now.UTC().Truncate(time.Second), Command: "go run ." + quoted(os.Args[1:]),
		Commit: commit(ctx), Go: runtime.Version(), Kernel: firstLine(ctx, "uname", "-r"), CPU: cpuModel(), Cores: runtime.NumCPU(),
		Versions: map[string]string{}, Notes: map[string]string{},
	}
}

// quoted is arguments as they are typed, a space before each.
func quoted(args []string) (line string) {
	for _, a := range args {
		if a == "" || strings.ContainsAny(a, " \t\n\"'\\$&|;<>()*?`#~") {
			a = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		line += " " + a
	}
	return line
}

// describe gathers what is needed to repeat the run.
func (r *runner) describe(ctx context.Context, now time.Time) report.Meta {
	m := place(ctx, now)
	m.Rounds, m.Seconds, m.Keys, m.Threads = r.rounds, r.each.Seconds(), r.keys, r.threads
	m.Load = map[string]string{
		"auto":            "redis-benchmark for closed loops of GET and SET, else a generator of our own",
		"redis-benchmark": "redis-benchmark", "loop": "a generator of our own",
	}[r.load]
	for program, flag := range versionFlags {
		if _, err := servers.Find(program); err == nil {
			m.Versions[program] = firstLine(ctx, program, flag)
		}
	}
	for _, t := range r.targets {
		m.Notes[t.Name] = t.Note
	}
	return m
}

// commit is the tree's, with "+changes" when something but results and README differs from it, and "unknown" outside of git.
func commit(ctx context.Context) string {
	hash := firstLine(ctx, "git", "rev-parse", "--short", "HEAD")
	if hash == "" {
		return "unknown"
	}
	changed := firstLine(ctx, "git", "status", "--porcelain", "--", "..", ":!results", ":!../README.md")
	if changed != "" {
		hash += "+changes"
	}
	return hash
}

// firstLine of a program's output, whichever way it prints it: nutcracker uses standard error. Empty when it fails.
func firstLine(ctx context.Context, program string, args ...string) string {
	out, err := exec.CommandContext(ctx, program, args...).CombinedOutput()
	line, _, _ := bytes.Cut(bytes.TrimSpace(out), []byte("\n"))
	if err != nil && program == "git" {
		return ""
	}
	return strings.TrimSpace(string(line))
}

func cpuModel() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	_, rest, ok := strings.Cut(string(text), "model name")
	if !ok {
		return runtime.GOARCH
	}
	line, _, _ := strings.Cut(rest, "\n")
	return strings.TrimSpace(strings.TrimLeft(line, " \t:"))
}

func updateReadme(path string, meta report.Meta, samples report.Samples, verdicts []report.Verdict) error {
	if path == "" {
		return nil
	}
	var table bytes.Buffer
	report.Short(&table, meta, samples, verdicts)
	return report.UpdateReadme(path, table.String())
}
