package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"sentinelproxy/proxy/admin"
)

// status is /api/v1/status as a stranger reads it: by the names in the JSON.
type status struct {
	Groups []admin.GroupStatus `json:"groups"`
	Lanes  []lane              `json:"lanes"`
}

// lane is one element of lanes. Closed is an object there.
type lane struct {
	Group       string            `json:"group"`
	Accepted    int64             `json:"clients_accepted"`
	Closed      map[string]int64  `json:"clients_closed"`
	Clients     int64             `json:"clients"`
	Waiting     int64             `json:"clients_waiting"`
	Held        int64             `json:"commands_held"`
	Released    int64             `json:"commands_released"`
	Expired     int64             `json:"commands_expired"`
	Cancelled   int64             `json:"commands_cancelled"`
	HeldNow     int64             `json:"held_commands"`
	HeldBytes   int64             `json:"held_bytes"`
	Sent        int64             `json:"commands_sent"`
	Answered    int64             `json:"commands_answered"`
	Lost        int64             `json:"commands_lost"`
	Resent      int64             `json:"commands_resent"`
	Unknown     int64             `json:"commands_unknown"`
	InFlight    int64             `json:"commands_in_flight"`
	LostWaiting int64             `json:"commands_lost_waiting"`
	Refused     int64             `json:"commands_refused"`
	Pinned      map[string]int    `json:"sessions_pinned"`
	SharedLinks int               `json:"links_shared"`
	PinnedLinks int               `json:"links_pinned"`
	LimitHits   map[string]uint64 `json:"limit_hits"`
}

// browser has no connections of its own that outlive an answer, so that goleak finds none.
var browser = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}

func (p *proxy) get(ctx context.Context, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.admin+path, nil)
	if err != nil {
		return nil, err
	}
	resp, err := browser.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", path, resp.Status)
	}
	return body, err
}

func (p *proxy) fetch(ctx context.Context, path string, v any) error {
	body, err := p.get(ctx, path)
	if err != nil {
		return err
	}
	return json.Unmarshal(body, v)
}

func (p *proxy) status() (status, error) {
	var s status
	err := p.fetch(context.Background(), "/api/v1/status", &s)
	return s, err
}

// switches are the reports, the oldest first.
func (p *proxy) switches() []admin.Switch {
	p.t.Helper()
	var body struct {
		Switches []admin.Switch `json:"switches"`
	}
	if err := p.fetch(context.Background(), "/api/v1/switches", &body); err != nil {
		p.t.Fatal(err)
	}
	slices.Reverse(body.Switches)
	return body.Switches
}

// moves are the reports of holds after which the master was another one, the first at start-up included.
func (p *proxy) moves() []admin.Switch {
	p.t.Helper()
	return slices.DeleteFunc(p.switches(), func(s admin.Switch) bool { return s.From == s.To })
}

// metrics sums each metric of the lanes over its labels.
func (p *proxy) metrics() map[string]float64 {
	p.t.Helper()
	body, err := p.get(context.Background(), "/metrics")
	if err != nil {
		p.t.Fatal(err)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	sums := map[string]float64{}
	for name, f := range families {
		for _, m := range f.GetMetric() {
			sums[name] += valueOf(m)
		}
	}
	return sums
}

func valueOf(m *dto.Metric) float64 {
	return m.GetCounter().GetValue() + m.GetGauge().GetValue() + m.GetUntyped().GetValue()
}
