package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"sentinelproxy/proxy/admin"
)

// statusCommand is `status`.
type statusCommand struct {
	Admin  *string `placeholder:"127.0.0.1:8379" help:"Admin address of the proxy; by default what SENTINELPROXY_ADMIN or the file of --config says."`
	Config *string `placeholder:"FILE" help:"Configuration file of the proxy, for its admin address."`
	Check  bool    `xor:"form" help:"Only say whether the process is alive, by the exit code. A hold is healthy."`
	JSON   bool    `xor:"form" name:"json" help:"Print the answer of /api/v1/status as it is."`
}

// An admin server that takes longer than this to answer is as good as none.
const statusTimeout = 5 * time.Second

// Most that is read of an answer; 10,000 times what one of a few groups has.
const maxStatusBytes = 64 << 20

// Run asks once.
func (c *statusCommand) Run() error {
	addr, err := c.address()
	if err != nil {
		return err
	}
	client := &http.Client{Timeout: statusTimeout, Transport: &http.Transport{DisableKeepAlives: true}}
	if c.Check {
		if _, _, err := get(client, addr, "/livez", true); err != nil {
			return err
		}
		fmt.Println("ok")
		return nil
	}
	body, _, err := get(client, addr, "/api/v1/status", true)
	if err != nil {
		return err
	}
	if c.JSON {
		_, err := os.Stdout.Write(body)
		return err
	}
	ready, code, err := get(client, addr, "/readyz", false)
	if err != nil {
		return err
	}
	return printStatus(os.Stdout, body, code == http.StatusOK, strings.TrimSpace(string(ready)))
}

// address finds the admin address by the rules of `run`, without the rest of the configuration having to
// be right.
func (c *statusCommand) address() (string, error) {
	flags := map[string][]string{}
	if c.Admin != nil {
		flags["admin"] = []string{*c.Admin}
	}
	src, err := loadSources(flags, c.Config)
	if err != nil {
		return "", err
	}
	o, _ := option("admin")
	set := src.top(&o)
	if set.isEmpty() {
		return "", usagef("%s: is empty: the proxy has no admin server to ask", set.label)
	}
	host, port, err := net.SplitHostPort(set.values[0])
	if err != nil {
		return "", usagef("%s: %q is not host:port", set.label, set.values[0])
	}
	// An address to listen at is not always one to connect to.
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port), nil
}

// get returns the body; with wantOK any other status than 200 is an error.
func get(client *http.Client, addr, path string, wantOK bool) ([]byte, int, error) {
	resp, err := client.Get("http://" + addr + path)
	if err != nil {
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err // without the method and address, which are said below
		}
		if op := (*net.OpError)(nil); !os.IsTimeout(err) && (!errors.As(err, &op) || op.Op != "dial") {
			return nil, 0, fmt.Errorf("--admin %s: what listens there is not the admin server, it does not speak HTTP: %w", addr, err)
		}
		return nil, 0, fmt.Errorf("--admin %s: %w", addr, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxStatusBytes))
	if err != nil {
		return nil, 0, fmt.Errorf("--admin %s: %w", addr, err)
	}
	if wantOK && resp.StatusCode != http.StatusOK {
		return nil, 0, fmt.Errorf("--admin %s: %s answers %s", addr, path, resp.Status)
	}
	return body, resp.StatusCode, nil
}

// printStatus writes one line for the process and one for each group.
func printStatus(w io.Writer, body []byte, ready bool, why string) error {
	var s struct {
		admin.Status
		Lanes json.RawMessage `json:"lanes"` // not printed
	}
	if err := json.Unmarshal(body, &s); err != nil {
		return fmt.Errorf("the answer of /api/v1/status is not what this version expects: %w", err)
	}
	state := "ready"
	if !ready {
		state = "not ready: " + why
	}
	fmt.Fprintf(w, "sentinelproxy %s, up %s, %s\n", s.Version, seconds(s.UptimeSeconds), state)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "GROUP\tSTATE\tFOR\tMASTER\tEPOCH\tSENTINELS\tCLIENTS\tHELD\tREASON")
	for i := range s.Groups {
		g := &s.Groups[i]
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%d\t%s\t%d\t%d\t%s\n", g.Group, g.State, seconds(g.StateSeconds),
			orDash(g.Master), g.Epoch, sentinels(g.Sentinels), g.Clients.Open, g.Held.Commands, orDash(g.Reason))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for i := range s.Groups {
		if g := &s.Groups[i]; g.Fence != "" {
			fmt.Fprintf(w, "%s: fence of the last switch: %s\n", g.Group, g.Fence)
		}
	}
	return nil
}

func sentinels(all []admin.SentinelStatus) string {
	up := 0
	for _, s := range all {
		if s.Up {
			up++
		}
	}
	return fmt.Sprintf("%d/%d", up, len(all))
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func seconds(s float64) time.Duration {
	return (time.Duration(s*1000) * time.Millisecond).Truncate(100 * time.Millisecond)
}
