package e2e

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"sentinelproxy/proxy/admin"
)

func (l *lane) closed() (n int64) {
	for _, v := range l.Closed {
		n += v
	}
	return n
}

// identities are those of DESIGN's accounting. Each lane copies its figures between two turns of its loop, so
// they hold at every moment, not only in the end.
func (l *lane) identities() error {
	var errs []error
	equal := func(what string, left, right int64) {
		if left != right {
			errs = append(errs, fmt.Errorf("%s: %d != %d in %+v", what, left, right, *l))
		}
	}
	equal("accepted = clients + closed", l.Accepted, l.Clients+l.closed())
	equal("held = released + expired + cancelled + held now", l.Held, l.Released+l.Expired+l.Cancelled+l.HeldNow)
	equal("sent = answered + lost + in flight", l.Sent, l.Answered+l.Lost+l.InFlight)
	equal("lost = resent + unknown + waiting", l.Lost, l.Resent+l.Unknown+l.LostWaiting)
	return errors.Join(errs...)
}

// sum of all lanes.
func (s *status) sum() lane {
	sum := lane{Closed: map[string]int64{}, Pinned: map[string]int{}}
	for _, l := range s.Lanes {
		sum.Accepted += l.Accepted
		for reason, n := range l.Closed {
			sum.Closed[reason] += n
		}
		sum.Clients += l.Clients
		sum.Waiting += l.Waiting
		sum.Held += l.Held
		sum.Released += l.Released
		sum.Expired += l.Expired
		sum.Cancelled += l.Cancelled
		sum.HeldNow += l.HeldNow
		sum.HeldBytes += l.HeldBytes
		sum.Sent += l.Sent
		sum.Answered += l.Answered
		sum.Lost += l.Lost
		sum.Resent += l.Resent
		sum.Unknown += l.Unknown
		sum.InFlight += l.InFlight
		sum.LostWaiting += l.LostWaiting
		sum.Refused += l.Refused
		for reason, n := range l.Pinned {
			sum.Pinned[reason] += n
		}
	}
	return sum
}

// audit samples the accounts until the returned function is called, which reports the first violation.
func (p *proxy) audit() (end func()) {
	done := make(chan struct{})
	var wg sync.WaitGroup
	var broken error
	samples := 0
	wg.Go(func() {
		for broken == nil {
			select {
			case <-done:
				return
			case <-time.After(50 * time.Millisecond):
			}
			s, err := p.status()
			if err != nil {
				continue // the proxy may be stopping; its end is checked elsewhere
			}
			for i := range s.Lanes {
				if err := s.Lanes[i].identities(); err != nil && broken == nil {
					broken = fmt.Errorf("state %s: %w", s.Groups[0].State, err)
				}
			}
			samples++
		}
	})
	return func() {
		p.t.Helper()
		close(done)
		wg.Wait()
		if broken != nil {
			p.t.Errorf("accounts, sample %d: %v", samples, broken)
		}
	}
}

// settled waits until nothing is held or in flight, checks the accounts, their equality with the metrics and
// the sums in the switch reports, and returns the sum of all lanes.
func (p *proxy) settled() lane {
	p.t.Helper()
	var sum lane
	eventually(p.t, "nothing held or in flight", func() error {
		s, err := p.status()
		if err != nil {
			return err
		}
		sum = s.sum()
		if sum.HeldNow != 0 || sum.HeldBytes != 0 || sum.InFlight != 0 || sum.LostWaiting != 0 || sum.Waiting != 0 {
			return fmt.Errorf("%+v", sum)
		}
		return nil
	})
	if err := sum.identities(); err != nil {
		p.t.Error(err)
	}
	p.compareMetrics(&sum)
	p.checkReports(&sum)
	return sum
}

// calm: nobody was held or refused and nothing was lost, whatever the server has said. Not when this machine has stood
// still for so long that a probe of ROLE had no answer in time.
func (p *proxy) calm() (sum lane) {
	p.t.Helper()
	sum = p.settled()
	for _, s := range p.reports() {
		if s.Reason == "probe_failed" {
			p.t.Logf("not looked at: %s", told(&s))
			return sum
		}
	}
	if sum.Held > 0 || sum.Lost > 0 || sum.Refused > 0 {
		p.t.Errorf("held %d, lost %d, refused %d", sum.Held, sum.Lost, sum.Refused)
	}
	return sum
}

