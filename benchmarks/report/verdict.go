package report

import (
	"fmt"
	"slices"

	"sentinelproxy/benchmarks/load"
)

// Requirement is a bound on the ratio of two targets' figures: on a shared machine a figure by itself tells more about the
// neighbours than about the program. What does not depend on them, as memory, is a Fact.
type Requirement struct {
	Metric         Metric
	What           string // the metric in words
	Subject, Rival string
	Limit          float64
	AtLeast        bool // the ratio must be at least Limit, not at most
	Below          bool // the ratio must be below Limit, not only at most
	Cases          []load.Case
}

// bound is the requirement's limit in words.
func (r Requirement) bound() string {
	switch {
	case r.AtLeast:
		return fmt.Sprintf("at least %.2f", r.Limit)
	case r.Below:
		return fmt.Sprintf("below %.2f", r.Limit)
	}
	return fmt.Sprintf("at most %.2f", r.Limit)
}

func (r Requirement) allows(ratio float64) bool {
	switch {
	case r.AtLeast:
		return ratio >= r.Limit
	case r.Below:
		return ratio < r.Limit
	}
	return ratio <= r.Limit
}

// State of a requirement.
type State string

// A requirement that was not measured is not met, but is told apart: a tuning run measures only some targets.
const (
	Met         State = "met"
	NotMet      State = "NOT MET"
	NotMeasured State = "not measured"
)

// Verdict is a requirement applied to one case, in the words of a table.
type Verdict struct {
	What, Case      string
	Measured, Bound string // Measured is "" when there is nothing to tell
	State           State
}

// Judge applies each requirement to each of its cases.
func Judge(ss Samples, required []Requirement) []Verdict {
	var verdicts []Verdict
	for _, r := range required {
		for _, c := range r.Cases {
			v := Verdict{
				What: fmt.Sprintf("%s, %s ÷ %s", r.What, r.Subject, r.Rival), Case: c.String(), Bound: r.bound(), State: NotMeasured,
			}
			if ratio, ok := ss.Compare(r.Metric, r.Subject, r.Rival, c); ok {
				v.Measured = fmt.Sprintf("%.2f (rounds %.2f..%.2f)", ratio.Medians, ratio.Low, ratio.High)
				v.State = state(r.allows(ratio.Medians))
			}
			verdicts = append(verdicts, v)
		}
	}
	return verdicts
}

func state(met bool) State {
	if met {
		return Met
	}
	return NotMet
}

// AllMet says whether every verdict is Met.
func AllMet(verdicts []Verdict) bool {
	return !slices.ContainsFunc(verdicts, func(v Verdict) bool { return v.State != Met })
}
