package load

import (
	"testing"
	"time"
)

// What redis-benchmark 7.0 prints, shortened.
const benchmarkOutput = "                                                   \r" +
	"SET: rps=31448.4 (overall: 31448.4) avg_msec=0.154 (overall: 0.154)\r" + `====== SET ======
  10000 requests completed in 0.67 seconds
  4 parallel clients

Latency by percentile distribution:
0.000% <= 0.031 milliseconds (cumulative count 1)
99.997% <= 27.999 milliseconds (cumulative count 10000)
100.000% <= 27.999 milliseconds (cumulative count 10000)

Cumulative distribution of latencies:
30.705% <= 0.103 milliseconds (cumulative count 6141)
100.000% <= 28.103 milliseconds (cumulative count 10000)

====== GET ======
  10000 requests completed in 0.52 seconds

100.000% <= 3000.319 milliseconds (cumulative count 10000)
GET: rps=1.0 (overall: -nan) avg_msec=-nan (overall: -nan)`

func TestParseBenchmark(t *testing.T) {
	f := parseBenchmark(benchmarkOutput)
	if f.Commands != 20000 || f.LongestWait != 3000319*time.Microsecond || !f.AtLeast || f.Noticed() {
		t.Errorf("%+v", f)
	}
}

func TestParseBenchmarkErrors(t *testing.T) {
	for _, line := range []string{
		"Error: Server closed the connection",
		"Error from server: UNKNOWNOUTCOME the connection to the master was lost",
		"WARNING: Could not fetch server CONFIG",
		"Could not connect to Redis at 127.0.0.1:6379: Connection refused",
		"ERROR: failed to fetch CONFIG from 127.0.0.1:6379",
	} {
		f := parseBenchmark(benchmarkOutput + "\r" + line + "\n")
		if f.Errors != 1 || len(f.Troubles) != 1 || f.Troubles[0] != line {
			t.Errorf("%q: %+v", line, f)
		}
	}
}
