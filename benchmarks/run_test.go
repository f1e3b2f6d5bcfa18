package main

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sentinelproxy/benchmarks/load"
	"sentinelproxy/benchmarks/report"
	"sentinelproxy/benchmarks/target"
)

func TestRotated(t *testing.T) {
	all := []int{1, 2, 3}
	for n, want := range [][]int{{1, 2, 3}, {2, 3, 1}, {3, 1, 2}, {1, 2, 3}} {
		if got := rotated(all, n); !slices.Equal(got, want) {
			t.Errorf("%d: %v, want %v", n, got, want)
		}
	}
}

// TestExpected: what the Makefile says of bench-quick, and a fixed rate takes three times as long.
func TestExpected(t *testing.T) {
	o, err := parse([]string{"-quick"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	o.named = true // then a target without a kind will do, but for transactions
	o.cases = slices.DeleteFunc(o.cases, func(c load.Case) bool { return c.Transaction() })
	r := &runner{options: o, targets: make([]target.Target, 5)}
	if d := r.expected(); d < 2*time.Minute || d > 3*time.Minute {
		t.Errorf("-quick takes %v", d)
	}
	one := &runner{options: o, targets: make([]target.Target, 1)}
	one.facts, one.rounds, one.cases = false, 10, []load.Case{{Command: "GET", Size: 64}}
	closed := one.expected()
	one.cases[0].Rate = 1000
	if fixed := one.expected(); fixed-closed != 20*o.each {
		t.Errorf("10 rounds take %v, at a fixed rate %v", closed, fixed)
	}
}

func TestBelievable(t *testing.T) {
	if believable(report.Sample{Commands: 10, Client: load.Result{Asked: 10, Errors: 1}}) == nil {
		t.Error("errors are believed")
	}
	for executed, want := range map[int64]bool{100_000: true, 99_950: true, 100_050: true, 99_000: false, 101_000: false, 0: false} {
		s := report.Sample{Commands: executed, Client: load.Result{Asked: 100_000}}
		if got := believable(s) == nil; got != want {
			t.Errorf("%d of 100000: %v, want %v", executed, got, want)
		}
	}
}

// TestSmallRun starts everything once and measures for moments: no figure is believed, but all of the way is gone.
func TestSmallRun(t *testing.T) {
	dir := t.TempDir()
	o, err := parse(strings.Fields("-targets direct,sentinelproxy,haproxy -rounds 1 -seconds 0.1 -commands get,multi,watch,mixed -depths 1 -rates 0,2000 -keys 100 -out "+dir), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bench(t.Context(), o, io.Discard); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "tuning.md"))
	for _, want := range []string{"| MULTI, 64 B, 50 connections, -P 1 |", "| WATCH, 64 B, 50 connections, -P 1 |", "| MIXED, 64 B, 50 connections, -P 1, fixed 2000/s |", "generator late p99 ms"} {
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("no %q, %v, in\n%s", want, err, text)
		}
	}
}
