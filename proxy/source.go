package proxy

import (
	"strings"
	"sync"
	"time"

	"sentinelproxy/proxy/admin"
	"sentinelproxy/proxy/failover"
	"sentinelproxy/proxy/session"
)

var _ admin.Source = (*Proxy)(nil)

// adminState is a driver's state as the admin server names it.
func adminState(s string) admin.State { return admin.State(strings.ToLower(s)) }

// Status is admin.Source's.
func (p *Proxy) Status() admin.Status {
	s := admin.Status{
		Version: p.cfg.Build.Version, StartedAt: p.started, UptimeSeconds: time.Since(p.started).Seconds(), Stopping: p.stopping.Load(),
	}
	for _, g := range p.groups {
		s.Groups = append(s.Groups, g.status())
	}
	return s
}

func (g *group) status() admin.GroupStatus {
	d := g.driver.Status()
	s := admin.GroupStatus{
		Group: g.Name, State: adminState(d.State), Listening: g.listening.Load(),
		Master: d.Master, Epoch: d.Epoch, Term: d.Term, StateSeconds: d.StateMS / 1000, Drained: d.Drained, Fence: d.Fence,
	}
	switch s.State {
	case admin.Serving:
	case admin.Refusing:
		s.Reason = d.RefuseText
	default:
		s.Reason = d.HoldReason
		if s.WritesRefused = d.WritesRefused; s.WritesRefused {
			s.Reason += ", writes are refused"
		}
		if d.WaitingText != "" {
			s.Reason += ": " + d.WaitingText
		}
	}
	for _, l := range g.listeners {
		s.Listen = append(s.Listen, shown(l.ln))
	}
	for _, v := range d.Sentinels {
		age := 0.0
		if !v.At.IsZero() {
			age = time.Since(v.At).Seconds()
		}
		if v.Candidate != "" {
			s.Candidate = v.Candidate
		}
		s.Sentinels = append(s.Sentinels, admin.SentinelStatus{
			Addr: v.Addr, Up: v.Up, Master: v.Master, Epoch: v.Epoch, Known: v.Known, Flags: v.Flags, Error: v.Text, AgeSeconds: age,
		})
	}
	return s
}

// Switches is admin.Source's.
func (p *Proxy) Switches() (all []admin.Switch) {
	for _, g := range p.groups {
		for _, r := range g.driver.Reports() {
			all = append(all, switchOf(&r))
		}
	}
	return all
}

func switchOf(r *failover.Report) admin.Switch {
	s := admin.Switch{
		Group: r.Group, Reason: r.Reason, Outcome: admin.OutcomeReleased, From: r.From, To: r.To,
		Epoch: r.Epoch, Term: r.Term, StartedAt: r.Began, DurationMS: r.DurationMS, Fence: r.Fence,
	}
	switch {
	case r.Open && r.RefusedMS > 0:
		s.Outcome, s.DurationMS = admin.OutcomeRefused, r.RefusedMS
	case r.Open:
		s.Outcome, s.DurationMS = admin.OutcomeRunning, float64(time.Since(r.Began).Microseconds())/1000
	}
	for _, e := range r.Events {
		s.Events = append(s.Events, admin.SwitchEvent{OffsetMS: e.OffsetMS, Source: e.Source, Text: e.Text})
	}
	for _, c := range []*failover.SwitchCounts{r.RefusedCounts, r.Counts} {
		if c != nil {
			addSwitchCounts(&s.Counts, c)
		}
	}
	return s
}

// addSwitchCounts: the lanes count anew after the limit has passed. Quantiles of two distributions can't be
// added; the larger stands, so that nobody waited longer than the report says.
func addSwitchCounts(sum *admin.SwitchCounts, c *failover.SwitchCounts) {
	sum.Held += c.Held
	sum.Released += c.Released
	sum.Expired += c.Expired
	sum.Cancelled += c.Cancelled
	sum.Drained += c.Drained
	sum.Lost += c.Lost
	sum.Resent += c.Resent
	sum.Unknown += c.Unknown
	sum.HoldP50MS = max(sum.HoldP50MS, c.HoldP50)
	sum.HoldP99MS = max(sum.HoldP99MS, c.HoldP99)
	sum.HoldMaxMS = max(sum.HoldMaxMS, c.HoldMax)
}

// Lanes is admin.Source's. Each lane copies its own figures between two turns.
func (p *Proxy) Lanes() []admin.LaneCounters {
	var wg sync.WaitGroup
	var all []admin.LaneCounters
	for _, g := range p.groups {
		for range g.lanes.lanes {
			all = append(all, admin.LaneCounters{})
		}
	}
	i := 0
	for _, g := range p.groups {
		for _, l := range g.lanes.lanes {
			out := &all[i]
			i++
			wg.Add(1)
			if !l.loop.Post(func() { *out = l.counters(g.Name); wg.Done() }) {
				*out = admin.LaneCounters{Group: g.Name, Lane: l.lane}
				wg.Done()
			}
		}
	}
	wg.Wait()
	for i := range all {
		if i == 0 { // the process's
			all[i].LimitHits[admin.LimitLargeRequest] = p.shared.large.Waited.Load()
		}
		// Accepting, and remembering scripts, are the group's, not a lane's: shown with the first.
		if all[i].Lane == 0 {
			for _, g := range p.groups {
				if g.Name == all[i].Group {
					all[i].LimitHits[admin.LimitScriptBytes] += g.scripts.Evicted()
					for _, l := range g.listeners {
						all[i].LimitHits[admin.LimitDescriptors] += l.noDescriptors.Load()
					}
				}
			}
		}
	}
	return all
}

