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

// Proxy is one of the proxies of the group.
type Proxy interface {
	// Idle says whether it carries out a switchover of the group by itself, other than the one with this id; nil: it does not.
	Idle(ctx context.Context, group, id string) error
	// Takes says why it would not take an order to hold; nil: it would.
	Takes(ctx context.Context, group string) error
	// Hold has it hold writes for so long at most, and returns when no write is in flight.
	Hold(ctx context.Context, group string, d time.Duration) error
	// Release ends that, and returns when it serves again.
	Release(ctx context.Context, group string) error
	// Serves says why it does not serve from master (host:port); nil: it does.
	Serves(ctx context.Context, group, master string) error
}

// proxies are all of the group.
type proxies struct {
	group string
	all   []Proxy
}

func newProxies(o *Options) proxies {
	p := proxies{group: o.Master}
	if o.Own != nil {
		p.all = append(p.all, o.Own)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for _, addr := range o.Admins {
		p.all = append(p.all, &remote{name: o.name("admin") + " " + addr, addr: addr, token: o.Token, http: client})
	}
	return p
}

// each asks all of them at once.
func (p *proxies) each(do func(Proxy) error) error {
	results := make(chan error, len(p.all))
	for _, one := range p.all {
		go func() { results <- do(one) }()
	}
	var errs []error
	for range p.all {
		errs = append(errs, <-results)
	}
	return errors.Join(errs...)
}

func (p *proxies) hold(ctx context.Context, d time.Duration) error {
	return p.each(func(one Proxy) error { return one.Hold(ctx, p.group, d) })
}

func (p *proxies) release(ctx context.Context) error {
	return p.each(func(one Proxy) error { return one.Release(ctx, p.group) })
}

// errUnderWay is Idle's.
var errUnderWay = errors.New("under way")

// idle says which of them carry out another switchover.
func (p *proxies) idle(ctx context.Context, id string) error {
	return p.each(func(one Proxy) error { return one.Idle(ctx, p.group, id) })
}

// take says whether all of them take orders.
func (p *proxies) take(ctx context.Context) error {
	return p.each(func(one Proxy) error { return one.Takes(ctx, p.group) })
}

// serve says whether all of them serve from master.
func (p *proxies) serve(ctx context.Context, master string) error {
	return p.each(func(one Proxy) error { return one.Serves(ctx, p.group, master) })
}

// remote is a proxy that is asked over HTTP.
type remote struct {
	name  string // for errors
	addr  string // of its admin server
	token string
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

// notOK is an answer with another status than 200.
type notOK struct {
	code int
	text string
}

func (e *notOK) Error() string { return e.text }

func (r *remote) call(ctx context.Context, method, path string, form url.Values, into any) error {
	fail := func(err error) error { return fmt.Errorf("%s: %w", r.name, err) }
	req, err := http.NewRequestWithContext(ctx, method, "http://"+r.addr+path, strings.NewReader(form.Encode()))
	if err != nil {
		return fail(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Authorization", "Bearer "+r.token)
	resp, err := r.http.Do(req)
	if failed := (*url.Error)(nil); errors.As(err, &failed) {
		return fail(fmt.Errorf("no admin server answers there: %w", failed.Err)) // without the URL once more
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return fail(err)
	}
	if resp.StatusCode != http.StatusOK {
		var g groupState
		_ = json.Unmarshal(body, &g) // else the status has to do
		return fail(&notOK{resp.StatusCode, fmt.Sprintf("%s answers %s: %s", path, resp.Status, strings.TrimSpace(g.Error+g.State+" "+g.Reason))})
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fail(fmt.Errorf("%s: this is no sentinelproxy: %w", path, err))
	}
	return nil
}

func (r *remote) Idle(ctx context.Context, group, id string) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var last Report
	err := r.call(ctx, http.MethodGet, "/api/v1/switch", nil, &last)
	switch none := (*notOK)(nil); {
	case errors.As(err, &none) && none.code == http.StatusNotFound:
		return nil
	case err != nil:
		return err
	case last.Outcome != Running || last.Order == OrderDryRun || last.Master != group || last.ID == id:
		return nil
	}
	return fmt.Errorf("%s: a switchover of %q (%s) is %w there, and its /api/v1/switch tells how far it is", r.name, group, last.Order, errUnderWay)
}

func (r *remote) Takes(ctx context.Context, group string) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var g groupState
	return r.call(ctx, http.MethodPost, "/api/v1/hold", url.Values{"group": {group}, "dry-run": {"true"}}, &g)
}

func (r *remote) Hold(ctx context.Context, group string, d time.Duration) error {
	var g groupState
	return r.call(ctx, http.MethodPost, "/api/v1/hold", url.Values{"group": {group}, "for": {d.String()}}, &g)
}

func (r *remote) Release(ctx context.Context, group string) error {
	var g groupState
	return r.call(ctx, http.MethodPost, "/api/v1/release", url.Values{"group": {group}}, &g)
}

func (r *remote) Serves(ctx context.Context, group, master string) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var status struct {
		Groups []groupState `json:"groups"`
	}
	if err := r.call(ctx, http.MethodGet, "/api/v1/status", nil, &status); err != nil {
		return err
	}
	for _, g := range status.Groups {
		switch {
		case g.Group != group:
		case g.State != "serving" || g.Master != master:
			return fmt.Errorf("%s: %s is %s from %s %s, not serving from %s", r.name, g.Group, g.State, g.Master, g.Reason, master)
		default:
			return nil
		}
	}
	return fmt.Errorf("%s: this proxy has no group %q", r.name, group)
}
