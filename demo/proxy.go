package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"time"

	"sentinelproxy/internal/servers"
	"sentinelproxy/proxy/admin"
)

// buildProxy compiles the proxy into dir and returns the binary's path.
func buildProxy(ctx context.Context, dir string) (string, error) {
	path := dir + "/sentinelproxy"
	cmd := exec.CommandContext(ctx, "go", "build", "-o", path, "sentinelproxy/cmd/sentinelproxy")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	cmd.WaitDelay = time.Second
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("building the proxy: %w\n%s", err, strings.TrimSpace(stderr.String()))
	}
	return path, nil
}

// startProxy runs it in front of the Sentinels.
func (d *demo) startProxy() error {
	var sentinels []string
	for _, port := range d.ports.sentinels {
		sentinels = append(sentinels, address(port))
	}
	proxy, err := d.pool.Command(servers.CommandOptions{
		Name: "sentinelproxy", Path: d.binary,
		Args: []string{
			"run", "--listen", address(d.ports.proxy), "--master", masterName,
			"--sentinel", strings.Join(sentinels, ","), "--admin", address(d.ports.admin),
		},
		Ports: []int{d.ports.proxy, d.ports.admin},
	})
	d.proxy = proxy
	return err
}

// switches asks the proxy for its reports, oldest first, without the one of its start.
func (d *demo) switches(ctx context.Context) ([]admin.Switch, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address(d.ports.admin)+"/api/v1/switches", nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", req.URL, resp.Status)
	}
	var answer struct {
		Switches []admin.Switch `json:"switches"` // the latest first
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return nil, fmt.Errorf("%s: %w", req.URL, err)
	}
	var switches []admin.Switch
	for _, s := range slices.Backward(answer.Switches) {
		if s.From != "" {
			switches = append(switches, s)
		}
	}
	return switches, nil
}
