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

func TestJudge(t *testing.T) {
	var ss Samples
	for _, r := range Required() {
		for _, c := range r.cases() {
			ss = append(ss, sample(1, "sentinelproxy", c, 8, 1), sample(1, r.Rival, c, 10, 1))
		}
	}
	verdicts := Judge(ss, Required())
	if len(verdicts) != 8 || !AllMet(verdicts) {
		t.Fatalf("%v", verdicts) // 0.80 is allowed by the one bound and below the other
	}
	want := "proxy CPU per command, sentinelproxy / haproxy, GET -P 1: 0.80 (rounds 0.80..0.80), required at most 0.80: met"
	if got := verdicts[0].String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}

	for i := range ss {
		if ss[i].Target == "twemproxy" && ss[i].Case == get1 {
			*ss[i].Proxy = usage.Delta{CPU: 8 * time.Millisecond} // equal is not below
		}
	}
	verdicts = Judge(ss, Required())
	if AllMet(verdicts) || verdicts[4].State != NotMet || verdicts[5].State != Met {
		t.Errorf("%v", verdicts)
	}

	verdicts = Judge(nil, Required())
	if AllMet(verdicts) || verdicts[0].State != NotMeasured {
		t.Errorf("%v", verdicts)
	}
}

func TestShort(t *testing.T) {
	none := sample(1, "direct", get1, 0, 123456.7)
	none.Proxy = nil
	ss := Samples{none, sample(1, "haproxy", get1, 20, 50000), sample(1, "sentinelproxy", get1, 15, 60000)}
	var out bytes.Buffer
	Short(&out, Meta{Rounds: 1, Command: "go run .", Commit: "abc", Cores: 2}, ss, Judge(ss, Required()))
	const end = "- not measured: 7 of 8 requirements\n\nMedians of 1 rounds"
	want := `| GET, 64 B, 50 connections, -P 1 | commands/s | p50 ms | p99 ms | proxy CPU µs/cmd | CPU ÷ HAProxy | throughput ÷ HAProxy |
|---|---:|---:|---:|---:|---:|---:|
| direct | 123,457 | 0.500 | 1.250 | – | – | 2.47 |
| haproxy | 50,000 | 0.500 | 1.250 | 20.00 | 1.00 | 1.00 |
| sentinelproxy | 60,000 | 0.500 | 1.250 | 15.00 | 0.75 | 1.20 |

- proxy CPU per command, sentinelproxy / haproxy, GET -P 1: 0.75`
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
	for _, text := range []string{"| target haproxy | nbthread 1 |", "100.0 (10.0)", "| 1.5 |", "nbthread 2 instead of 1, GET -P 1: CPU per command 1.50"} {
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
