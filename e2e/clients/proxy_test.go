package clients

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"sentinelproxy/internal/servers"
)

// proxy is a running sentinelproxy.
type proxy struct {
	*servers.Command
	port  int
	admin string // http://host:port
}

// status is the part of /api/v1/status that is looked at here.
type status struct {
	Groups []struct {
		State     string `json:"state"`
		Master    string `json:"master"`
		Listening bool   `json:"listening"`
	} `json:"groups"`
	Lanes []struct {
		Accepted int64            `json:"clients_accepted"`
		Clients  int64            `json:"clients"`
		Closed   map[string]int64 `json:"clients_closed"`
		HeldNow  int64            `json:"held_commands"`
		InFlight int64            `json:"commands_in_flight"`
	} `json:"lanes"`
}

// start runs the program in front of a cluster and waits until it serves. Port 0: a free one.
func start(t testing.TB, pool *servers.T, c *servers.ClusterT, port int, args ...string) *proxy {
	t.Helper()
	if port == 0 {
		port = pool.Port()
	}
	var sentinels []string
	for _, s := range c.Sentinels {
		sentinels = append(sentinels, s.Addr())
	}
	admin := fmt.Sprintf("127.0.0.1:%d", pool.Port())
	p := &proxy{port: port, admin: "http://" + admin}
	p.Command = pool.Command(servers.CommandOptions{
		Name: "sentinelproxy", Path: program,
		Args: append([]string{
			"run", "--log-format", "console", "--admin", admin, "--listen", fmt.Sprintf("127.0.0.1:%d", port),
			"--master", c.Name, "--sentinel", strings.Join(sentinels, ","),
		}, args...),
		Ready: func(ctx context.Context) error { return p.serves(ctx, c.Nodes[0].Addr()) },
	})
	t.Cleanup(func() { p.stop(t) })
	return p
}

// stop ends the proxy as an operator does. It has to end by itself, well, and without complaint.
func (p *proxy) stop(t testing.TB) {
	t.Helper()
	if err := p.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	select {
	case <-p.Exited():
		if p.ExitCode() != 0 {
			t.Errorf("sentinelproxy ended with code %d", p.ExitCode())
		}
	case <-time.After(patience):
		t.Errorf("sentinelproxy did not end within %v after SIGTERM", patience)
	}
}

// browser has no connections of its own that outlive an answer, so that goleak finds none.
var browser = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}

func (p *proxy) status(ctx context.Context) (s status, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.admin+"/api/v1/status", nil)
	if err != nil {
		return s, err
	}
	resp, err := browser.Do(req)
	if err != nil {
		return s, err
	}
	defer resp.Body.Close()
	return s, json.NewDecoder(resp.Body).Decode(&s)
}

// serves is content when the proxy serves from the node at addr.
func (p *proxy) serves(ctx context.Context, addr string) error {
	s, err := p.status(ctx)
	if err != nil {
		return err
	}
	if g := s.Groups[0]; g.State != "serving" || g.Master != addr || !g.Listening {
		return fmt.Errorf("it is %s with %q, listening: %v", g.State, g.Master, g.Listening)
	}
	return nil
}

// concluded: all clients have gone, of their own accord, and nothing of theirs is left.
func (p *proxy) concluded(t testing.TB) {
	t.Helper()
	var s status
	eventually(t, "nothing is left of the clients", func() (err error) {
		if s, err = p.status(context.Background()); err != nil {
			return err
		}
		for _, l := range s.Lanes {
			if l.Clients != 0 || l.HeldNow != 0 || l.InFlight != 0 {
				err = errors.Join(err, fmt.Errorf("%+v", l))
			}
		}
		return err
	})
	for _, l := range s.Lanes {
		for reason, n := range l.Closed {
			// error: a client that closes its socket before it has read everything resets the connection.
			if n > 0 && reason != "peer" && reason != "quit" && reason != "error" {
				t.Errorf("the proxy has closed %d clients: %s", n, reason)
			}
		}
		t.Logf("%d connections: %v", l.Accepted, l.Closed)
	}
}
