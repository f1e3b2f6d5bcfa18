package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sentinelproxy/internal/servers"
)

// The planned switchover that a proxy itself carries out: POST /api/v1/switch.

// report is the answer as a stranger reads it; Error is also that of a refusal.
type report struct {
	Master  string   `json:"master"`
	From    string   `json:"from"`
	To      string   `json:"to"`
	Outcome string   `json:"outcome"`
	Error   string   `json:"error"`
	Unsure  []string `json:"unsure"`
	Steps   []struct {
		Text string `json:"text"`
	} `json:"steps"`
	HeldMS float64 `json:"held_ms"`
}

// patient waits for as long as a switchover may take.
var patient = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 3 * time.Minute}

// post has the first proxy switch, with the others' addresses.
func (s *switchable) post(ctx context.Context, form url.Values) (code int, r report, err error) {
	for _, p := range s.proxies[1:] {
		form.Add("admin", strings.TrimPrefix(p.admin, "http://"))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.proxies[0].admin+"/api/v1/switch", strings.NewReader(form.Encode()))
	if err != nil {
		return 0, r, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Authorization", "Bearer secret")
	resp, err := patient.Do(req)
	if err != nil {
		return 0, r, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, r, err
	}
	return resp.StatusCode, r, json.Unmarshal(body, &r)
}

// ordered posts, and the switchover has to come to this outcome.
func (s *switchable) ordered(outcome string, form url.Values) report {
	s.t.Helper()
	code, r, err := s.post(context.Background(), form)
	s.t.Logf("%v: %d %+v", form, code, r)
	if err != nil || code != http.StatusOK || r.Outcome != outcome || r.Error != "" {
		s.t.Fatalf("want %s: %v", outcome, err)
	}
	return r
}

// told waits until GET /api/v1/switch says something.
func (s *switchable) told(what string, is func(report) bool) {
	s.t.Helper()
	eventually(s.t, what, func() error {
		var r report
		if err := s.proxies[0].fetch(context.Background(), "/api/v1/switch", &r); err != nil {
			return err
		}
		if !is(r) {
			return fmt.Errorf("%+v", r)
		}
		return nil
	})
}

func (r report) says(text string) bool {
	for _, s := range r.Steps {
		if strings.Contains(s.Text, text) {
			return true
		}
	}
	return false
}

// TestOrderedSwitch: clients of both proxies notice nothing, of neither a dry run, nor a rehearsal, nor the switchover, and a
// client that writes to the old master past them loses nothing that was acknowledged.
func TestOrderedSwitch(t *testing.T) {
	t.Parallel()
	s := switchableBy(t, 2)
	old := s.cluster.Master()
	var audits []func()
	var all []*crowd
	for _, p := range s.proxies {
		audits = append(audits, p.audit())
		all = append(all, gather(t, p, planned))
	}
	direct := writeTo(old, "bypass")
	all[0].works(10)
	all[1].works(10)
	s.ordered("checked", url.Values{"dry-run": {""}})
	s.heldNothing()
	if r := s.ordered("rehearsed", url.Values{"rehearse": {"300ms"}}); r.HeldMS < 300 || r.To != "" {
		t.Errorf("rehearsed: %+v", r)
	}
	for _, p := range s.proxies {
		p.serving(old)
	}
	r := s.ordered("switched", url.Values{"group": {s.cluster.Name}})
	next := s.cluster.Master()
	if next == old || r.From != old.Addr() || r.To != next.Addr() || len(r.Unsure) > 0 || r.HeldMS <= 0 {
		t.Errorf("switched to %s: %+v", next.Addr(), r)
	}
	s.told("the last report", func(last report) bool { return last.Outcome == "switched" && len(last.Steps) == len(r.Steps) })
	for i, p := range s.proxies {
		p.serving(next)
		all[i].works(30)
	}
	direct.keeps(t, next)
	for i, p := range s.proxies {
		audits[i]()
		all[i].conclude(p, next)
	}
	s.asBefore()
}

// TestOrderedSwitchGoesOn without the client that has ordered it, and is the only one meanwhile.
func TestOrderedSwitchGoesOn(t *testing.T) {
	t.Parallel()
	s := switchableBy(t, 1)
	old := s.cluster.Master()
	next := s.delayed(old)
	ctx, leave := context.WithCancel(context.Background())
	left := make(chan error)
	go func() {
		_, _, err := s.post(ctx, url.Values{"to": {next.Addr()}})
		left <- err
	}()
	s.told("it waits", func(r report) bool { return r.Outcome == "running" && r.says("waiting until the Sentinels know") })
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	for _, form := range []url.Values{{}, {"dry-run": {""}}} {
		want := fmt.Sprintf(`the switchover of %q to %s runs`, s.cluster.Name, next.Addr())
		if code, r, err := s.post(context.Background(), form); err != nil || code != http.StatusConflict || !strings.Contains(r.Error, want) {
			t.Errorf("%v: %d %+v %v", form, code, r, err)
		}
	}
	if err := s.cluster.Sentinels[2].Resume(); err != nil {
		t.Fatal(err)
	}
	s.told("it has ended", func(r report) bool { return r.Outcome == "switched" })
	s.proxies[0].serving(next)
	s.told("everything is put back", func(r report) bool { return r.says(old.Addr() + " is a replica now") })
	s.ordered("checked", url.Values{"dry-run": {""}})
	s.asBefore()
}

// TestOrderedSwitchElsewhere: while one proxy switches, another one that is to look, to switch or to repair says so; and to be named as
// one of the others, too, is no obstacle.
func TestOrderedSwitchElsewhere(t *testing.T) {
	t.Parallel()
	s := switchableBy(t, 2)
	next := s.delayed(s.cluster.Master())
	over := make(chan report)
	go func() {
		own := strings.TrimPrefix(s.proxies[0].admin, "http://")
		_, r, err := s.post(context.Background(), url.Values{"to": {next.Addr()}, "admin": {own}})
		if err != nil {
			r.Error = err.Error()
		}
		over <- r
	}()
	s.told("it waits", func(r report) bool { return r.says("waiting until the Sentinels know") })
	other := *s
	other.proxies = []*proxy{s.proxies[1], s.proxies[0]}
	for _, order := range []string{"dry-run", "repair", "without-fence"} {
		code, r, err := other.post(context.Background(), url.Values{order: {""}})
		if err != nil || code != http.StatusConflict || !strings.Contains(r.Error, "is under way there") {
			t.Errorf("%s: %d %+v %v", order, code, r, err)
		}
	}
	if err := s.cluster.Sentinels[2].Resume(); err != nil {
		t.Fatal(err)
	}
	if r := <-over; r.Outcome != "switched" || r.Error != "" || len(r.Unsure) > 0 {
		t.Errorf("%+v", r)
	}
	other.ordered("checked", url.Values{"dry-run": {""}})
	s.asBefore()
}

// delayed lets a switchover with this `to` not go on: a Sentinel answers nothing, and so does not know the priorities.
func (s *switchable) delayed(old *servers.Node) *servers.Node {
	s.t.Helper()
	if err := s.cluster.Sentinels[2].Pause(); err != nil {
		s.t.Fatal(err)
	}
	for _, n := range s.cluster.Nodes {
		if n != old {
			return n
		}
	}
	s.t.Fatal("there is no replica")
	return nil
}

// TestOrderedSwitchAndShutdown: the proxy that carries it out is told to stop. What was set is put back.
func TestOrderedSwitchAndShutdown(t *testing.T) {
	t.Parallel()
	s := switchableBy(t, 2)
	old := s.cluster.Master()
	next := s.delayed(old)
	answered := make(chan report)
	go func() {
		_, r, err := s.post(context.Background(), url.Values{"to": {next.Addr()}})
		if err != nil {
			r.Error = err.Error()
		}
		answered <- r
	}()
	s.told("it waits", func(r report) bool { return r.says("waiting until the Sentinels know") })
	s.proxies[0].stop(t)
	if r := <-answered; r.Outcome != "aborted" || !strings.Contains(r.Error, "it was told to end") || !r.says("everything is as it was") {
		t.Errorf("%+v", r)
	}
	s.proxies[1].serving(old)
	s.asBefore()
	if err := s.cluster.Sentinels[2].Resume(); err != nil {
		t.Fatal(err)
	}
}

// TestOrderedSwitchRefused: what is wrong is said by its name, and nothing is changed.
func TestOrderedSwitchRefused(t *testing.T) {
	t.Parallel()
	s := switchableBy(t, 1)
	old := s.cluster.Master()
	for _, tc := range []struct {
		form url.Values
		code int
		want string
	}{
		{url.Values{"group": {"other"}}, http.StatusNotFound, `group="other"`},
		{url.Values{"to": {"nowhere"}}, http.StatusBadRequest, `to: "nowhere" is not host:port`},
		{url.Values{"admin": {"nowhere"}}, http.StatusBadRequest, `admin: "nowhere" is not host:port`},
		{url.Values{"admin": {""}}, http.StatusBadRequest, `admin: "" is not host:port`},
		{url.Values{"hold-limit": {"2m"}}, http.StatusBadRequest, "hold-limit: 2m0s is not between"},
		{url.Values{"dry-run": {""}, "repair": {""}}, http.StatusBadRequest, "dry-run and repair"},
		{url.Values{"dryrun": {""}}, http.StatusBadRequest, "dryrun: there is no such parameter"},
		{url.Values{"to": {"127.0.0.1:1"}}, http.StatusConflict, "to 127.0.0.1:1: the Sentinels know no such replica"},
		{url.Values{"to": {old.Addr()}}, http.StatusConflict, "it is the master already"},
		{url.Values{"admin": {"127.0.0.1:1"}}, http.StatusConflict, "admin 127.0.0.1:1"},
		{url.Values{"admin": {old.Addr()}}, http.StatusConflict, "admin " + old.Addr()},
	} {
		code, r, err := s.post(context.Background(), tc.form)
		if err != nil || code != tc.code || !strings.Contains(r.Error, tc.want) {
			t.Errorf("%v: %d %+v %v", tc.form, code, r, err)
		}
	}
	s.heldNothing()
	if s.cluster.Master() != old {
		t.Error("the master has changed")
	}
	s.asBefore()
}
