package load

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"sentinelproxy/demo/tally"
)

// What redis-benchmark prints, 6.0 and later: a block for each finished test, and a line with an error.
var (
	benchmarkDone  = regexp.MustCompile(`(?m)^\s*(\d+) requests completed in`)
	benchmarkWorst = regexp.MustCompile(`(?m)^100\.0+% <= ([0-9.]+) milliseconds`)
	benchmarkError = regexp.MustCompile(`(?mi)^\s*((error|could not|warn(ing)?)\b.*)$`)
)

// benchmarkMax is the longest latency that redis-benchmark can tell: its histogram ends there.
const benchmarkMax = 3 * time.Second

// parseBenchmark reads redis-benchmark's output: finished requests, the longest latency of the finished
// tests, and errors.
func parseBenchmark(output string) tally.Figures {
	output = strings.ReplaceAll(output, "\r", "\n") // its progress is drawn over itself
	var f tally.Figures
	for _, m := range benchmarkDone.FindAllStringSubmatch(output, -1) {
		n, _ := strconv.ParseUint(m[1], 10, 64) // digits: only an overflow could fail
		f.Commands += n
	}
	for _, m := range benchmarkWorst.FindAllStringSubmatch(output, -1) {
		ms, _ := strconv.ParseFloat(m[1], 64)
		f.LongestWait = max(f.LongestWait, time.Duration(ms*float64(time.Millisecond)))
	}
	f.AtLeast = f.LongestWait >= benchmarkMax
	for _, m := range benchmarkError.FindAllStringSubmatch(output, -1) {
		f.Errors++
		f.Troubles = append(f.Troubles, strings.TrimSpace(m[1]))
	}
	return f
}
