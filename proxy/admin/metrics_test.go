package admin

import (
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

var update = flag.Bool("update", false, "rewrite the tables of docs/metrics.md")

// scrape reads /metrics and returns the proxy's own families.
func scrape(t *testing.T, base string) map[string]*dto.MetricFamily {
	t.Helper()
	resp, err := http.Get(base + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		b, _ := io.ReadAll(resp.Body)
		t.Fatalf("%s: %s", resp.Status, b)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	for name := range families {
		if !strings.HasPrefix(name, prefix+"_") {
			delete(families, name)
		}
	}
	return families
}

// sum adds up the series of a family that have all of the labels.
func sum(t *testing.T, families map[string]*dto.MetricFamily, name string, labels ...string) (total float64) {
	t.Helper()
	f, ok := families[prefix+"_"+name]
	if !ok {
		t.Fatalf("no metric %s", name)
	}
	for _, m := range f.Metric {
		all := make([]string, 0, len(m.Label))
		for _, l := range m.Label {
			all = append(all, l.GetName()+"="+l.GetValue())
		}
		if slices.ContainsFunc(labels, func(l string) bool { return !slices.Contains(all, l) }) {
			continue
		}
		total += m.GetCounter().GetValue() + m.GetGauge().GetValue() + m.GetSummary().GetSampleSum()
	}
	return total
}

func TestMetricNames(t *testing.T) {
	_, base := serve(t, twoGroups(), Options{})
	resp, err := http.Get(base + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	problems, err := promlint.New(resp.Body).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	for name, f := range scrape(t, base) {
		if f.GetType() == dto.MetricType_COUNTER != strings.HasSuffix(name, "_total") {
			t.Errorf("%s is a %s", name, f.GetType())
		}
	}
}

// The identities of the accounting can be computed from metrics by name, for each group.
func TestIdentities(t *testing.T) {
	_, base := serve(t, twoGroups(), Options{})
	m := scrape(t, base)
	for _, identity := range []struct {
		whole string
		parts []string
	}{
		{"clients_accepted_total", []string{"clients", "clients_closed_total"}},
		{"commands_held_total", []string{"commands_released_total", "commands_expired_total", "commands_cancelled_total", "held_commands"}},
		{"commands_sent_total", []string{"commands_answered_total", "commands_lost_total", "commands_in_flight"}},
		{"commands_lost_total", []string{"commands_resent_total", "commands_unknown_total", "commands_lost_waiting"}},
	} {
		for _, g := range testWords.Groups {
			whole, parts := sum(t, m, identity.whole, "group="+g), 0.0
			for _, p := range identity.parts {
				parts += sum(t, m, p, "group="+g)
			}
			if whole != parts || whole == 0 {
				t.Errorf("%s of %s is %v, %s are %v", identity.whole, g, whole, strings.Join(identity.parts, " + "), parts)
			}
		}
	}
}

func TestGroupMetrics(t *testing.T) {
	source := twoGroups()
	source.status.Groups[0].State = Holding
	source.status.Groups[1].Master = ""
	var limits LimitValues
	limits[LimitHoldBytes] = 4096
	_, base := serve(t, source, Options{Limits: limits, Build: Build{"v1", "abc"}})
	m := scrape(t, base)
	for _, tt := range []struct {
		want   float64
		name   string
		labels []string
	}{
		{1, "state", []string{"group=a"}},
		{1, "state", []string{"group=a", "state=holding"}},
		{1, "state", []string{"group=b", "state=serving"}},
		{1, "master_info", []string{"group=a", "addr=127.0.0.1:6380"}},
		{0, "master_info", []string{"group=b"}},
		{7, "config_epoch", []string{"group=a"}},
		{2, "adoptions_total", []string{"group=a"}},
		{2, "sentinels_known", []string{"group=a"}},
		{1, "sentinels_up", []string{"group=a"}},
		{1, "listening", []string{"group=a"}},
		{4096, "limit_hold_bytes", nil},
		{2, "limit_hits_total", []string{"group=a", "limit=client_output_bytes"}},
		{2, "clients_closed_total", []string{"group=a", "reason=output_limit"}},
		{2, "links", []string{"group=b", "kind=shared"}},
		{8, "links", []string{"group=b", "kind=pinned"}},
		{6, "sessions_pinned", []string{"group=b", "reason=multi"}},
		{1.5, "hold_maxwait_seconds", []string{"group=b", "lane=1"}},
		{1.5, "lane_busy_seconds_total", nil}, // two lanes, which the groups share
		{1.25, "lane_busy_seconds_total", []string{"lane=1"}},
		{1, "build_info", []string{"version=v1", "commit=abc"}},
	} {
		if got := sum(t, m, tt.name, tt.labels...); got != tt.want {
			t.Errorf("%s%v is %v, want %v", tt.name, tt.labels, got, tt.want)
		}
	}
}

func TestEvents(t *testing.T) {
	s, base := serve(t, twoGroups(), Options{})
	before := scrape(t, base)
	for _, e := range counterEvents {
		// All series are there, at 0, before anything has happened.
		n := len(testWords.Groups)
		if e.words != nil {
			n *= len(e.words(&testWords))
		}
		if got := len(before[prefix+"_"+e.name].GetMetric()); got != n || sum(t, before, e.name) != 0 {
			t.Errorf("%s has %d series, want %d at 0", e.name, got, n)
		}
	}
	e := s.Events
	e.HoldBegan("a", "link_lost")
	e.HoldBegan("a", "link_lost")
	e.HoldEnded("a", HoldEndedNewMaster, 1500*time.Millisecond)
	e.Refused("b", "no_majority")
	e.Entered("a", Holding)
	e.Rejected("a", "READONLY")
	e.Probed("b", "error")
	e.Fenced("a", "failed")
	e.SentinelUp("a")
	e.SentinelDown("b")
	m := scrape(t, base)
	for _, tt := range []struct {
		want   float64
		name   string
		labels []string
	}{
		{2, "holds_total", []string{"group=a", "reason=link_lost"}},
		{2, "holds_total", nil},
		{1, "holds_ended_total", []string{"group=a", "outcome=new_master"}},
		{1.5, "hold_duration_seconds", []string{"group=a"}},
		{1, "refusals_total", []string{"group=b", "reason=no_majority"}},
		{1, "state_entered_total", []string{"group=a", "state=holding"}},
		{1, "rejections_total", []string{"group=a", "rejection=READONLY"}},
		{1, "probes_total", []string{"group=b", "result=error"}},
		{1, "fences_total", []string{"group=a", "result=failed"}},
		{1, "sentinel_connects_total", []string{"group=a"}},
		{1, "sentinel_disconnects_total", []string{"group=b"}},
	} {
		if got := sum(t, m, tt.name, tt.labels...); got != tt.want {
			t.Errorf("%s%v is %v, want %v", tt.name, tt.labels, got, tt.want)
		}
	}
	if !slices.Equal(familyNames(before), familyNames(m)) {
		t.Error("events made metrics that were not there before")
	}
}

func familyNames(m map[string]*dto.MetricFamily) (names []string) {
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

const docPath = "../../docs/metrics.md"

// docs/metrics.md has each metric with its type, labels and meaning, and no other.
func TestDocs(t *testing.T) {
	_, base := serve(t, twoGroups(), Options{})
	m := scrape(t, base)
	var table strings.Builder
	table.WriteString("| metric | type | labels | meaning |\n|---|---|---|---|\n")
	for _, name := range familyNames(m) {
		f := m[name]
		var labels []string
		for _, l := range f.Metric[0].Label {
			labels = append(labels, l.GetName())
		}
		slices.Sort(labels)
		fmt.Fprintf(&table, "| `%s` | %s | %s | %s |\n", name, strings.ToLower(f.GetType().String()), strings.Join(labels, ", "), f.GetHelp())
	}
	doc, err := os.ReadFile(docPath)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- begin metrics -->\n", "<!-- end metrics -->"
	head, rest, ok := strings.Cut(string(doc), begin)
	old, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no %q ... %q", docPath, begin, end)
	}
	if old == table.String() {
		return
	}
	if !*update {
		t.Fatalf("%s is not what /metrics has; write it anew with: go test ./proxy/admin -run TestDocs -update", docPath)
	}
	if err := os.WriteFile(docPath, []byte(head+begin+table.String()+end+tail), 0o644); err != nil {
		t.Fatal(err)
	}
}

// The words that label values are documented with.
func TestDocsWords(t *testing.T) {
	doc, err := os.ReadFile(docPath)
	if err != nil {
		t.Fatal(err)
	}
	words := slices.Concat(CloseReasons[:], LimitNames[:])
	for _, s := range States {
		words = append(words, string(s))
	}
	for _, w := range words {
		if !strings.Contains(string(doc), "`"+w+"`") {
			t.Errorf("%s does not say what %s is", docPath, w)
		}
	}
}
