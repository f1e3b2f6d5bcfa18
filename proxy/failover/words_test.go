package failover

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"sentinelproxy/proxy/topology"
)

// What scripts, exploration and walks say in words: "s1 names A 5", "s1 +try-failover A", "lanes link-lost",
// "role A master", "timer hold".

// replyError is an error reply of a server.
type replyError string

func (e replyError) Error() string { return string(e) }
func (replyError) RedisError()     {}

var errRefused = errors.New("connection refused")

var roleWords = map[string]Probed{
	"master":  {Role: Role{Master: true}},
	"replica": {Role: Role{Replica: true}},
	"loading": {Err: replyError("LOADING Redis is loading the dataset in memory")},
	"busy":    {Err: replyError("BUSY Redis is busy running a script")},
	"local":   {Err: &topology.ProbeError{Addr: "A", Cause: topology.CauseLocal, Err: errors.New("too many open files")}},
	"denied":  {Err: replyError("WRONGPASS invalid username-password pair or user is disabled.")},
	"failed":  {Err: errRefused},
}

var laneWords = map[string]LaneReportKind{
	"link-lost": LinkLost, "pinned-lost": PinnedLost, "rejected": Rejected, "no-replicas": NoReplicas, "drained": Drained, "restored": Restored,
}

// parse turns one line of words into an input. term and probe numbers are the present ones unless given.
func parse(line string, m *Machine, now time.Time) (Input, error) {
	w := strings.Fields(line)
	arg := func(i int) string {
		if i < len(w) {
			return w[i]
		}
		return ""
	}
	switch {
	case w[0] == "lanes":
		term := m.term
		if t, ok := strings.CutPrefix(arg(2), "term="); ok {
			term, _ = strconv.ParseUint(t, 10, 64)
		}
		kind, ok := laneWords[arg(1)]
		if !ok {
			return nil, fmt.Errorf("no such report: %s", line)
		}
		return LaneSaid{LaneReport{Kind: kind, Term: term, Addr: m.master}}, nil
	case w[0] == "role":
		p, ok := roleWords[arg(2)]
		if !ok {
			return nil, fmt.Errorf("no such role: %s", line)
		}
		p.Addr, p.Number = arg(1), m.outstanding(arg(1))
		if n, late := strings.CutPrefix(arg(3), "number="); late {
			p.Number, _ = strconv.ParseUint(n, 10, 64)
		} else if p.Number == 0 {
			return nil, fmt.Errorf("%s was not asked", p.Addr)
		}
		return p, nil
	case w[0] == "lifted":
		i := m.fenceOf(arg(1))
		if arg(2) == "late" {
			return Lifted{Addr: arg(1)}, nil
		}
		if i < 0 {
			return nil, fmt.Errorf("%s is not fenced", arg(1))
		}
		in := Lifted{Addr: arg(1), Number: m.fences[i].number}
		if arg(2) == "failed" {
			in.Err = errRefused
		}
		return in, nil
	case w[0] == "checked":
		in := Checked{Addr: m.master, Number: m.check, Fenced: arg(1) == "fenced"}
		if arg(1) == "failed" {
			in.Err = errRefused
		}
		return in, nil
	case w[0] == "order":
		d, err := time.ParseDuration(arg(1)) // "order release" is 0
		if err != nil && arg(1) != "release" {
			return nil, err
		}
		return Ordered{d}, nil
	case w[0] == "timer":
		for t := range numTimers {
			if t.String() == arg(1) {
				return Fired{t}, nil
			}
		}
	case w[0][0] == 's':
		e, err := parseEvent(w[0], w[1:])
		e.Time = now
		return SentinelSaid{e}, err
	}
	return nil, fmt.Errorf("not understood: %s", line)
}

func parseEvent(from string, w []string) (topology.Event, error) {
	e := topology.Event{Group: "g", Sentinel: from, Text: strings.Join(w, " ")}
	arg := func(i int) string {
		if i < len(w) {
			return w[i]
		}
		return ""
	}
	var kind topology.Kind
	switch what := w[0]; {
	case what == "names":
		kind = topology.Opinion
		e.Master, e.Flags, e.Known = arg(1), arg(3), 3
		e.Epoch, _ = strconv.ParseUint(arg(2), 10, 64)
	case strings.HasPrefix(what, "-failover-abort"):
		kind, e.Master = topology.FailoverAbort, arg(1)
	case strings.HasPrefix(what, "+failover-state"), what == "+vote-for-leader", what == "+elected-leader":
		kind, e.Master = topology.FailoverState, arg(1)
	default:
		spec, ok := eventWords[what]
		if !ok {
			return e, fmt.Errorf("no such message: %s", e.Text)
		}
		kind = spec.kind
		for i, field := range spec.fields {
			switch field {
			case 'm':
				e.Master = arg(i + 1)
			case 'n':
				e.Node = arg(i + 1)
			case 'e':
				e.Epoch, _ = strconv.ParseUint(arg(i+1), 10, 64)
			}
		}
	}
	e.Kind, e.Denied = kind, w[0] == "denies"
	return e, nil
}

// eventWords: the kind, and what the words after it are: m the master, n the node, e the epoch.
var eventWords = map[string]struct {
	kind   topology.Kind
	fields string
}{
	"up":                {topology.SentinelUp, ""},
	"down":              {topology.SentinelDown, ""},
	"denies":            {topology.SentinelDown, ""},
	"gone":              {topology.SentinelGone, ""},
	"no-such-master":    {topology.NoOpinion, ""},
	"+new-epoch":        {topology.NewEpoch, "e"},
	"+sdown":            {topology.SubjectivelyDown, "n"},
	"-sdown":            {topology.SubjectivelyUp, "n"},
	"+odown":            {topology.ObjectivelyDown, "n"},
	"-odown":            {topology.ObjectivelyUp, "n"},
	"+try-failover":     {topology.TryFailover, "m"},
	"+selected-slave":   {topology.SelectedReplica, "nm"},
	"+promoted-slave":   {topology.PromotedReplica, "nm"},
	"+switch-master":    {topology.SwitchMaster, "mn"},
	"+failover-end":     {topology.FailoverEnd, "m"},
	"+convert-to-slave": {topology.ConvertToReplica, "nm"},
	"+tilt":             {topology.Other, ""},
	"-tilt":             {topology.Other, ""},
}
