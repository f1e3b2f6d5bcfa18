package report

import (
	"bytes"
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sentinelproxy/benchmarks/load"
	"sentinelproxy/benchmarks/usage"
)

var get1 = load.Case{Command: "GET", Size: 64, Conns: 50, Depth: 1}

// sample has a proxy that used cpu microseconds for each of 1000 commands.
func sample(round int, target string, c load.Case, cpu, rps float64) Sample {
	return Sample{
		Round: round, Target: target, Case: c, Commands: 1000, Wall: time.Second,
		Client: load.Result{RPS: rps, P50: 0.5, P99: 1.25},
		Proxy:  &usage.Delta{CPU: time.Duration(cpu * 1000 * float64(time.Microsecond)), Voluntary: 90, Involuntary: 10, RSS: 3 << 19},
	}
}

func near(a, b float64) bool { return math.Abs(a-b) < 1e-9 }

func TestMedian(t *testing.T) {
	for _, test := range []struct {
		values []float64
		want   float64
	}{
		{[]float64{3}, 3},
		{[]float64{9, 1, 5}, 5},
		{[]float64{4, 1, 100, 2}, 3},
	} {
		if got := median(test.values); got != test.want {
			t.Errorf("%v: %v, want %v", test.values, got, test.want)
		}
	}
	if !math.IsNaN(median(nil)) {
		t.Error("the median of nothing is a number")
	}
}

func TestCompare(t *testing.T) {
	ss := Samples{
		sample(1, "a", get1, 10, 1), sample(1, "b", get1, 20, 1),
		sample(2, "a", get1, 12, 1), sample(2, "b", get1, 15, 1),
		sample(3, "b", get1, 40, 1), sample(3, "a", get1, 30, 1),
		sample(4, "a", get1, 1, 1), // no b in this round
		sample(1, "a", load.Case{Command: "SET"}, 99, 1),
	}
	r, ok := ss.Compare(ProxyCPU, "a", "b", get1)
	if !ok || r.Rounds != 3 || !near(r.Medians, 11.0/20) || !near(r.Low, 0.5) || !near(r.High, 0.8) {
		t.Errorf("%+v, %v", r, ok)
	}
	if _, ok := ss.Compare(ProxyCPU, "a", "c", get1); ok {
		t.Error("compared with a target that was not measured")
	}
	ss[1].Proxy, ss[3].Proxy, ss[4].Proxy = nil, nil, nil
	if _, ok := ss.Compare(ProxyCPU, "a", "b", get1); ok {
		t.Error("compared with the proxy of a target that has none")
	}
}

// judged has every target of the requirements in all their cases, each with the CPU time and throughput that it is given.
func judged(cpu, rps map[string]float64) Samples {
	var ss Samples
	for _, r := range Required() {
		for _, c := range r.Cases {
			for _, name := range []string{r.Subject, r.Rival} {
				if len(ss.Of(name, c)) == 0 {
					ss = append(ss, sample(1, name, c, cpu[name], rps[name]))
				}
			}
		}
	}
	return ss
}

func find(t *testing.T, verdicts []Verdict, what, c string) Verdict {
	t.Helper()
	for _, v := range verdicts {
		if v.What == what && v.Case == c {
			return v
		}
	}
	t.Fatalf("no verdict on %s, %s", what, c)
	return Verdict{}
}

func TestJudge(t *testing.T) {
	cpu := map[string]float64{"sentinelproxy": 6, "sentinelproxy-unix": 3.9, "haproxy": 10, "twemproxy": 20}
	rps := map[string]float64{"sentinelproxy": 125, "haproxy": 100, "twemproxy": 125, "direct": 138}
	verdicts := Judge(judged(cpu, rps), Required())
	if len(verdicts) != 27 || !AllMet(verdicts) {
		t.Fatalf("%d: %v", len(verdicts), verdicts)
	}
	const what = "proxy CPU per command, sentinelproxy ÷ haproxy"
	want := Verdict{what, "GET, 64 B, 500 connections, -P 1", "0.60 (rounds 0.60..0.60)", "at most 0.60", Met}
	if got := find(t, verdicts, what, want.Case); got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}

	cpu["twemproxy"], rps["direct"] = 6, 139 // equal is not below; 0.899
	verdicts = Judge(judged(cpu, rps), Required())
	for _, v := range []struct {
		what, c string
		want    State
	}{
		{"proxy CPU per command, sentinelproxy ÷ twemproxy", "SET, 64 B, 50 connections, -P 1", NotMet},
		{"throughput, sentinelproxy ÷ direct", "GET, 64 B, 50 connections, -P 16", NotMet},
		{"throughput, sentinelproxy ÷ direct", "MULTI, 64 B, 50 connections, -P 1", Met},
		{"throughput, sentinelproxy ÷ twemproxy", "GET, 64 B, 50 connections, -P 1", Met}, // equal is at least
	} {
		if got := find(t, verdicts, v.what, v.c); got.State != v.want {
			t.Errorf("%+v, want %s", got, v.want)
		}
	}
	if AllMet(verdicts) {
		t.Error("all are met")
	}

	verdicts = Judge(nil, Required())
	if AllMet(verdicts) || verdicts[0].State != NotMeasured {
		t.Errorf("%v", verdicts)
	}
}

func TestFacts(t *testing.T) {
	for _, test := range []struct {
		facts        Facts
		idle, served State
	}{
		{NoFacts(), NotMeasured, NotMeasured},
		{Facts{IdleBytes: 2048, IdleConns: 10_000, Served: 20_000, Room: 90_000}, Met, Met},
		{Facts{IdleBytes: 2049, IdleConns: 10_000, Served: 19_999, Room: 90_000}, NotMet, NotMet},
		{Facts{IdleBytes: 0, IdleConns: 10_000, Served: 19_900, Room: 19_900}, Met, NotMeasured},
	} {
		v := test.facts.Verdicts()
		if v[0].State != test.idle || v[1].State != test.served {
			t.Errorf("%+v: %+v", test.facts, v)
		}
	}
}

