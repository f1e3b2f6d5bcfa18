package session

import (
	"bytes"
	"slices"
	"time"

	"sentinelproxy/proxy/command"
	"sentinelproxy/proxy/gate"
	"sentinelproxy/proxy/upstream"
	"sentinelproxy/resp"
)

// retryPinned is how long a session waits before it asks for another link of its own while the master
// seems to be well: one that is refused again and again must not be asked for in a loop.
const retryPinned = 50 * time.Millisecond

// Lost is upstream's: the session's own link is gone.
func (s *Session) Lost(_ *upstream.Link, lost []upstream.Lost) {
	p := s.pin
	if s.gone || p == nil {
		s.g.Links.Abandon(lost)
		return
	}
	p.link, p.orphaned = nil, true
	p.tx.failed = p.tx.failed || p.tx.spoiled // the next server may not refuse what this one has
	p.subs.due = slices.DeleteFunc(p.subs.due, func(d *confirmations) bool { return d.again })
	s.hasWaited(lost)
	p.lost = append(p.lost, lost...)
	s.redirected = redirected{}
	for i := range p.lost {
		// It names a link of the former master: what it asks for is made again as if it had been answered.
		if item := &p.lost[i]; command.ID(item.Tag)&^unanswered == command.ClientTracking && item.Canned == nil && p.tracking.redirect > 0 {
			s.g.Links.Settle(item, []byte("+OK\r\n"))
		}
	}
	switch {
	case s.eof:
		s.close(ClosePeer)
		return
	case p.has(command.PinReplication): // it comes again by itself, see relay.go
		s.close(CloseServer)
		return
	}
	s.settleLost()
	p.tx.watchLost = p.tx.watchLost || p.has(command.PinWatch)
	if s.answerSettled(); s.pin != p || s.gone {
		return // nothing is left that needs a link
	}
	s.halt(stopOrphan)
	s.g.Links.Orphan(s)
	switch s.g.Gate.Mode() {
	case gate.Pass:
	case gate.RefuseWrites:
		s.RefuseLost(s.g.Refusal)
		return
	default:
		return
	}
	// A hold that begins meanwhile restores it at its end.
	s.g.Loop.After(retryPinned, func() {
		if s.pin == p && p.link == nil && s.g.Gate.Mode() == gate.Pass {
			s.g.Links.Unorphan(s)
			s.Restore()
		}
	})
}

// answerSettled gives the replies that are known, until one that is not: a client whose write is unknown is told now,
// not when there is a master again.
func (s *Session) answerSettled() {
	for p := s.pin; s.pin == p && len(p.lost) > 0 && p.lost[0].Canned != nil; {
		item := p.lost[0]
		p.lost = p.lost[1:]
		s.g.Links.RefuseOne(&item, nil)
	}
}

// settleLost answers, in their turn, the commands of a transaction whose EXEC has an unknown outcome:
// the transaction is over, so they must not be queued again.
func (s *Session) settleLost() {
	p := s.pin
	last := -1
	for i, item := range p.lost {
		if tag := command.ID(item.Tag) &^ unanswered; (tag == command.Exec || tag == command.Discard) && item.Canned != nil { // see send
			last = i
		}
	}
	if last < 0 {
		return
	}
	for i := range last {
		item := &p.lost[i]
		switch command.ID(item.Tag) &^ unanswered {
		case command.Multi:
			s.g.Links.Settle(item, []byte("+OK\r\n"))
		case tagQueued:
			s.g.Links.Settle(item, []byte("+QUEUED\r\n"))
		}
	}
	if !p.tx.open {
		p.tx.forget(s.conn)
	}
}

