package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"sentinelproxy/internal/servers"
	"sentinelproxy/proxy/admin"
)

// proxy is a running sentinelproxy.
type proxy struct {
	*servers.Command
	t     testing.TB
	host  string // its own, if it has a network
	addr  string // for clients
	admin string // host:port
}

// startProxy starts the i-th proxy of a world, and ends it as an operator does at the end of the test.
func (w *world) startProxy(i int, args ...string) *proxy {
	w.t.Helper()
	p := &proxy{t: w.t, host: "127.0.0.1"}
	command := []string{program}
	if w.network != nil {
		var name string
		name, p.host = w.network.namespace(i)
		command = []string{"ip", "netns", "exec", name, program}
	}
	p.addr, p.admin = p.host+":"+strconv.Itoa(w.pool.Port()), p.host+":"+strconv.Itoa(w.pool.Port())
	command = append(command, "run", "--log-format", "console", "--listen", p.addr, "--admin", p.admin, "--admin-token-file", w.token,
		"--master", w.cluster.Name, "--sentinel", strings.Join(w.sentinels(), ","))
	p.Command = w.pool.Command(servers.CommandOptions{
		Name: "sentinelproxy", Path: command[0], Args: append(command[1:], args...),
		Ready: func(ctx context.Context) error { return p.get(ctx, "/api/v1/status", &status{}) },
	})
	w.t.Cleanup(p.stop)
	return p
}

// stop ends it. It has to end by itself, well, and without complaint.
func (p *proxy) stop() {
	if p.t.Failed() {
		for _, s := range p.reports() {
			p.t.Logf("%s: %s", p.admin, told(s))
		}
	}
	_ = p.Resume()
	if err := p.Signal(syscall.SIGTERM); err != nil {
		p.t.Error(err)
	}
	select {
	case <-p.Exited():
		if p.ExitCode() != 0 {
			p.t.Errorf("sentinelproxy ended with code %d after SIGTERM", p.ExitCode())
		}
	case <-time.After(patience):
		p.t.Errorf("sentinelproxy did not end within %v after SIGTERM", patience)
	}
	for line := range strings.Lines(p.Log()) {
		if strings.Contains(line, "BUG") || strings.Contains(line, "panic:") {
			p.t.Errorf("sentinelproxy said: %s", line)
		}
	}
}

// status is the part of /api/v1/status that is looked at here.
type status struct {
	Groups []admin.GroupStatus `json:"groups"`
}

// browser has no connections of its own that outlive an answer, so that goleak finds none.
var browser = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}

func (p *proxy) get(ctx context.Context, path string, v any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.admin+path, nil)
	if err != nil {
		return err
	}
	resp, err := browser.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return json.NewDecoder(resp.Body).Decode(v)
}

// group is what the proxy says of the only one that it has.
func (p *proxy) group() (admin.GroupStatus, error) {
	var s status
	if err := p.get(context.Background(), "/api/v1/status", &s); err != nil {
		return admin.GroupStatus{}, err
	}
	return s.Groups[0], nil
}

// serving waits until the proxy serves from node.
func (p *proxy) serving(node *servers.Node) {
	p.t.Helper()
	eventually(p.t, "the proxy serves from "+node.Addr(), func() error {
		g, err := p.group()
		if err == nil && (g.State != "serving" || g.Master != node.Addr()) {
			err = fmt.Errorf("it is %s with %q (%s)", g.State, g.Master, g.Reason)
		}
		return err
	})
}

// holding waits until the proxy does not pass everything.
func (p *proxy) holding() {
	p.t.Helper()
	eventually(p.t, "the proxy holds", func() error {
		g, err := p.group()
		if err == nil && g.State == "serving" {
			err = fmt.Errorf("it serves from %s", g.Master)
		}
		return err
	})
}

// reports of its holds, the latest first; none where it does not answer.
func (p *proxy) reports() []admin.Switch {
	var body struct {
		Switches []admin.Switch `json:"switches"`
	}
	if err := p.get(context.Background(), "/api/v1/switches", &body); err != nil {
		p.t.Logf("%s: %v", p.admin, err)
	}
	return body.Switches
}

// told is a report as a person reads it.
func told(s admin.Switch) string {
	text := fmt.Sprintf("%s %s: %s -> %s, epoch %d, %.0f ms, %+v", s.Outcome, s.Reason, s.From, s.To, s.Epoch, s.DurationMS, s.Counts)
	for _, e := range s.Events {
		text += fmt.Sprintf("\n    %8.1f ms %-22s %s", e.OffsetMS, e.Source, e.Text)
	}
	return text
}
