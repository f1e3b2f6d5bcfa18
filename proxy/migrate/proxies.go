package migrate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// proxies are the admin servers of all proxies of the group.
type proxies struct {
	group string
	token string
	addrs []string
	http  *http.Client
}

// groupState is the part of the admin server's answers that is looked at here.
type groupState struct {
	Group   string `json:"group"`
	State   string `json:"state"`
	Reason  string `json:"reason"`
	Master  string `json:"master"`
	Drained bool   `json:"drained"`
	Error   string `json:"error"` // of a refused order
}

const maxAnswer = 64 << 20

func (p *proxies) call(ctx context.Context, method, addr, path string, form url.Values, into any) error {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+addr+path, strings.NewReader(form.Encode()))
	if err != nil {
		return fmt.Errorf("--admin %s: %w", addr, err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Authorization", "Bearer "+p.token)
	resp, err := p.http.Do(req)
	if err != nil {
		return fmt.Errorf("--admin %s: %w", addr, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("--admin %s: %w", addr, err)
	}
	if resp.StatusCode != http.StatusOK {
		var g groupState
		_ = json.Unmarshal(body, &g) // else the status has to do
		return fmt.Errorf("--admin %s: %s answers %s: %s%s %s", addr, path, resp.Status, g.Error, g.State, g.Reason)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("--admin %s: %s: %w", addr, path, err)
	}
	return nil
}

// each asks all of them at the same time.
func (p *proxies) each(do func(addr string) error) error {
	results := make(chan error, len(p.addrs))
	for _, addr := range p.addrs {
		go func() { results <- do(addr) }()
	}
	var errs []error
	for range p.addrs {
		errs = append(errs, <-results)
	}
	return errors.Join(errs...)
}

// hold has all of them hold writes for so long at most, and returns when no write is in flight in any.
func (p *proxies) hold(ctx context.Context, d time.Duration) error {
	form := url.Values{"group": {p.group}, "for": {d.String()}}
	return p.each(func(addr string) error {
		var g groupState
		return p.call(ctx, http.MethodPost, addr, "/api/v1/hold", form, &g)
	})
}

func (p *proxies) release(ctx context.Context) error {
	return p.each(func(addr string) error {
		var g groupState
		return p.call(ctx, http.MethodPost, addr, "/api/v1/release", url.Values{"group": {p.group}}, &g)
	})
}

// serve says whether all of them serve from master.
func (p *proxies) serve(ctx context.Context, master string) error {
	return p.each(func(addr string) error {
		var status struct {
			Groups []groupState `json:"groups"`
		}
		if err := p.call(ctx, http.MethodGet, addr, "/api/v1/status", nil, &status); err != nil {
			return err
		}
		for _, g := range status.Groups {
			switch {
			case g.Group != p.group:
			case g.State != "serving" || g.Master != master:
				return fmt.Errorf("--admin %s: %s is %s from %s %s, not serving from %s", addr, g.Group, g.State, g.Master, g.Reason, master)
			default:
				return nil
			}
		}
		return fmt.Errorf("--admin %s: this proxy has no group %q", addr, p.group)
	})
}
