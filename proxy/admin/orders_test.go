package admin

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// post gives an order and returns the status and the body.
func post(t *testing.T, url, token string) (int, string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// TestOrders: with the token only, for a group that there is, and answered when it is done.
func TestOrders(t *testing.T) {
	source := &scripted{status: Status{Groups: []GroupStatus{{Group: "a", State: Serving}, {Group: "b", State: Holding}}}}
	source.ordered = func(s *scripted, group string, d time.Duration) {
		g := &s.status.Groups[0]
		if group != "a" {
			t.Errorf("an order for %q", group)
		}
		if g.State = Serving; d > 0 {
			g.State, g.Drained = Draining, true
		}
	}
	_, url := serve(t, source, Options{Token: "secret"})
	_, closed := serve(t, source, Options{})
	for _, tc := range []struct {
		url, token string
		code       int
		want       string
	}{
		{closed + "/api/v1/hold?group=a", "", http.StatusForbidden, "no --admin-token"},
		{url + "/api/v1/hold?group=a", "", http.StatusUnauthorized, "Authorization"},
		{url + "/api/v1/hold?group=a", "other", http.StatusUnauthorized, "Authorization"},
		{url + "/api/v1/release?group=a", "other", http.StatusUnauthorized, "Authorization"},
		{url + "/api/v1/hold?group=c", "secret", http.StatusNotFound, "c"},
		{url + "/api/v1/hold", "secret", http.StatusNotFound, "group"},
		{url + "/api/v1/hold?group=b", "secret", http.StatusConflict, "holding"},
		{url + "/api/v1/hold?group=a&for=soon", "secret", http.StatusBadRequest, "soon"},
		{url + "/api/v1/hold?group=a&for=2h", "secret", http.StatusBadRequest, "2h"},
		{url + "/api/v1/hold?group=a&dry-run", "other", http.StatusUnauthorized, "Authorization"},
		{url + "/api/v1/hold?group=b&dry-run", "secret", http.StatusConflict, "holding"},
		{url + "/api/v1/hold?group=a&dry-run", "secret", http.StatusOK, `"serving"`},
		{url + "/api/v1/hold?group=a&for=1s", "secret", http.StatusOK, `"drained": true`},
		{url + "/api/v1/release?group=a", "secret", http.StatusOK, `"serving"`},
	} {
		code, body := post(t, tc.url, tc.token)
		if code != tc.code || !strings.Contains(body, tc.want) || !json.Valid([]byte(body)) {
			t.Errorf("%s: %d %s", tc.url, code, body)
		}
	}
	resp, err := http.Get(url + "/api/v1/hold?group=a")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("GET: %s", resp.Status)
	}
}
