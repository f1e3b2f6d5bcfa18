package admin

import (
	"time"

	gometrics "github.com/hashicorp/go-metrics"
	promsink "github.com/hashicorp/go-metrics/prometheus"
	"github.com/prometheus/client_golang/prometheus"
)

// Words are the closed lists behind the labels of Events. Every series exists from the start, at 0: a
// counter that appears with its first event has no rate at that event, which is the one that matters.
type Words struct {
	Groups        []string // master names
	HoldReasons   []string
	RefuseReasons []string
	Rejections    []string // first words of the replies that start a hold: READONLY, ...
	ProbeResults  []string // master, replica, ..., error
	FenceResults  []string // what fences came to
}

// Events counts what happens in the control plane, through go-metrics. It costs about a microsecond and
// a few allocations per call and takes locks: not for the lanes. All methods may be called from any
// goroutine.
type Events struct {
	m *gometrics.Metrics
}

// The outcomes of a hold, for HoldEnded.
const (
	HoldEndedNewMaster  = "new_master"
	HoldEndedSameMaster = "same_master"
	HoldEndedRefused    = "refused"
)

// prefix begins the name of every metric of the proxy.
const prefix = "sentinelproxy"

// event is one metric of Events, with the label it has besides the group, if any.
type event struct {
	name, help, label string
	words             func(*Words) []string
}

var counterEvents = []event{
	{"holds_total", "Holds begun, by what began them.", "reason", func(w *Words) []string { return w.HoldReasons }},
	{"holds_ended_total", "Holds ended, by how.", "outcome", func(*Words) []string {
		return []string{HoldEndedNewMaster, HoldEndedSameMaster, HoldEndedRefused}
	}},
	{"refusals_total", "Times that the hold limit passed, by what was missing.", "reason", func(w *Words) []string { return w.RefuseReasons }},
	{"state_entered_total", "Times that a state was entered.", "state", func(*Words) []string {
		names := make([]string, len(States))
		for i, s := range States {
			names[i] = string(s)
		}
		return names
	}},
	{"rejections_total", "Holds begun or prolonged by a rejection of the master, by its first word.", "rejection", func(w *Words) []string { return w.Rejections }},
	{"probes_total", "ROLE probes, by what was answered.", "result", func(w *Words) []string { return w.ProbeResults }},
	{"fences_total", "Fences that a failover announced by Sentinel gave reason for, by what they came to.", "result", func(w *Words) []string { return w.FenceResults }},
	{"sentinel_connects_total", "Times that a Sentinel's subscription was established.", "", nil},
	{"sentinel_disconnects_total", "Times that a Sentinel was lost.", "", nil},
}

var sampleEvents = []event{
	{"hold_duration_seconds", "Length of holds, from the first sign to release or refusal; quantiles over the last 10 s only, sum and count over all.", "", nil},
}

// newEvents registers every series in reg.
func newEvents(w *Words, reg prometheus.Registerer) (*Events, error) {
	opts := promsink.PrometheusOpts{
		Expiration: 0, // a switch is rare, and its counters must outlast the quiet
		Name:       prefix + "_events_sink",
		Registerer: reg,
	}
	for _, e := range counterEvents {
		for _, labels := range e.series(w) {
			opts.CounterDefinitions = append(opts.CounterDefinitions, promsink.CounterDefinition{
				Name: []string{prefix, e.name}, Help: e.help, ConstLabels: labels,
			})
		}
	}
	for _, e := range sampleEvents {
		for _, labels := range e.series(w) {
			opts.SummaryDefinitions = append(opts.SummaryDefinitions, promsink.SummaryDefinition{
				Name: []string{prefix, e.name}, Help: e.help, ConstLabels: labels,
			})
		}
	}
	sink, err := promsink.NewPrometheusSinkFrom(opts)
	if err != nil {
		return nil, err
	}
	conf := gometrics.DefaultConfig(prefix)
	conf.EnableHostname = false
	conf.EnableRuntimeMetrics = false // the Go collector has them, and this one starts a goroutine that never ends
	conf.TimerGranularity = time.Second
	m, err := gometrics.New(conf, sink)
	return &Events{m}, err
}

// series are the label sets of one metric: each group with each word.
func (e *event) series(w *Words) (all [][]gometrics.Label) {
	for _, group := range w.Groups {
		if e.label == "" {
			all = append(all, labels(group, "", ""))
			continue
		}
		for _, word := range e.words(w) {
			all = append(all, labels(group, e.label, word))
		}
	}
	return all
}

func labels(group, label, word string) []gometrics.Label {
	l := []gometrics.Label{{Name: "group", Value: group}}
	if label != "" {
		l = append(l, gometrics.Label{Name: label, Value: word})
	}
	return l
}

func (e *Events) count(name, group, label, word string) {
	e.m.IncrCounterWithLabels([]string{name}, 1, labels(group, label, word))
}

// HoldBegan counts a hold of a group, by reason.
func (e *Events) HoldBegan(group, reason string) { e.count("holds_total", group, "reason", reason) }

// HoldEnded counts the end of a hold: outcome is one of the HoldEnded constants, after how long.
func (e *Events) HoldEnded(group, outcome string, after time.Duration) {
	e.count("holds_ended_total", group, "outcome", outcome)
	e.m.AddSampleWithLabels([]string{"hold_duration_seconds"}, float32(after.Seconds()), labels(group, "", ""))
}

// Refused counts a passing of the hold limit, by what was missing.
func (e *Events) Refused(group, reason string) { e.count("refusals_total", group, "reason", reason) }

// Entered counts a change of a group's state.
func (e *Events) Entered(group string, s State) {
	e.count("state_entered_total", group, "state", string(s))
}

// Rejected counts a rejection that the lanes reported; word is the reply's first.
func (e *Events) Rejected(group, word string) { e.count("rejections_total", group, "rejection", word) }

// Probed counts a ROLE probe's end, by result.
func (e *Events) Probed(group, result string) { e.count("probes_total", group, "result", result) }

// Fenced counts what a fence has come to.
func (e *Events) Fenced(group, result string) { e.count("fences_total", group, "result", result) }

// SentinelUp counts a subscription established.
func (e *Events) SentinelUp(group string) { e.count("sentinel_connects_total", group, "", "") }

// SentinelDown counts a Sentinel lost.
func (e *Events) SentinelDown(group string) { e.count("sentinel_disconnects_total", group, "", "") }
