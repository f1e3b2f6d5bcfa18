package session

import (
	"bytes"
	"slices"

	"sentinelproxy/proxy/command"
	"sentinelproxy/resp"
)

// setups are the commands that have set up connection state and are simply sent again on a new link: MONITOR, CLIENT
// TRACKING, NO-EVICT, NO-TOUCH, READONLY.
type setups []setup

type setup struct {
	id  command.ID
	raw []byte
}

// note keeps a command. It takes the place of an earlier one of the same name, but for TRACKING: several of them add up
// (BCAST with prefixes), until one turns it off.
func (u *setups) note(id command.ID, raw []byte) {
	*u = slices.DeleteFunc(*u, func(s setup) bool {
		return s.id == id && (id != command.ClientTracking || bytes.Equal(s.raw, raw))
	})
	*u = append(*u, setup{id, bytes.Clone(raw)})
}

func (u *setups) forget(id command.ID) {
	*u = slices.DeleteFunc(*u, func(s setup) bool { return s.id == id })
}

// commands is all of them, in order, and how many.
func (u setups) commands() (raw []byte, n int) {
	for _, s := range u {
		raw = append(raw, s.raw...)
	}
	return raw, len(u)
}

// turnsOff: CLIENT TRACKING off. Until it is answered the command is one like any other.
func turnsOff(id command.ID, args [][]byte) bool {
	return id == command.ClientTracking && len(args) > 2 && is(args[2], "off")
}

// trackingAnswered: an error proves that nothing was changed. Off ends the pin; its link is not given to others all
// the same, because invalidations may be on their way.
func (s *Session) trackingAnswered(off bool, reply []byte) {
	p := s.pin
	p.used = true
	switch failed := resp.IsError(reply); {
	case failed:
		p.reasons[command.PinTracking]--
	case off:
		p.setup.forget(command.ClientTracking)
		p.reasons[command.PinTracking] = 0
	}
}
