package migrate

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"
)

// Options of a switchover. Make them with Limits from DefaultLimits, and have them looked at by Check.
type Options struct {
	ID           string   // tells the switchover that a proxy carries out from those of others; "" where none does
	Master       string   // the group's name in Sentinel
	Sentinels    []string // host:port
	SentinelAuth Credentials
	NodeAuth     Credentials
	Admins       []string // host:port, of every proxy of the group but Own
	Token        string   // what they want to be brought
	Own          Proxy    // that this process is; nil: it is none

	To           string // host:port of who is to be the master; "": whom the Sentinels choose
	WithoutFence bool   // the old master is not fenced: what others write to it past the proxies is lost

	// At most one of these; none: the switchover itself.
	DryRun   bool          // only look whether it can be done
	Rehearse time.Duration // only hold writes for so long
	Repair   bool          // only put back what a switchover has left that was killed

	Limits   Limits
	Progress func(Report) // told at every step how far it is; nil: nobody
	Prefix   string       // of an option's name in errors: "--" for who gave flags
}

// Limits of the steps. One that outlives its limit ends the switchover, and what was set is put back.
type Limits struct {
	Priorities time.Duration // until the Sentinels know changed priorities, which they ask for every 10 s
	Hold       time.Duration // the proxies release by themselves after so long without news
	CatchUp    time.Duration // until the replicas have what the master has
	Promotion  time.Duration // from SENTINEL FAILOVER to ROLE master
	Serve      time.Duration // from there until all proxies serve
	Demotion   time.Duration // until Sentinel has made the old master a replica
}

// DefaultLimits are several times what was measured.
func DefaultLimits() Limits {
	return Limits{
		Priorities: 30 * time.Second, Hold: 10 * time.Second, CatchUp: 3 * time.Second,
		Promotion: 10 * time.Second, Serve: 10 * time.Second, Demotion: 60 * time.Second,
	}
}

// The longest and shortest that users can ask for.
const (
	shortestHold    = time.Second
	longestHold     = time.Minute
	LongestRehearse = time.Minute - rehearseMargin
	rehearseMargin  = 5 * time.Second // the proxies must not release by themselves before it is over
)

func (o *Options) name(option string) string { return o.Prefix + option }

// Check says what is wrong with the options, by the name that a user knows them by.
func (o *Options) Check() error {
	for _, l := range []struct {
		option string
		addrs  []string
	}{{"sentinel", o.Sentinels}, {"admin", o.Admins}, {"to", strings.Fields(o.To)}} {
		for i, addr := range l.addrs {
			if slices.Contains(l.addrs[:i], addr) { // a Sentinel would have two votes
				return fmt.Errorf("%s: %s is given twice", o.name(l.option), addr)
			}
			if host, port, err := net.SplitHostPort(addr); err != nil || host == "" || port == "" {
				return fmt.Errorf("%s: %q is not host:port", o.name(l.option), addr)
			}
		}
	}
	if d := o.Limits.Hold; d < shortestHold || d > longestHold {
		return fmt.Errorf("%s: %s is not between %s and %s", o.name("hold-limit"), d, shortestHold, longestHold)
	}
	if d := o.Rehearse; d < 0 || d > LongestRehearse {
		return fmt.Errorf("%s: %s is not between 0s and %s", o.name("rehearse"), d, LongestRehearse)
	}
	var only []string
	for _, what := range []struct {
		option string
		given  bool
	}{{"dry-run", o.DryRun}, {"rehearse", o.Rehearse > 0}, {"repair", o.Repair}} {
		if what.given {
			only = append(only, o.name(what.option))
		}
	}
	if len(only) > 1 {
		return fmt.Errorf("%s: only one of them can be done", strings.Join(only, " and "))
	}
	return nil
}

// Order is the word for what is asked for.
func (o *Options) Order() string {
	switch {
	case o.DryRun:
		return OrderDryRun
	case o.Rehearse > 0:
		return OrderRehearse
	case o.Repair:
		return OrderRepair
	}
	return OrderSwitch
}

// Begun is the report of a switchover of which nothing has been done yet.
func (o *Options) Begun() Report {
	return Report{ID: o.ID, Order: o.Order(), Master: o.Master, Outcome: Running, Unsure: []string{}, Steps: []Step{}}
}

// Run does what the options say. Its error, which is in the report too, says why that was not done, or what is left to be
// done; the report says how far it came. The end of ctx ends it with everything put back, as long as the failover has not begun.
func Run(ctx context.Context, o Options) (Report, error) {
	if o.Rehearse > 0 {
		o.Limits.Hold = o.Rehearse + rehearseMargin
	}
	s := newSwitchover(o)
	defer s.close()
	do := map[string]func(context.Context) error{OrderSwitch: s.change, OrderDryRun: s.check, OrderRehearse: s.rehearse, OrderRepair: s.repair}
	err := do[o.Order()](ctx)
	if errors.Is(ctx.Err(), context.Canceled) && s.report.Outcome == Aborted {
		err = errors.Join(errors.New("it was told to end"), err)
	}
	if err != nil {
		err = &oneLine{err}
		s.report.Error = err.Error()
	}
	return s.report, err
}
