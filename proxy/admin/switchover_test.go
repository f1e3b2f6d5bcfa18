package admin

import (
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"
)

// ordered is a switchover that is over, or, as long as nobody closes done, is not.
type ordered struct {
	done   chan struct{}
	failed bool
}

func (o *ordered) Done() <-chan struct{} { return o.done }
func (o *ordered) Failed() bool          { return o.failed }
func (o *ordered) Report() any           { return map[string]bool{"failed": o.failed} }

// TestSwitchOrder: what is asked for gets through, and nothing is guessed.
func TestSwitchOrder(t *testing.T) {
	over := &ordered{done: make(chan struct{})}
	close(over.done)
	var got []SwitchOrder
	source := &scripted{begin: func(o SwitchOrder) (Switchover, *Refusal) {
		got = append(got, o)
		if o.Group == "busy" {
			return nil, &Refusal{http.StatusConflict, "one at a time"}
		}
		return &ordered{done: over.done, failed: o.Repair}, nil
	}}
	_, url := serve(t, source, Options{Token: "secret"})
	for _, tc := range []struct {
		query string
		code  int
		want  string // in the answer
		order *SwitchOrder
	}{
		{"", http.StatusOK, "false", &SwitchOrder{}},
		{
			"group=a&to=h:1&admin=x:1&admin=y:2,z:3&without-fence=1&hold-limit=3s", http.StatusOK, "false",
			&SwitchOrder{Group: "a", To: "h:1", Admins: []string{"x:1", "y:2", "z:3"}, WithoutFence: true, HoldLimit: 3 * time.Second},
		},
		{"dry-run", http.StatusOK, "false", &SwitchOrder{DryRun: true}},
		{"dry-run=false&rehearse=500ms", http.StatusOK, "false", &SwitchOrder{Rehearse: 500 * time.Millisecond}},
		{"repair=true", http.StatusConflict, "true", &SwitchOrder{Repair: true}},
		{"group=busy", http.StatusConflict, "one at a time", &SwitchOrder{Group: "busy"}},
		{"dryrun", http.StatusBadRequest, "dryrun: there is no such parameter", nil},
		{"dry-run=perhaps", http.StatusBadRequest, "dry-run: \\\"perhaps\\\" is neither true nor false", nil},
		{"rehearse=0s", http.StatusBadRequest, "rehearse: \\\"0s\\\"", nil},
		{"rehearse=5", http.StatusBadRequest, "rehearse: \\\"5\\\"", nil},
		{"hold-limit=-1s", http.StatusBadRequest, "hold-limit", nil},
		{"to=", http.StatusBadRequest, "to: it is empty", nil},
		{"to=a:1&to=b:1", http.StatusBadRequest, "to: it is given more than once", nil},
	} {
		got = nil
		code, body := post(t, url+"/api/v1/switch?"+tc.query, "secret")
		if code != tc.code || !strings.Contains(body, tc.want) {
			t.Errorf("%s: %d %s", tc.query, code, body)
		}
		if tc.order == nil && got != nil || tc.order != nil && !reflect.DeepEqual(got, []SwitchOrder{*tc.order}) {
			t.Errorf("%s: ordered %+v", tc.query, got)
		}
	}
	got = nil
	if code, _ := post(t, url+"/api/v1/switch", "other"); code != http.StatusUnauthorized || got != nil {
		t.Errorf("with another token: %d, %v", code, got)
	}
	resp, err := http.Post(url+"/api/v1/switch", "application/json", strings.NewReader(`{"dry-run": true}`))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusUnauthorized || got != nil {
		t.Errorf("without a token: %s, %v", resp.Status, got)
	}
	req, err := http.NewRequest(http.MethodPost, url+"/api/v1/switch", strings.NewReader(`{"dry-run": true}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer secret")
	req.Header.Set("Content-Type", "application/json")
	if resp, err = http.DefaultClient.Do(req); err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusBadRequest || got != nil {
		t.Errorf("parameters as JSON, which nobody reads: %s, %v", resp.Status, got)
	}
}

// TestLastSwitch: there is none at first.
func TestLastSwitch(t *testing.T) {
	source := &scripted{}
	_, url := serve(t, source, Options{})
	for _, tc := range []struct {
		last Switchover
		code int
		want string
	}{{nil, http.StatusNotFound, "no switchover"}, {&ordered{failed: true}, http.StatusOK, "failed"}} {
		source.set(func(s *scripted) { s.last = tc.last })
		code, body := get(t, url+"/api/v1/switch")
		if code != tc.code || !strings.Contains(body, tc.want) {
			t.Errorf("%d %s", code, body)
		}
	}
}
