package topology

import (
	"strconv"
	"strings"
)

// maxText bounds what is kept of a message. Sentinel's own are below 300 bytes.
const maxText = 512

// kinds: what is published on each channel, and which addresses it holds. Channels of which only the
// beginning is fixed are in prefixes.
var kinds = map[string]struct {
	kind  Kind
	shape shape
}{
	"+new-epoch":                {NewEpoch, shapeEpoch},
	"+sdown":                    {SubjectivelyDown, shapeDown},
	"-sdown":                    {SubjectivelyUp, shapeDown},
	"+odown":                    {ObjectivelyDown, shapeMasterDown},
	"-odown":                    {ObjectivelyUp, shapeMasterDown},
	"+try-failover":             {TryFailover, shapeMaster},
	"+vote-for-leader":          {FailoverState, shapeNone},
	"+elected-leader":           {FailoverState, shapeMaster},
	"+selected-slave":           {SelectedReplica, shapeReplica},
	"+promoted-slave":           {PromotedReplica, shapeReplica},
	"+switch-master":            {SwitchMaster, shapeSwitch},
	"+failover-end":             {FailoverEnd, shapeMaster},
	"+failover-end-for-timeout": {FailoverEnd, shapeMaster},
	"+convert-to-slave":         {ConvertToReplica, shapeReplica},
}

var prefixes = []struct {
	prefix string
	kind   Kind
	shape  shape
}{
	// The instance of +failover-state-* is the master in most states and the candidate in some.
	{"+failover-state-", FailoverState, shapeEither},
	{"-failover-abort-", FailoverAbort, shapeEither},
}

// shape says which addresses a message holds and where they go.
type shape uint8

const (
	shapeOther      shape = iota // anything that mentions the group
	shapeNone                    // no instance: published about the Sentinel itself, whichever group is meant
	shapeEpoch                   // the same, an epoch
	shapeMaster                  // a master: Master
	shapeMasterDown              // a master: Node and Master
	shapeDown                    // a master: Node. A replica or Sentinel: Node, and its Master
	shapeReplica                 // a replica: Node, and its Master
	shapeEither                  // a master: Master. A replica: Node, and its Master
	shapeSwitch                  // "name old-ip old-port new-ip new-port"
)

// parseMessage makes the event of what a Sentinel has published. It reports false for what is about
// another group. The messages without a group (+new-epoch, +vote-for-leader, +tilt, ...) are about the
// Sentinel, and passed on. What is about the group, and not what its channel should hold, is Other.
// Text is the message, channel first. Addresses are as written, before the address map.
func parseMessage(group, channel, payload string) (Event, bool) {
	kind, shape := classify(channel)
	e := Event{Text: clip(channel + " " + payload)}
	about, m := readSubject(shape, group, payload)
	if about == otherGroup {
		return Event{}, false
	}
	if e.Kind = Other; about == ofGroup || about == ofSentinel {
		if e.fill(shape, m, payload) {
			e.Kind = kind
		} else {
			e.Master, e.Node, e.Epoch = "", "", 0
		}
	}
	return e, true
}

func classify(channel string) (Kind, shape) {
	if k, ok := kinds[channel]; ok {
		return k.kind, k.shape
	}
	for _, p := range prefixes {
		if strings.HasPrefix(channel, p.prefix) {
			return p.kind, p.shape
		}
	}
	return Other, shapeOther
}

// fill sets the addresses of the shape, or reports that the message does not hold them.
func (e *Event) fill(s shape, m instances, payload string) bool {
	isMaster := m.master != "" && m.node == ""
	isOther := m.master != "" && m.node != ""
	switch s {
	case shapeNone, shapeOther:
		return true
	case shapeEpoch:
		epoch, err := strconv.ParseUint(strings.TrimSpace(payload), 10, 64)
		e.Epoch = epoch
		return err == nil
	case shapeMaster:
		e.Master = m.master
		return isMaster
	case shapeMasterDown:
		e.Master, e.Node = m.master, m.master
		return isMaster
	case shapeDown:
		if isMaster {
			e.Node = m.master
			return true
		}
		e.Master, e.Node = m.master, m.node
		return isOther
	case shapeEither:
		e.Master, e.Node = m.master, m.node
		return m.master != ""
	default: // shapeReplica, shapeSwitch
		e.Master, e.Node = m.master, m.node
		return isOther
	}
}

func clip(s string) string {
	if len(s) > maxText {
		return strings.ToValidUTF8(s[:maxText], "") // a character may have been cut in two
	}
	return s
}
