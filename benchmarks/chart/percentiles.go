package chart

import (
	"math"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// PercentileAxis goes to that percentile at which one of so many is left, with as much room for 90 to 99 as for 99 to
// 99.9.
func PercentileAxis() Axis {
	return Axis{Label: "percentile", Ticks: map[float64]string{
		0: "0", math.Log10(2): "50", 1: "90", 2: "99", 3: "99.9", 4: "99.99", 5: "99.999",
	}}
}

// Percentiles are a histogram of nanoseconds as a line in milliseconds over PercentileAxis, up to its last value.
func Percentiles(h *hdrhistogram.Histogram) []Point {
	const step = 0.02
	var points []Point
	if h.TotalCount() == 0 {
		return nil
	}
	for x := 0.0; x <= math.Log10(float64(h.TotalCount())); x += step {
		ns := h.ValueAtPercentile(100 * (1 - math.Pow(10, -x)))
		points = append(points, Point{X: x, Y: float64(ns) / float64(time.Millisecond)})
	}
	return points
}
