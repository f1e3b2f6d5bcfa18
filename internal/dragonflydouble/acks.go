package dragonflydouble

import (
	"strconv"
	"time"
)

// ackBytes is how much of the stream Dragonfly applies at most before it acknowledges out of turn.
const ackBytes = 1024

func (s *stream) wake() {
	select {
	case s.woken <- struct{}{}:
	default:
	}
}

// acknowledge waits for the end of the full sync, then tells the master what is applied: every so often, and when much
// has come.
func (s *stream) acknowledge() error {
	sent, hurried, tries := int64(-1), false, 0
	for {
		wait := s.relay.acks
		offset, synced := s.relay.backend.offset()
		switch {
		case s.relay.phase() < fullSync:
		case !synced:
			wait = 2 * time.Millisecond // loading
		case hurried && offset == sent && tries < 10:
			wait = 200 * time.Microsecond // what has come is not applied yet
			tries++
		default:
			s.relay.reached(s, online, "")
			if err := s.toMaster(command("REPLCONF", "ACK", strconv.FormatInt(offset, 10))); err != nil {
				return err
			}
			sent, hurried, tries = offset, false, 0
		}
		select {
		case <-s.woken:
			hurried = true
		case <-time.After(wait):
		case <-s.ended:
			return nil
		}
	}
}
