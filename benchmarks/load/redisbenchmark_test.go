package load

import (
	"strings"
	"testing"
)

const report7 = "WARNING: Could not fetch server CONFIG\n" +
	"GET: rps=0.0 (overall: 0.0) avg_msec=-nan (overall: -nan)\r                 \r====== GET ======\n" + `  200000 requests completed in 0.13 seconds
  50 parallel clients
  64 bytes payload

Latency by percentile distribution:
0.000% <= 0.095 milliseconds (cumulative count 32)
50.000% <= 0.423 milliseconds (cumulative count 101648)
99.805% <= 4.823 milliseconds (cumulative count 199616)
99.902% <= 4.887 milliseconds (cumulative count 199824)
100.000% <= 4.943 milliseconds (cumulative count 200000)

Cumulative distribution of latencies:
0.032% <= 0.103 milliseconds (cumulative count 64)
100.000% <= 5.103 milliseconds (cumulative count 200000)

Summary:
  throughput summary: 1574803.12 requests per second
  latency summary (msec):
          avg       min       p50       p95       p99       max
        0.418     0.088     0.423     0.615     1.079     4.943

`

func TestParseReport(t *testing.T) {
	got, err := ParseReport(report7, "GET")
	want := Result{RPS: 1574803.12, P50: 0.423, P95: 0.615, P99: 1.079, P999: 4.887, Max: 4.943}
	if err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	// Of two reports each is found.
	second := strings.NewReplacer("GET", "SET", "1574803.12", "7").Replace(report7)
	for command, rps := range map[string]float64{"GET": 1574803.12, "SET": 7} {
		if got, err := ParseReport(report7+second, command); err != nil || got.RPS != rps {
			t.Errorf("%s: %+v, %v", command, got, err)
		}
	}
}

func TestParseReportFindsColumnsByName(t *testing.T) {
	out := strings.NewReplacer("avg       min", "max       new", "      max", "      avg").Replace(report7)
	got, err := ParseReport(out, "GET")
	if err != nil || got.Max != 0.418 || got.P99 != 1.079 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestParseReportRefuses(t *testing.T) {
	without := func(text string) string { return strings.Replace(report7, text, "", 1) }
	for name, test := range map[string]struct{ out, says string }{
		"nothing":            {"", "no report of GET"},
		"another command":    {strings.ReplaceAll(report7, "GET", "SET"), "no report of GET"},
		"server's error":     {"Error from server: ERR unknown command", "Error from server"},
		"cut short":          {report7[:strings.Index(report7, "Summary")], "no throughput"},
		"old release":        {without("  latency summary (msec):\n"), "7.0"},
		"row cut short":      {without("     4.943\n\n"), "5 latencies"},
		"no number":          {strings.Replace(report7, "1.079", "nan?", 1), "p99"},
		"no rate":            {strings.Replace(report7, "1574803.12", "0.00", 1), "rps is"},
		"column missing":     {strings.Replace(report7, "p99", "p98", 1), "no latency p99"},
		"percentile missing": {strings.NewReplacer("99.902%", "99.802%", "100.000% <= 4", "99.899% <= 4").Replace(report7), "99.9"},
		"only the next test": {"====== GET ======\n" + strings.ReplaceAll(report7, "GET", "SET"), "no throughput"},
	} {
		if _, err := ParseReport(test.out, "GET"); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: error %v does not say %q", name, err, test.says)
		}
	}
}

func TestArgs(t *testing.T) {
	c := Case{Command: "GET", Size: 64, Conns: 50, Depth: 16}
	b := RedisBenchmark{Bin: "redis-benchmark", Keys: 100, Threads: 1}
	got := strings.Join(b.Args(Endpoint{Host: "127.0.0.1", Port: 7000}, c, 8000), " ")
	if want := "-h 127.0.0.1 -p 7000 -t get -d 64 -c 50 -P 16 -n 8000 -r 100"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	b.Threads, c.Protocol = 2, 3
	got = strings.Join(b.Args(Endpoint{Socket: "/tmp/x.sock"}, c, 8000), " ")
	if want := "-s /tmp/x.sock -t get -d 64 -c 50 -P 16 -n 8000 -r 100 -3 --threads 2"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestCan(t *testing.T) {
	for _, test := range []struct {
		c    Case
		want bool
	}{
		{Case{Command: "GET"}, true},
		{Case{Command: "SET", Protocol: 3}, true},
		{Case{Command: "GET", Rate: 1}, false},
		{Case{Command: "LRANGE100"}, false},
		{Case{Command: "MULTI"}, false},
		{Case{Command: "WATCH"}, false},
	} {
		if got := (RedisBenchmark{}).Can(test.c); got != test.want {
			t.Errorf("%v: %v", test.c, got)
		}
	}
}
