package report

import (
	"fmt"
	"slices"

	"sentinelproxy/benchmarks/load"
)

// Requirement is a bound on the ratio of two targets' figures. There is deliberately no bound on a figure by itself: on a
// shared machine it tells more about the neighbours than about the program.
type Requirement struct {
	Metric         Metric
	What           string // the metric in words
	Subject, Rival string
	Limit          float64
	Below          bool // the ratio must be below Limit, not only at most
	Commands       []string
	Size, Conns    int
	Depths         []int
}

// Required is what this project has promised.
func Required() []Requirement {
	base := Requirement{
		Metric: ProxyCPU, What: "proxy CPU per command", Subject: "sentinelproxy",
		Commands: []string{"GET", "SET"}, Size: 64, Conns: 50, Depths: []int{1, 16},
	}
	haproxy, twemproxy := base, base
	haproxy.Rival, haproxy.Limit = "haproxy", 0.80
	twemproxy.Rival, twemproxy.Limit, twemproxy.Below = "twemproxy", 1, true
	return []Requirement{haproxy, twemproxy}
}

func (r Requirement) cases() []load.Case {
	return load.Matrix(r.Commands, []int{r.Size}, []int{r.Conns}, r.Depths)
}

func (r Requirement) bound() string {
	if r.Below {
		return fmt.Sprintf("below %.2f", r.Limit)
	}
	return fmt.Sprintf("at most %.2f", r.Limit)
}

func (r Requirement) allows(ratio float64) bool {
	return ratio < r.Limit || !r.Below && ratio == r.Limit
}

// State of a requirement.
type State string

// A requirement that was not measured is not met, but is told apart: a tuning run measures only some targets.
const (
	Met         State = "met"
	NotMet      State = "NOT MET"
	NotMeasured State = "not measured"
)

// Verdict is a requirement applied to one case.
type Verdict struct {
	Requirement Requirement
	Case        load.Case
	Ratio       Ratio
	State       State
}

// Judge applies each requirement to each of its cases.
func Judge(ss Samples, required []Requirement) []Verdict {
	var verdicts []Verdict
	for _, r := range required {
		for _, c := range r.cases() {
			v := Verdict{Requirement: r, Case: c, State: NotMeasured}
			if ratio, ok := ss.Compare(r.Metric, r.Subject, r.Rival, c); ok {
				v.Ratio, v.State = ratio, NotMet
				if r.allows(ratio.Medians) {
					v.State = Met
				}
			}
			verdicts = append(verdicts, v)
		}
	}
	return verdicts
}

// AllMet says whether every verdict is Met.
func AllMet(verdicts []Verdict) bool {
	return !slices.ContainsFunc(verdicts, func(v Verdict) bool { return v.State != Met })
}

// String is the verdict as one line.
func (v Verdict) String() string {
	r := v.Requirement
	head := fmt.Sprintf("%s, %s / %s, %s -P %d:", r.What, r.Subject, r.Rival, v.Case.Command, v.Case.Depth)
	if v.State == NotMeasured {
		return fmt.Sprintf("%s %s (required: %s)", head, v.State, r.bound())
	}
	return fmt.Sprintf("%s %.2f (rounds %.2f..%.2f), required %s: %s",
		head, v.Ratio.Medians, v.Ratio.Low, v.Ratio.High, r.bound(), v.State)
}
