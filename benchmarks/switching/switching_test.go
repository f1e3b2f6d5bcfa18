package switching

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sentinelproxy/benchmarks/chart"
	"sentinelproxy/benchmarks/load"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const ms = time.Millisecond

func TestSlowest(t *testing.T) {
	s := Seen{Began: 40 * ms, Calls: []load.Call{
		{Due: 0, Latency: ms},
		{Due: 19 * ms, Latency: 3 * ms},
		{Due: 20 * ms, Latency: 2 * ms},
		{Due: 60 * ms, Latency: 5 * ms},
		{Due: 40*ms + drawnAfter + 1, Latency: 9 * ms}, // long after
	}}
	want := []chart.Point{{X: -0.04, Y: 3}, {X: -0.02, Y: 2}, {X: 0.02, Y: 5}}
	got := slowest(s)
	if len(got) != len(want) {
		t.Fatalf("%v", got)
	}
	for i := range want {
		if math.Abs(got[i].X-want[i].X) > 1e-9 || got[i].Y != want[i].Y {
			t.Errorf("%d: %v, want %v", i, got[i], want[i])
		}
	}
}

func TestWrite(t *testing.T) {
	var calls []load.Call
	for i := range 1000 {
		calls = append(calls, load.Call{Due: time.Duration(i) * ms, Latency: ms})
	}
	calls[500].Err = errors.New("READONLY")
	dir := t.TempDir()
	path, err := Write(dir, "go run .", Options{Rate: 1000, Before: ms, After: ms}, []Seen{{Way: "this way", Calls: calls, Acknowledged: 499, Lost: 7}})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	for _, want := range []string{"| this way | 1000 | 1 | 7 of 499 | 1.00 | 1.00 | 1.0 | 1.0 |", "the first of 1 errors: `READONLY`", timePlot, percentilePlot} {
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("no %q, %v, in\n%s", want, err, text)
		}
	}
	for _, plot := range []string{timePlot, percentilePlot} {
		if _, err := os.Stat(filepath.Join(dir, plot)); err != nil {
			t.Error(err)
		}
	}
}
