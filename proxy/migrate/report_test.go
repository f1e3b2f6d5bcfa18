package migrate

import (
	"encoding/json"
	"testing"
	"time"
)

// TestReportSoFar: what is not known yet is not told as if it was an address.
func TestReportSoFar(t *testing.T) {
	var told []Report
	s := newSwitchover(Options{Master: "m", Progress: func(r Report) { told = append(told, r) }, Limits: Limits{Hold: time.Minute}})
	defer s.close()
	s.say("one")
	s.report.From = "a:1"
	s.say("two")
	s.report.To = "b:1"
	s.say("three")
	for i, want := range []map[string]any{{"from": nil, "to": nil}, {"from": "a:1", "to": nil}, {"from": "a:1", "to": "b:1"}} {
		body, err := json.Marshal(told[i])
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]any{}
		if err := json.Unmarshal(body, &got); err != nil {
			t.Fatal(err)
		}
		for name, value := range want {
			if v, is := got[name]; v != value || is != (value != nil) {
				t.Errorf("step %d: %s", i, body)
			}
		}
	}
}