func TestShort(t *testing.T) {
	none := sample(1, "direct", get1, 0, 123456.7)
	none.Proxy = nil
	ss := Samples{none, sample(1, "haproxy", get1, 20, 50000), sample(1, "sentinelproxy", get1, 15, 60000)}
	large := get1
	large.Size = 1 << 20 // stands in the results, not in the README
	ss = append(ss, sample(1, "haproxy", large, 1, 1))
	var out bytes.Buffer
	Short(&out, Meta{Rounds: 1, Command: "go run .", Commit: "abc", Cores: 2}, ss, Judge(ss, Required()))
	const end = "Not measured: 25 of 27 requirements.\n\nMedians of 1 rounds"
	want := `| GET, 64 B, 50 connections, -P 1 | commands/s | p50 ms | p99 ms | proxy CPU µs/cmd | CPU ÷ HAProxy | throughput ÷ HAProxy |
|---|---:|---:|---:|---:|---:|---:|
| direct | 123,457 | 0.500 | 1.250 | – | – | 2.47 |
| haproxy | 50,000 | 0.500 | 1.250 | 20.00 | 1.00 | 1.00 |
| sentinelproxy | 60,000 | 0.500 | 1.250 | 15.00 | 0.75 | 1.20 |

| requirement | case | measured | required | |
|---|---|---:|---:|---|
| proxy CPU per command, sentinelproxy ÷ haproxy | GET, 64 B, 50 connections, -P 1 | 0.75 (rounds 0.75..0.75) | at most 0.60 | NOT MET |
| throughput, sentinelproxy ÷ haproxy | GET, 64 B, 50 connections, -P 1 | 1.20 (rounds 1.20..1.20) | at least 1.25 | NOT MET |
`
	if !strings.HasPrefix(out.String(), want) || !strings.Contains(out.String(), end) {
		t.Errorf("got\n%s", out.String())
	}
}

func TestWrite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	none := sample(1, "direct", get1, 0, 1000)
	none.Proxy = nil
	two := sample(1, "haproxy-2t", get1, 30, 900)
	ss := Samples{none, sample(1, "haproxy", get1, 20, 1000), two}
	path, err := Write(dir, "bench", Meta{Notes: map[string]string{"haproxy": "nbthread 1"}}, ss, nil)
	if err != nil {
		t.Fatal(err)
	}
	md, err := os.ReadFile(path)
	for _, text := range []string{"| target haproxy | nbthread 1 |", "100.0 (10.0)", "| 1.5 |", "nbthread 2 instead of 1, GET, 64 B, 50 connections, -P 1: CPU per command 1.50"} {
		if err != nil || !strings.Contains(string(md), text) {
			t.Errorf("no %q, %v, in\n%s", text, err, md)
		}
	}
	table, err := os.Open(filepath.Join(dir, "bench.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer table.Close()
	rows, err := csv.NewReader(table).ReadAll()
	if err != nil || len(rows) != 4 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for i, head := range rows[0] {
		if head == "proxy_cpu_us" && (rows[1][i] != "" || rows[2][i] != "20") {
			t.Errorf("direct %q, haproxy %q", rows[1][i], rows[2][i])
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "bench.json")); err != nil {
		t.Error(err)
	}
}

// TestPlots: what there are cases for is drawn, and nothing else.
func TestPlots(t *testing.T) {
	wide, paced := get1, get1
	wide.Conns, paced.Rate = 500, 10_000
	ss := Samples{sample(1, "haproxy", get1, 20, 1000), sample(1, "sentinelproxy", get1, 10, 1000)}
	plots := func() string {
		files, err := Plots(t.TempDir(), "x", Meta{}, ss)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(files, " ")
	}
	if got := plots(); got != "x-cpu-ratios.svg" {
		t.Error(got)
	}
	at := sample(1, "haproxy", paced, 20, 10_000)
	at.Client.Latencies = load.NewLatencies()
	if err := at.Client.Latencies.RecordValue(1e6); err != nil {
		t.Fatal(err)
	}
	if err := at.Client.Latencies.RecordValue(2e6); err != nil {
		t.Fatal(err)
	}
	ss = append(ss, sample(1, "haproxy", wide, 25, 900), at)
	if got := plots(); got != "x-cpu-by-connections.svg x-cpu-ratios.svg x-latency-GET-10000.svg" {
		t.Error(got)
	}
}

func TestUpdateReadme(t *testing.T) {
	path := filepath.Join(t.TempDir(), "README.md")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("# X\n" + begin + "\nold\nolder\n" + end + "\nrest\n")
	for range 2 { // the second time must find what the first has written
		if err := UpdateReadme(path, "\nnew\n\n"); err != nil {
			t.Fatal(err)
		}
	}
	text, _ := os.ReadFile(path)
	if want := "# X\n" + begin + "\nnew\n" + end + "\nrest\n"; string(text) != want {
		t.Errorf("got %q", text)
	}
	for name, text := range map[string]string{
		"none": "# X\n", "one": begin, "twice": begin + end + begin + end, "wrong way round": end + "\n" + begin,
	} {
		write(text)
		if CheckMarkers(path) == nil || UpdateReadme(path, "new") == nil {
			t.Errorf("markers %s: no error", name)
		}
		if now, _ := os.ReadFile(path); string(now) != text {
			t.Errorf("markers %s: the file was changed", name)
		}
	}
}
