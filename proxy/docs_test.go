package proxy

import (
	"os"
	"slices"
	"strings"
	"testing"

	"go.uber.org/zap"

	"sentinelproxy/proxy/admin"
	"sentinelproxy/proxy/command"
)

// TestDocsTellTheWords: docs/metrics.md has a table for each label with a closed list of values, and in it a line for each.
func TestDocsTellTheWords(t *testing.T) {
	doc, err := os.ReadFile("../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	w := (&Proxy{log: zap.NewNop()}).words()
	pins := make([]string, 0, command.NumPins)
	for p := command.PinNone + 1; p < command.NumPins; p++ {
		pins = append(pins, p.String())
	}
	for head, words := range map[string][]string{
		"`reason` of `holds_total`":         w.HoldReasons,
		"`outcome` of `holds_ended_total`":  {admin.HoldEndedNewMaster, admin.HoldEndedSameMaster, admin.HoldEndedRefused},
		"`rejection` of `rejections_total`": w.Rejections,
		"`reason` of `refusals_total`":      w.RefuseReasons,
		"`result` of `probes_total`":        w.ProbeResults,
		"`result` of `fences_total`":        w.FenceResults,
		"`reason` of `sessions_pinned`":     pins,
	} {
		_, table, found := strings.Cut(string(doc), "| "+head+" | ")
		_, table, ruled := strings.Cut(table, "|\n|---|---|\n")
		if !found || !ruled {
			t.Errorf("no table of %s", head)
			continue
		}
		table, _, _ = strings.Cut(table, "\n\n")
		var told []string
		for line := range strings.Lines(table) {
			word, _, _ := strings.Cut(strings.TrimPrefix(line, "| `"), "` |")
			told = append(told, word)
		}
		if !slices.Equal(told, words) {
			t.Errorf("%s: the table has %q, want %q", head, told, words)
		}
	}
}
