package chart

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// texts of an SVG that is well-formed and not white.
func texts(t *testing.T, path string) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all strings.Builder
	paths := 0
	for d := xml.NewDecoder(f); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.CharData:
			all.Write(token)
			all.WriteByte('\n')
		case xml.StartElement:
			if token.Name.Local == "path" {
				paths++
			}
		}
	}
	if paths < 10 {
		t.Errorf("only %d lines and areas", paths)
	}
	return all.String()
}

func TestChart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.svg")
	c := Chart{
		Title: "Cost", Caption: "commit abc", X: Axis{Label: "connections", Log: true}, Y: Axis{Label: "µs", Log: true},
		Series: []Series{
			{Name: "one", Points: []Point{{0, 1}, {1, 0.02}, {1000, math.NaN()}, {5000, 3}}, Dots: true},
			{Name: "empty", Points: []Point{{1, math.NaN()}, {0, 0}}},
		},
	}
	if err := c.Write(path); err != nil {
		t.Fatal(err)
	}
	got := texts(t, path)
	for _, want := range []string{"Cost\n", "commit abc\n", "connections\n", "µs\n", "one\n", "\n0.05\n", "\n2000\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %q", want, got)
		}
	}
	if strings.Contains(got, "empty") {
		t.Error("a line without points is in the legend")
	}
	c.Series = c.Series[1:]
	if c.Write(path) == nil {
		t.Error("nothing to draw, and no error")
	}
}

// TestOneValue: a line that does not rise or fall has an axis too.
func TestOneValue(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.svg")
	c := Chart{
		Title: "Flat", X: Axis{Log: true}, Y: Axis{Log: true},
		Series: []Series{{Name: "one", Points: []Point{{1, 1}, {1, 1}}}},
	}
	if err := c.Write(path); err != nil {
		t.Fatal(err)
	}
	if got := texts(t, path); !strings.Contains(got, "\n0.5\n") || !strings.Contains(got, "\n2\n") {
		t.Errorf("%q", got)
	}
}

func TestLongCaptionsAreWrapped(t *testing.T) {
	got := wrapped(strings.Repeat("word ", 50))
	for i, line := range strings.Split(got, "\n") {
		if i == 0 && line != "" || len(line) > 110 || i > 0 && i < 3 && len(line) < 100 {
			t.Errorf("line %d: %q", i, line)
		}
	}
	if strings.Count(got, "word") != 50 || wrapped("") != "" {
		t.Errorf("%q", got)
	}
}

func TestTicksOfOnesOwn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.svg")
	c := Chart{
		Title: "Percentiles", X: Axis{Label: "p", Ticks: map[float64]string{0: "50", 1: "90"}},
		Series: []Series{{Name: "one", Points: []Point{{0, 1}, {1, 2}}}},
	}
	if err := c.Write(path); err != nil {
		t.Fatal(err)
	}
	if got := texts(t, path); !strings.Contains(got, "\n50\n") || !strings.Contains(got, "\n90\n") {
		t.Errorf("%q", got)
	}
}

func TestBars(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.svg")
	b := Bars{Title: "Ratios", Y: "times", Groups: []string{"GET", "SET"}, Bars: []Bar{{"one", []float64{1, math.NaN()}}, {"two", []float64{2, 3}}}}
	if err := b.Write(path); err != nil {
		t.Fatal(err)
	}
	got := texts(t, path)
	for _, want := range []string{"Ratios\n", "times\n", "GET\n", "SET\n", "one\n", "two\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %q", want, got)
		}
	}
}

func TestPercentiles(t *testing.T) {
	h := hdrhistogram.New(1000, 1e9, 3)
	for i := range int64(1000) { // 1 to 1000 ms
		if err := h.RecordValue((i + 1) * 1e6); err != nil {
			t.Fatal(err)
		}
	}
	points := Percentiles(h)
	for _, want := range []Point{{1, 900}, {2, 990}} { // the median is between two of the points
		i := int(math.Round(want.X / 0.02))
		if got := points[i]; math.Abs(got.X-want.X) > 1e-6 || math.Abs(got.Y-want.Y) > 2 {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	if last := points[len(points)-1]; math.Abs(last.X-3) > 0.03 || last.Y < 995 {
		t.Errorf("it ends at %+v", last)
	}
	if Percentiles(hdrhistogram.New(1000, 1e9, 3)) != nil {
		t.Error("points of nothing")
	}
}