// Order is admin.Source's.
func (p *Proxy) Order(group string, hold time.Duration) {
	for _, g := range p.groups {
		if g.Name == group {
			g.driver.Order(hold)
		}
	}
}

// LargeRequestBytes is admin.Source's.
func (p *Proxy) LargeRequestBytes() int64 { return p.shared.large.Memory.Used() }

// counters copies the figures of one lane and group; in its loop.
func (g *laneGroup) counters(group string) admin.LaneCounters {
	gc, sc, lc, use, loop := g.gate.Counters, g.sessions.Counters, g.links.Counters, g.links.Usage(), g.loop.Counters
	commands, bytes := g.gate.Pending()
	c := admin.LaneCounters{
		Group: group, Lane: g.lane,
		Accepted: sc.Accepted, Clients: g.sessions.Sessions(), Waiting: g.gate.Parked(),
		Held: gc.Held, Released: gc.Released, Expired: gc.Expired, Cancelled: gc.Cancelled,
		HeldCommands: commands, HeldBytes: int64(bytes),
		Questions: lc.Questions, QuestionSeconds: lc.QuestionTime.Seconds(), Withheld: use.Withheld,
		Acknowledged: lc.Acknowledged, NotAwaited: lc.NotAwaited, NotReplicated: lc.NotReplicated,
		Sent: lc.Pushed, Answered: lc.Answered, Lost: lc.Lost, Resent: lc.Resent, Unknown: lc.Unknown,
		InFlight: use.InFlight, LostWaiting: use.LostWaiting + g.sessions.LostWaiting(),
		Local: sc.Local, Refused: sc.Refused,
		SharedLinks: use.Shared, PinnedLinks: use.Pinned, LinksOpened: lc.Dials, LinksBroken: lc.Broken,
		Pinned:        g.sessions.Pinned(),
		ClientBytesIn: sc.BytesIn, ClientBytesOut: sc.BytesOut, LinkBytesIn: lc.BytesIn, LinkBytesOut: lc.BytesOut,
		Turns: loop.Turns, Waits: loop.Waits, Gathers: loop.Gathers, Reads: loop.Reads, Writes: loop.Writes,
		BusySeconds: g.loop.Busy().Seconds(),
	}
	for reason, n := range sc.Closed {
		c.Closed[closeReasons[reason]] += n
	}
	if oldest := g.gate.Oldest(); !oldest.IsZero() {
		c.HeldOldestSeconds = g.loop.Now().Sub(oldest).Seconds()
	}
	c.LimitHits[admin.LimitHoldTimeout] = gc.Expired
	c.LimitHits[admin.LimitHoldBytes] = gc.FullBytes
	c.LimitHits[admin.LimitHoldCommands] = gc.FullCommands
	c.LimitHits[admin.LimitClients] = sc.Closed[session.CloseMaxClients]
	c.LimitHits[admin.LimitRequestBytes] = sc.TooLong[session.TooLongArgument]
	c.LimitHits[admin.LimitRequestArgs] = sc.TooLong[session.TooManyArguments]
	c.LimitHits[admin.LimitInlineBytes] = sc.TooLong[session.TooLongInline]
	c.LimitHits[admin.LimitClientOutput] = sc.Closed[session.CloseOutput] - sc.OutputPubSub
	c.LimitHits[admin.LimitClientOutputPubSub] = sc.OutputPubSub
	c.LimitHits[admin.LimitIdleTimeout] = sc.Closed[session.CloseIdle]
	c.LimitHits[admin.LimitShutdownTimeout] = sc.CutAtShutdown
	c.LimitHits[admin.LimitReplyWindow] = lc.Windowed
	return c
}

// closeReasons says how admin names the sessions' reasons.
var closeReasons = [session.NumCloseReasons]admin.CloseReason{
	session.ClosePeer:       admin.ClosePeer,
	session.CloseError:      admin.CloseError,
	session.CloseQuit:       admin.CloseQuit,
	session.CloseProtocol:   admin.CloseProtocol,
	session.CloseOutput:     admin.CloseOutput,
	session.CloseIdle:       admin.CloseIdle,
	session.CloseMaxClients: admin.CloseMaxClients,
	session.CloseCutReply:   admin.CloseCutReply,
	session.CloseServer:     admin.CloseServer,
	session.CloseShutdown:   admin.CloseShutdown,
}
