package session

import (
	"bytes"
	"slices"

	"sentinelproxy/proxy/command"
	"sentinelproxy/resp"
)

// setups are the commands that have set up connection state and are simply sent again on a new link: MONITOR, CLIENT
// TRACKING, NO-EVICT, NO-TOUCH, READONLY, HIMPORT PREPARE.
type setups []setup

type setup struct {
	id  command.ID
	raw []byte
}

// note keeps a command that the server has granted, in the place of the earlier one that it undoes: mostly that of the same name. But several
// TRACKING add up (BCAST with prefixes), until one turns it off, and so do HIMPORT's field sets, each of which has a name.
func (u *setups) note(id command.ID, raw []byte, args [][]byte) {
	same := func(s setup) bool { return s.id == id }
	keep := true
	switch id {
	case command.ClientTracking:
		same = func(s setup) bool { return s.id == id && bytes.Equal(s.raw, raw) }
	case command.HimportPrepare, command.HimportDiscard:
		if len(args) < 3 {
			return
		}
		same = func(s setup) bool { return s.id == command.HimportPrepare && bytes.Equal(s.args()[2], args[2]) }
		keep = id == command.HimportPrepare
	case command.HimportDiscardall:
		same = func(s setup) bool { return s.id == command.HimportPrepare }
		keep = false
	}
	if *u = slices.DeleteFunc(*u, same); keep {
		*u = append(*u, setup{id, bytes.Clone(raw)})
	}
}

// setupAnswered takes the reply to the oldest of those in flight. An error proves that nothing was set up, and is not repeated on the next master,
// which might think otherwise.
func (s *Session) setupAnswered(failed bool) {
	p := s.pin
	if len(p.asked) == 0 {
		return
	}
	u := p.asked[0]
	if p.asked = p.asked[1:]; !failed {
		p.setup.note(u.id, u.raw, u.args())
	}
}

func (u *setups) forget(id command.ID) {
	*u = slices.DeleteFunc(*u, func(s setup) bool { return s.id == id })
}

func (u setup) args() [][]byte {
	var c resp.Command
	var r resp.CommandReader
	_, _ = r.Next(u.raw, &c) // it has been framed before
	return c.AppendArgs(nil)
}

// setUpAgain sends everything over the session's new link, in order, but for what is redirected.
func (s *Session) setUpAgain() {
	p := s.pin
	for _, u := range p.setup {
		switch _, id := redirectAt(u.args()); {
		case u.id != command.ClientTracking:
			p.link.AppendOwn(restoring{p}, u.raw, 1, 0)
		case id == 0:
			p.link.AppendOwn(retracking{s}, u.raw, 1, 0)
		}
	}
}

// cached: a command that CLIENT CACHING may have been for has been answered. A transaction is one command.
func (p *pin) cached(tag command.ID) {
	switch tag {
	case command.Multi, tagQueued:
	default:
		p.caching = nil
	}
}

// turnsOff: CLIENT TRACKING off. Until it is answered the command is one like any other.
func turnsOff(id command.ID, args [][]byte) bool {
	return id == command.ClientTracking && len(args) > 2 && is(args[2], "off")
}

// tracking is a CLIENT TRACKING that has no reply yet; one at a time is in flight.
type tracking struct {
	raw      []byte // as the client has sent it
	redirect int64  // the client that it names
}

// beginTracking notes one that is about to be sent, and gives what the server gets.
func (s *Session) beginTracking(raw []byte, args [][]byte) []byte {
	p := s.pin
	p.tracking = tracking{bytes.Clone(raw), s.redirected.id}
	if s.redirected.id > 0 {
		raw = withRedirect(args, s.redirected.server)
		s.redirected = redirected{}
	}
	return raw
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
		p.reasons[command.PinTracking], p.redirect = 0, 0
	default:
		p.setup.note(command.ClientTracking, p.tracking.raw, nil)
		p.redirect = p.tracking.redirect
	}
}
