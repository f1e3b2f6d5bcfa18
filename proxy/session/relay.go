package session

import (
	"sentinelproxy/proxy/command"
	"sentinelproxy/proxy/upstream"
	"sentinelproxy/resp"
)

// A replica that follows the master through the proxy: after PSYNC or SYNC bytes are passed on both ways as they are.
// It counts as in flight with nobody, so a switch does not wait for it; when its link is lost its connection is closed,
// and it comes again by itself, as replicas do, and goes on with the next master.

// beginsRelay: where the server would refuse the command it is one like any other.
func (s *Session) beginsRelay(info *command.Info) bool {
	return (info.ID == command.Psync || info.ID == command.Sync) && !s.pin.tx.open && !(s.key.Proto == 2 && s.pin.subscribed())
}

// beginRelay sends the command. Nothing is in flight.
func (s *Session) beginRelay(c *resp.Command) {
	p := s.pin
	p.reasons[command.PinReplication]++
	p.used, p.relay = true, true
	p.link.AppendRelay(relaying{s}, s.raw(c))
}

func (s *Session) relays() bool { return s.pin != nil && s.pin.relay }

// relayOut passes on what the replica sends.
func (s *Session) relayOut(data []byte) int {
	l := s.pin.link
	l.AppendBytes(data)
	if l.Full() {
		l.Stall(s)
		s.halt(stopLink)
	}
	return len(data)
}

// relaying is the owner of the link's bytes from then on.
type relaying struct{ s *Session }

// Relayed passes on what the master sends, no faster than the replica takes it.
func (r relaying) Relayed(data []byte) {
	if s := r.s; !s.gone {
		l := s.pin.link
		s.streaming = true
		s.answer(data)
		s.throttle(l)
	}
}

// Reply is called when the link's handshake is refused.
func (r relaying) Reply(_ *upstream.Entry, reply []byte, _ bool) { r.s.answer(reply) }

// Broken is not called: there are no replies.
func (r relaying) Broken(*upstream.Entry) {}

// Gone says that nobody reads the stream.
func (r relaying) Gone() bool { return r.s.gone }

var _ upstream.Relay = relaying{}
