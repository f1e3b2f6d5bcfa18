package session

import (
	"fmt"
	"sync"
)

// moment is what a client is about when the master changes, at a command of its conversation.
type moment int

const (
	atRest    moment = iota // all before the command is answered
	whileHeld               // the command comes while the lane holds
	underWay                // the command is in flight, or comes while the lane holds
	halfSent                // a half of the command's bytes has come
	allSent                 // the command and all after it are under way
	halfRead                // one byte of the answer has been read
	moments
)

func (m moment) String() string {
	return [...]string{"before", "while the lane holds, at", "with under way", "half-way inside", "with everything under way from", "while reading the answer to"}[m]
}

// client of a switch: one conversation, and when it is to be disturbed.
type disturbed struct {
	talk conversation
	at   int
	when moment
	own  string

	want   *reference
	got    []string
	failed error
}

func (d *disturbed) String() string {
	return fmt.Sprintf("%s command %d of\n%s", d.when, d.at, d.talk)
}

// switching is one change of master as its clients see it.
type switching struct {
	ready    sync.WaitGroup // clients that have come to their command
	holding  chan struct{}  // closed when the lane holds
	sent     sync.WaitGroup // clients that have sent what they send to a lane that holds
	released chan struct{}  // closed when the new master serves
}

// run is one client. It waits for what it has been told is the number of frames.
func (d *disturbed) run(c *client, s *switching) {
	var ready, sentAll sync.Once
	isReady, hasSent := func() { ready.Do(s.ready.Done) }, func() { sentAll.Do(s.sent.Done) }
	defer c.close()
	defer hasSent()
	defer isReady()
	say := newDialog(c)
	say.forgetful = true
	talk, counts := d.talk.own(d.own), d.want.counts()
	read := func(from, to int) {
		for i := from; i < to && d.failed == nil; i++ {
			var frames []string
			frames, d.failed = say.frames(counts[i])
			d.got = append(d.got, frames...)
		}
	}
	for i := range d.at {
		say.send(talk[i].raw(), nil)
		read(i, i+1)
	}
	if d.failed != nil {
		return
	}
	next := d.at
	if d.at < len(talk) {
		now := talk[d.at].raw()
		next++
		switch d.when {
		case atRest:
			next--
		case whileHeld:
			say.written()
			isReady()
			<-s.holding
			say.send(now, nil)
		case underWay:
			say.send(now, nil)
		case halfSent:
			say.send(now[:len(now)/2], nil)
			say.written()
			isReady()
			<-s.holding
			if len(now)%2 == 0 {
				hasSent()
				<-s.released
			}
			say.send(now[len(now)/2:], nil)
		case allSent:
			say.send(raw(talk[d.at:]), nil)
			next = len(talk)
		case halfRead:
			say.send(now, nil)
			if counts[d.at] > 0 {
				if d.failed = say.more(1); d.failed != nil {
					return
				}
			}
		}
	}
	say.written()
	isReady()
	hasSent()
	<-s.released
	read(d.at, next)
	for i := next; i < len(talk); i++ {
		say.send(talk[i].raw(), nil)
		read(i, i+1)
	}
	if d.failed == nil {
		say.send(raw(ending), nil)
		var frames []string
		frames, d.failed = say.rest()
		d.got = append(d.got, frames...)
	}
}
