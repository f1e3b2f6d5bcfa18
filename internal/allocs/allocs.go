// Package allocs counts allocations for tests of what several goroutines do together.
package allocs

import (
	"math"
	"runtime"
)

// Least is the fewest allocations of one call of f, of a few counts of so many calls each. They are counted for the whole process, in
// which what earlier tests have started may still be ending: that can only add.
//
// testing.AllocsPerRun leaves the process one processor meanwhile. A lane keeps its own while it waits for a few
// milliseconds, and whoever talks to it would have to wait as long for each answer.
func Least(counts, calls int, f func()) float64 {
	f()
	least := math.Inf(1)
	for range counts {
		least = min(least, float64(counted(calls, f))/float64(calls))
	}
	return least
}

func counted(calls int, f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range calls {
		f()
	}
	runtime.ReadMemStats(&after)
	return after.Mallocs - before.Mallocs
}
