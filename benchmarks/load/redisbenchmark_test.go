package load

import (
	"strings"
	"testing"
)

const csv7 = `WARNING: Could not fetch server CONFIG
"test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms","max_latency_ms"
"SET","606060.62","0.817","0.232","0.607","1.871","3.415","3.623"
"GET","769230.75","0.570","0.224","0.543","0.871","1.183","1.455"
`

func TestParseCSV(t *testing.T) {
	got, err := ParseCSV(csv7, "GET")
	if err != nil {
		t.Fatal(err)
	}
	want := Result{RPS: 769230.75, P50: 0.543, P95: 0.871, P99: 1.183, Max: 1.455}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestParseCSVFindsColumnsByName(t *testing.T) {
	out := `"test","max_latency_ms","rps","p999_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms"
"GET","5","1000","4","1","2","3"
`
	got, err := ParseCSV(out, "GET")
	if want := (Result{RPS: 1000, P50: 1, P95: 2, P99: 3, Max: 5}); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

func TestParseCSVRefuses(t *testing.T) {
	header, row, _ := strings.Cut(strings.TrimPrefix(csv7, "WARNING: Could not fetch server CONFIG\n"), "\n")
	for name, test := range map[string]struct{ out, says string }{
		"nothing":            {"", "no row for GET"},
		"another command":    {header + "\n" + `"SET","1","1","1","1","1","1","1"`, "no row for GET"},
		"old release":        {`"GET","1000.00"`, "header"},
		"row cut short":      {header + "\n" + `"GET","769230.75","0.570"`, "3 fields"},
		"no number":          {header + "\n" + `"GET","nan?","1","1","1","1","1","1"`, "rps"},
		"no rate":            {header + "\n" + `"GET","0.00","1","1","1","1","1","1"`, "rps is 0"},
		"column missing":     {`"test","rps"` + "\n" + `"GET","1000"`, "no column"},
		"server's error":     {"Error from server: ERR unknown command", "Error from server"},
		"torn quotes":        {header + "\n" + `"GET","1`, "bad CSV line"},
		"row before header":  {row, "header"},
		"header in the rows": {header + "\n" + header, "no row for GET"},
	} {
		if _, err := ParseCSV(test.out, "GET"); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: error %v does not say %q", name, err, test.says)
		}
	}
}

func TestArgs(t *testing.T) {
	c := Case{Command: "GET", Size: 64, Conns: 50, Depth: 16}
	b := RedisBenchmark{Bin: "redis-benchmark", Keys: 100, Threads: 1}
	got := strings.Join(b.Args(Endpoint{Host: "127.0.0.1", Port: 7000}, c, 8000), " ")
	if want := "-h 127.0.0.1 -p 7000 -t get -d 64 -c 50 -P 16 -n 8000 -r 100 --csv"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	b.Threads = 2
	got = strings.Join(b.Args(Endpoint{Socket: "/tmp/x.sock"}, c, 8000), " ")
	if want := "-s /tmp/x.sock -t get -d 64 -c 50 -P 16 -n 8000 -r 100 --csv --threads 2"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
