package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"sentinelproxy/proxy"
	"sentinelproxy/proxy/migrate"
)

// switchCommand is `switch`.
type switchCommand struct {
	Master   string   `required:"" placeholder:"NAME" help:"Name of the master in Sentinel."`
	Sentinel []string `required:"" placeholder:"HOST:PORT" help:"Addresses of the Sentinels."`
	Admin    []string `required:"" placeholder:"HOST:PORT" help:"Admin addresses of all proxies of the group."`

	TokenFile            string `required:"" placeholder:"FILE" help:"File that holds the token of the proxies' --admin-token-file."`
	Username             string `help:"User at the data nodes; may CONFIG, CLIENT PAUSE, INFO and ROLE."`
	PasswordFile         string `placeholder:"FILE" help:"File that holds its password."`
	SentinelUsername     string `help:"User at the Sentinels."`
	SentinelPasswordFile string `placeholder:"FILE" help:"File that holds its password."`

	To        string        `placeholder:"HOST:PORT" help:"Replica that is to be the master; by default whom the Sentinels choose."`
	HoldLimit time.Duration `default:"10s" help:"The proxies release by themselves after so long, should this command die."`
	DryRun    bool          `xor:"what" help:"Only look whether it can be done."`
	Rehearse  time.Duration `xor:"what" placeholder:"500ms" help:"Only hold writes for so long."`
	Repair    bool          `xor:"what" help:"Only put back what a switch has left that was killed."`
	JSON      bool          `name:"json" help:"Print the report as JSON."`
}

// Run switches. SIGINT and SIGTERM give up what can still be given up, and put back what was set.
func (c *switchCommand) Run() error {
	o, err := c.options()
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if !c.JSON {
		o.Progress = func(s migrate.Step) { fmt.Printf("%9.1f ms  %s\n", s.OffsetMS, s.Text) }
	}
	var report migrate.Report
	switch {
	case c.DryRun:
		report, err = migrate.Check(ctx, o)
	case c.Repair:
		report, err = migrate.Repair(ctx, o)
	case c.Rehearse > 0:
		o.Limits.Hold = c.Rehearse + 5*time.Second
		report, err = migrate.Rehearse(ctx, o, c.Rehearse)
	default:
		report, err = migrate.Switch(ctx, o)
	}
	if c.JSON {
		body, jsonErr := json.MarshalIndent(report, "", "  ")
		if jsonErr != nil {
			return errors.Join(err, jsonErr)
		}
		fmt.Println(string(body))
	} else {
		for _, u := range report.Unsure {
			fmt.Printf("not sure: %s\n", u)
		}
	}
	return err
}

// options checks the flags and reads the files.
func (c *switchCommand) options() (migrate.Options, error) {
	o := migrate.Options{
		Master: c.Master, Sentinels: c.Sentinel, Admins: c.Admin, To: c.To, Limits: migrate.DefaultLimits(),
		NodeAuth: migrate.Credentials{Username: c.Username}, SentinelAuth: migrate.Credentials{Username: c.SentinelUsername},
	}
	for _, l := range []struct {
		flag  string
		addrs []string
	}{{"sentinel", c.Sentinel}, {"admin", c.Admin}, {"to", strings.Fields(c.To)}} {
		for _, addr := range l.addrs {
			if _, _, err := net.SplitHostPort(addr); err != nil {
				return o, usagef("--%s: %q is not host:port", l.flag, addr)
			}
		}
	}
	o.Limits.Hold = c.HoldLimit
	if c.HoldLimit < time.Second || c.HoldLimit > time.Minute {
		return o, usagef("--hold-limit: %s is not between 1s and 1m", c.HoldLimit)
	}
	if c.Rehearse < 0 || c.Rehearse > time.Minute {
		return o, usagef("--rehearse: %s is not between 0 and 1m", c.Rehearse)
	}
	for _, f := range []struct {
		flag, path string
		to         *string
	}{{"token-file", c.TokenFile, &o.Token}, {"password-file", c.PasswordFile, &o.NodeAuth.Password}, {"sentinel-password-file", c.SentinelPasswordFile, &o.SentinelAuth.Password}} {
		if f.path == "" {
			continue
		}
		var err error
		if *f.to, err = proxy.ReadSecret(f.path); err != nil {
			return o, usagef("--%s: %w", f.flag, err)
		}
	}
	return o, nil
}