// Restore is upstream's: there is a master. The session's state is made again there, then what was in
// flight is sent again.
func (s *Session) Restore() {
	p := s.pin
	if s.gone || p == nil || p.link != nil {
		return
	}
	s.g.Links.SettleGenuine(p.lost)
	s.settleLost()
	if s.answerSettled(); s.pin != p || s.gone {
		s.proceed(stopOrphan)
		return // nothing is left that needs a link
	}
	p.link = s.g.Links.PinAgain(s.key, s)
	r := restoring{p}
	s.setUpAgain()
	p.subs.due = slices.DeleteFunc(p.subs.due, func(d *confirmations) bool { return d.again })
	commands, names := p.subs.resubscribe()
	p.subs.repeat(names)
	for _, raw := range commands {
		p.link.AppendOwn(resubscribing{r, s, p.link}, raw, 1, 0)
		p.link.Await()
	}
	if s.g.Scripts != nil && p.usesScripts() {
		// Links of all lanes load them, but this one may be the first that is ready.
		raw, n := s.g.Scripts.Load()
		p.link.AppendOwn(r, raw, n, 0)
	}
	if p.caching != nil {
		p.link.AppendOwn(r, p.caching, 1, 0)
	}
	if t := &p.tx; t.answered > 0 && len(t.ends) > 0 {
		n := min(t.answered, len(t.ends))
		p.link.AppendOwn(r, t.log[:t.ends[n-1]], n, 0)
	}
	if p.has(command.PinTracking) && s.key.Proto == 3 {
		s.forgetCached()
	}
	if s.gone {
		return // because of its output
	}
	lost := p.lost
	p.lost = nil
	for i := range lost {
		if s.pin != p { // one of the replies was too much, or the last that it needed the link for
			s.g.Links.Abandon(lost[i:])
			break
		}
		if item := &lost[i]; command.ID(item.Tag)&^unanswered == command.Exec && (p.tx.watchLost || p.tx.failed) && item.Canned == nil {
			s.g.Links.Replace(item, discard)
			as := tagNil
			if p.tx.failed {
				as = tagAborted
			}
			item.Tag, item.Class = item.Tag&uint16(unanswered)|uint16(as), upstream.Read
		}
		if s.g.Links.Poisoned(&lost[i], i == 0) {
			continue
		}
		s.blockAgain(&lost[i])
		s.g.Links.Redo(p.link, &lost[i])
	}
	if p.redirect > 0 && s.pin == p {
		s.redirectAgain()
	}
	if s.target {
		s.targetRestored()
	}
	s.proceed(stopOrphan)
}

// usesScripts says whether something by EVALSHA is to be sent again. Inside MULTI that is not looked at closely.
func (p *pin) usesScripts() bool {
	if p.tx.answered > 0 && bytes.Contains(bytes.ToLower(p.tx.log), []byte("evalsha")) {
		return true
	}
	return slices.ContainsFunc(p.lost, func(item upstream.Lost) bool {
		return bytes.Contains(bytes.ToLower(item.Raw[:min(len(item.Raw), 32)]), []byte("evalsha"))
	})
}

// RefuseLost is upstream's: no master has come in time.
func (s *Session) RefuseLost(refusal []byte) {
	p := s.pin
	if s.gone || p == nil {
		return
	}
	lost := p.lost
	p.lost = nil
	for i := range lost {
		s.g.Links.RefuseOne(&lost[i], refusal)
	}
	p.tx.failed = p.tx.open && len(lost) > 0 || p.tx.failed
	s.proceed(stopOrphan) // to be refused at the gate
}

// Refused is upstream's: the server refuses the identity that the session has. Everything in flight has
// been answered with that error. What the session had set up can't be made again, and there is no reply
// to say so in.
func (s *Session) Refused(_ *upstream.Link, _ []byte) {
	p := s.pin
	if s.gone || p == nil {
		return
	}
	if len(p.setup) > 0 || p.subs.total() > 0 || p.tx.answered > 0 || p.has(command.PinWatch) || p.silent || p.skip {
		s.close(CloseServer)
		return
	}
	p.tx.forget(s.conn)
	s.pin = nil
	s.proceed(stopOrphan)
}

// restoring swallows the replies to what is sent to make a session's state again.
type restoring struct{ p *pin }

// Reply drops it.
func (r restoring) Reply(*upstream.Entry, []byte, bool) {}

// Broken is of no consequence: the session is restored once more on the next link.
func (r restoring) Broken(*upstream.Entry) {}

// Gone: these are never sent again by themselves.
func (r restoring) Gone() bool { return true }

// resubscribing takes the end of the confirmations of a subscription that is made again.
type resubscribing struct {
	restoring
	s    *Session
	link *upstream.Link
}

// Reply: what was held may go, such as a PUBLISH. A client that may not subscribe any more (the server closes its connection when that is taken from it) must not
// be left waiting for messages that won't come.
func (r resubscribing) Reply(_ *upstream.Entry, reply []byte, _ bool) {
	r.link.Answered()
	if resp.IsError(reply) && r.s.pin == r.p {
		r.s.close(CloseServer)
		return
	}
	if u := &r.p.subs; len(u.due) > 0 && u.due[0].again {
		u.due = u.due[1:]
	}
}
