package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
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
	Username             string `help:"User at the data nodes; may INFO, ROLE, MULTI, DISCARD, CONFIG GET, SET and REWRITE, CLIENT PAUSE and UNPAUSE."`
	PasswordFile         string `placeholder:"FILE" help:"File that holds its password."`
	SentinelUsername     string `help:"User at the Sentinels; may SENTINEL MASTER, REPLICAS and FAILOVER."`
	SentinelPasswordFile string `placeholder:"FILE" help:"File that holds its password."`

	To           *string       `placeholder:"HOST:PORT" help:"Replica that is to be the master; by default whom the Sentinels choose."`
	HoldLimit    durationValue `default:"10s" help:"The proxies release by themselves after so long, should this command die."`
	WithoutFence bool          `help:"Don't fence the old master, because it can't be, or the user may not: what clients write to it past the proxies is lost."`

	DryRun   bool           `xor:"what" help:"Only look whether it can be done."`
	Rehearse *durationValue `xor:"what" placeholder:"500ms" help:"Only hold writes for so long."`
	Repair   bool           `xor:"what" help:"Only put back what a switch has left that was killed."`
	JSON     bool           `name:"json" help:"Print the report as JSON."`
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
		o.Progress = func(r migrate.Report) {
			last := r.Steps[len(r.Steps)-1]
			fmt.Printf("%9.1f ms  %s\n", last.OffsetMS, last.Text)
		}
	}
	report, err := migrate.Run(ctx, o)
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
		Master: c.Master, Sentinels: c.Sentinel, Admins: c.Admin, WithoutFence: c.WithoutFence,
		DryRun: c.DryRun, Repair: c.Repair, Limits: migrate.DefaultLimits(), Prefix: "--",
		NodeAuth: migrate.Credentials{Username: c.Username}, SentinelAuth: migrate.Credentials{Username: c.SentinelUsername},
	}
	o.Limits.Hold = time.Duration(c.HoldLimit)
	if c.To != nil {
		if o.To = *c.To; o.To == "" { // a variable of a script, say, that is not set
			return o, usagef("--to: it is empty")
		}
	}
	if c.Rehearse != nil {
		if o.Rehearse = time.Duration(*c.Rehearse); o.Rehearse <= 0 {
			return o, usagef("--rehearse: %s is not more than 0, and at most %s", o.Rehearse, migrate.LongestRehearse)
		}
	}
	if err := o.Check(); err != nil {
		return o, &usageError{err}
	}
	for _, f := range []struct{ prefix, user, file string }{{"", c.Username, c.PasswordFile}, {"sentinel-", c.SentinelUsername, c.SentinelPasswordFile}} {
		if f.user != "" && f.file == "" { // it would be the default user's connection
			return o, usagef("--%susername: it needs --%spassword-file", f.prefix, f.prefix)
		}
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
