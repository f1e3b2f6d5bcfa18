package main

import (
	"slices"
	"testing"

	"sentinelproxy/benchmarks/load"
	"sentinelproxy/benchmarks/report"
)

func TestRotated(t *testing.T) {
	all := []int{1, 2, 3}
	for n, want := range [][]int{{1, 2, 3}, {2, 3, 1}, {3, 1, 2}, {1, 2, 3}} {
		if got := rotated(all, n); !slices.Equal(got, want) {
			t.Errorf("%d: %v, want %v", n, got, want)
		}
	}
}

func TestBelievable(t *testing.T) {
	for executed, want := range map[int64]bool{100_000: true, 99_950: true, 100_050: true, 99_000: false, 101_000: false, 0: false} {
		s := report.Sample{Commands: executed, Client: load.Result{Asked: 100_000}}
		if got := believable(s) == nil; got != want {
			t.Errorf("%d of 100000: %v, want %v", executed, got, want)
		}
	}
}
