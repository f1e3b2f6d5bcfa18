package report

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"sentinelproxy/demo/load"
	"sentinelproxy/demo/tally"
	"sentinelproxy/proxy/admin"
)

var update = flag.Bool("update", false, "write testdata anew")

// quiet saw nothing but two unknown outcomes, loud everything.
var (
	quiet = Section{Title: "through the proxy, 127.0.0.1:6390", Rows: []Row{
		{"redis-cli", tally.Figures{Commands: 1812, LongestWait: 5612 * time.Millisecond, LongestGap: 5650 * time.Millisecond}},
		{"go-redis pipelines of 16", tally.Figures{Commands: 1_175_696, Unknown: 2, LongestWait: 247 * time.Millisecond, LongestGap: 250 * time.Millisecond}},
		{"redis-benchmark", tally.Figures{Commands: 60_000, LongestWait: 3 * time.Second, AtLeast: true}},
	}}
	loud = Section{Title: "direct clients, straight at 127.0.0.1:6379", Rows: []Row{
		{"go-redis SET/GET", tally.Figures{
			Commands: 21_176, Errors: 10_496, Wrong: 1, Closed: 4, LongestWait: 231 * time.Millisecond, LongestGap: 29890 * time.Millisecond,
			Troubles: []string{"7.0 s, go-redis SET/GET #0: SET: EOF", strings.Repeat("very long ", 20)},
		}},
	}}
	kept = load.Data{Acknowledged: 51662, Unsure: 2, Final: 51663, Keys: 193}
	lost = load.Data{Acknowledged: 7, Final: 3, Keys: 2, Lost: []string{"a: the counter is 3, not 7", "b", "c", "d", "e", "f"}}
)

func TestOutput(t *testing.T) {
	for name, write := range map[string]func(w io.Writer){
		"table":         func(w io.Writer) { Table(w, quiet, loud) },
		"verdict":       func(w io.Writer) { Data(w, "Writes:", kept); Verdict(w, quiet, kept) },
		"verdict-bad":   func(w io.Writer) { Data(w, "Writes:", lost); Verdict(w, loud, lost) },
		"timeline":      func(w io.Writer) { Timeline(w, 1, aSwitch(3)) },
		"timeline-long": func(w io.Writer) { Timeline(w, 2, aSwitch(maxEvents+5)) },
	} {
		t.Run(name, func(t *testing.T) {
			var got bytes.Buffer
			write(&got)
			for line := range strings.Lines(got.String()) {
				if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > 100 {
					t.Errorf("%d columns: %s", n, line)
				}
			}
			file := "testdata/" + name + ".txt"
			if *update {
				if err := os.WriteFile(file, got.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got.String() != string(want) {
				t.Errorf("got:\n%swant:\n%s", got.String(), want)
			}
		})
	}
}

func aSwitch(events int) admin.Switch {
	s := admin.Switch{
		From: "127.0.0.1:6379", To: "127.0.0.1:6380", Reason: "link_lost", Outcome: admin.OutcomeReleased, DurationMS: 5467.2,
		Counts: admin.SwitchCounts{Held: 1234, Released: 1234, Drained: 5, Lost: 9, Resent: 7, Unknown: 2, HoldP50MS: 5400.4, HoldP99MS: 5466, HoldMaxMS: 5467},
	}
	for i := range events {
		s.Events = append(s.Events, admin.SwitchEvent{
			OffsetMS: float64(i) * 1810.55, State: admin.Holding, Source: "127.0.0.1:5000",
			Text: fmt.Sprintf("+sdown master the_master 127.0.0.1 6379 and more that does not fit into this line %d", i),
		})
	}
	return s
}

// TestVerdict: each thing that a client can notice fails the demo, and nothing else does.
func TestVerdict(t *testing.T) {
	for name, test := range map[string]struct {
		figures tally.Figures
		data    load.Data
		pass    bool
	}{
		"nothing": {tally.Figures{Commands: 1}, load.Data{}, true},
		"unknown": {tally.Figures{Commands: 1, Unknown: 5}, load.Data{Unsure: 5}, true},
		"error":   {tally.Figures{Commands: 1, Errors: 1}, load.Data{}, false},
		"closed":  {tally.Figures{Commands: 1, Closed: 1}, load.Data{}, false},
		"wrong":   {tally.Figures{Commands: 1, Wrong: 1}, load.Data{}, false},
		"lost":    {tally.Figures{Commands: 1}, load.Data{Lost: []string{"key"}}, false},
		"no use":  {tally.Figures{}, load.Data{}, false},
	} {
		// In the second row: all rows count.
		s := Section{Rows: []Row{{"first", tally.Figures{Commands: 1}}, {"second", test.figures}}}
		if got := Verdict(io.Discard, s, test.data); got != test.pass {
			t.Errorf("%s: passed is %v", name, got)
		}
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[uint64]string{0: "0", 12: "12", 999: "999", 1000: "1,000", 123456: "123,456", 1234567: "1,234,567"} {
		if got := Count(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
}
