package report

import (
	"math"
	"slices"

	"sentinelproxy/benchmarks/load"
)

// Samples of one run of the benchmark, in the order they were taken.
type Samples []Sample

// Of are the samples of one target and case.
func (ss Samples) Of(target string, c load.Case) Samples {
	var found Samples
	for _, s := range ss {
		if s.Target == target && s.Case == c {
			found = append(found, s)
		}
	}
	return found
}

// Cases in the order they first appear.
func (ss Samples) Cases() []load.Case {
	return distinct(ss, func(s Sample) load.Case { return s.Case })
}

// Targets in the order they first appear, which is the first round's: not rotated.
func (ss Samples) Targets() []string {
	return distinct(ss, func(s Sample) string { return s.Target })
}

func distinct[T comparable](ss Samples, key func(Sample) T) []T {
	var found []T
	for _, s := range ss {
		if k := key(s); !slices.Contains(found, k) {
			found = append(found, k)
		}
	}
	return found
}

// Median of a metric over the samples that have it; NaN when none has. Of an even number it is the mean of the middle two.
func (ss Samples) Median(m Metric) float64 { return median(ss.values(m)) }

// Highest value of a metric; NaN when no sample has it.
func (ss Samples) Highest(m Metric) float64 {
	values := ss.values(m)
	if len(values) == 0 {
		return math.NaN()
	}
	return slices.Max(values)
}

func (ss Samples) values(m Metric) []float64 {
	var values []float64
	for _, s := range ss {
		if v := m.Of(s); !math.IsNaN(v) {
			values = append(values, v)
		}
	}
	return values
}

func median(values []float64) float64 {
	n := len(values)
	if n == 0 {
		return math.NaN()
	}
	values = slices.Sorted(slices.Values(values))
	return (values[(n-1)/2] + values[n/2]) / 2
}

// Ratio of one target's metric to another's.
type Ratio struct {
	Medians   float64 // the ratio of the two medians
	Low, High float64 // the lowest and the highest ratio within one round: how far the rounds agree
	Rounds    int     // rounds that have both
}

// Compare makes the ratio subject/rival for a case. ok is false when there is no round that has both.
func (ss Samples) Compare(m Metric, subject, rival string, c load.Case) (r Ratio, ok bool) {
	a, b := ss.Of(subject, c), ss.Of(rival, c)
	r.Medians = a.Median(m) / b.Median(m)
	for _, x := range a {
		for _, y := range b {
			ratio := m.Of(x) / m.Of(y)
			if x.Round != y.Round || math.IsNaN(ratio) || math.IsInf(ratio, 0) {
				continue
			}
			if r.Rounds == 0 {
				r.Low, r.High = ratio, ratio
			}
			r.Low, r.High = min(r.Low, ratio), max(r.High, ratio)
			r.Rounds++
		}
	}
	return r, r.Rounds > 0
}