func (p *proxy) compareMetrics(sum *lane) {
	p.t.Helper()
	m := p.metrics()
	for name, want := range map[string]int64{
		"clients_accepted_total": sum.Accepted, "clients": sum.Clients, "clients_closed_total": sum.closed(),
		"commands_held_total": sum.Held, "commands_released_total": sum.Released, "commands_expired_total": sum.Expired,
		"commands_cancelled_total": sum.Cancelled, "commands_lost_total": sum.Lost, "commands_resent_total": sum.Resent,
		"commands_unknown_total": sum.Unknown, "commands_sent_total": sum.Sent, "commands_answered_total": sum.Answered,
		"commands_refused_total": sum.Refused, "held_commands": 0, "commands_in_flight": 0, "commands_lost_waiting": 0,
	} {
		got, exists := m["sentinelproxy_"+name]
		if !exists || int64(got) != want {
			p.t.Errorf("/metrics has %s = %v (there: %v), /api/v1/status %d", name, got, exists, want)
		}
	}
}

// checkReports: the reports add up in themselves, follow one another, and together tell of everything that was
// held or lost.
func (p *proxy) checkReports(sum *lane) {
	p.t.Helper()
	var held, lost, resent, unknown uint64
	reports := p.reports()
	last := map[string]string{} // by group
	for i := range reports {
		s := &reports[i]
		if err := consistent(s, last[s.Group]); err != nil {
			p.t.Errorf("report %d: %v\n%s", i, err, told(s))
		}
		last[s.Group] = s.To
		held, lost = held+s.Counts.Held, lost+s.Counts.Lost
		resent, unknown = resent+s.Counts.Resent, unknown+s.Counts.Unknown
	}
	missing := int64(lost) != sum.Lost || int64(unknown) != sum.Unknown
	if p.pinned {
		// What is lost with a link of one session before the hold begins, and settled at once, is in no report.
		missing = int64(lost) > sum.Lost || int64(unknown) > sum.Unknown
	}
	if int64(held) != sum.Held || int64(resent) != sum.Resent || missing {
		p.t.Errorf("the reports have held %d, lost %d, resent %d, unknown %d; the lanes %d, %d, %d, %d",
			held, lost, resent, unknown, sum.Held, sum.Lost, sum.Resent, sum.Unknown)
	}
}

// reports waits until every report has ended: counts come a moment after the release.
func (p *proxy) reports() (reports []admin.Switch) {
	p.t.Helper()
	eventually(p.t, "reports have ended", func() error {
		reports = p.switches()
		for i := range reports {
			s := &reports[i]
			if c := &s.Counts; s.Outcome == admin.OutcomeRunning || c.Held != c.Released+c.Expired+c.Cancelled {
				return fmt.Errorf("%s", told(s))
			}
		}
		return nil
	})
	return reports
}

func consistent(s *admin.Switch, from string) error {
	c := &s.Counts
	switch {
	case s.From != from:
		return fmt.Errorf("it is from %q, the one before was to %q", s.From, from)
	case s.Outcome == admin.OutcomeReleased && s.To == "":
		return errors.New("released to nothing")
	case s.DurationMS <= 0:
		return errors.New("it took no time")
	case c.Lost != c.Resent+c.Unknown:
		return fmt.Errorf("lost %d, but resent %d and unknown %d", c.Lost, c.Resent, c.Unknown)
	case c.HoldP50MS > c.HoldP99MS || c.HoldP99MS > c.HoldMaxMS:
		return errors.New("the quantiles of the waits are not in order")
	case len(s.Events) == 0:
		return errors.New("it tells nothing")
	}
	for i := 1; i < len(s.Events); i++ {
		if s.Events[i].OffsetMS < s.Events[i-1].OffsetMS {
			return fmt.Errorf("event %d is told before it happened", i)
		}
	}
	return nil
}

// told is a report as a person reads it.
func told(s *admin.Switch) string {
	text := fmt.Sprintf("%s %s: %s -> %s, epoch %d, %.0f ms, %+v", s.Outcome, s.Reason, s.From, s.To, s.Epoch, s.DurationMS, s.Counts)
	for _, e := range s.Events {
		text += fmt.Sprintf("\n    %8.1f ms %-22s %s", e.OffsetMS, e.Source, e.Text)
	}
	return text
}

// logSwitches shows the reports of a failed test.
func (p *proxy) logSwitches(t testing.TB) {
	t.Cleanup(func() {
		if t.Failed() && p.Running() {
			reports := p.switches()
			for i := range reports {
				t.Logf("report %d: %s", i, told(&reports[i]))
			}
		}
	})
}
