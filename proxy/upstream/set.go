package upstream

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"syscall"
	"time"

	"sentinelproxy/proxy/reactor"
)

// Options of a Set. All functions are called from the loop's goroutine.
type Options struct {
	Policy             Policy
	Acknowledge        Acknowledge
	StreamingThreshold int           // bytes; a larger reply is handed over in pieces
	ReplyWindow        int           // bytes that a shared link asks for at a time where replies are long, see window.go; 0: no bound
	DialTimeout        time.Duration // for connect and handshake together
	PoolSize           int           // idle links kept for each key beyond those needed since the last Trim; 0: none are

	// Warm: a new master gets a link although no session needs one yet.
	Warm bool
	// Scripts gives the commands, and how many, that a new master has to be told before anything else; nil: none.
	Scripts func() (raw []byte, commands int)
	// Again gives what is sent for a lost command of this tag in the place of raw, or raw itself; nil: always raw.
	Again func(tag uint16, raw []byte) []byte
	// Holding says whether a switch is on.
	Holding func() bool
	// Lost: a shared link to addr broke, or could not be set up. Called before anything becomes of its
	// commands: hold now.
	Lost func(addr string, err error)
	// PinnedLost: a link of one session broke, or one that nothing was in flight on. Called before anything becomes of
	// its commands.
	PinnedLost func(addr string, err error)
	// Rejected: a node has answered with the rejection that begins with word. Hold now.
	Rejected func(addr, word string)
	// NoReplicas: a node has answered NOREPLICAS, and the command waits for Resume. Hold writes now.
	NoReplicas func(addr string)
	// Full: the server has turned a link away, for there are too many; others may have idle ones to it. nil: there are none.
	Full func()
	// Restored: all links that Adopt asked for are up, what they were to await is answered, and the backlog is on its way.
	Restored func()
}

// Set is all links of one lane to the nodes of one group.
type Set struct {
	Counters Counters

	loop          *reactor.Loop
	opt           Options
	addr          netip.AddrPort
	name          string             // addr as Sentinel gives it, for messages
	links         map[*Link]struct{} // every open one: shared, pinned, idle, condemned
	shared        map[Key]*Link
	pools         map[Key]*pool
	backlog       []Lost
	orphans       map[Pinned]struct{} // have lost their link and wait for a master
	askers        []Asker
	scripts       []byte // while Adopt dials: what its links load
	scriptCount   int
	wantsPassword bool // of those who have not authenticated
	redis         bool // the master is known to be none but a Redis
	restoring     bool
	setting       int   // links whose handshake is under way
	awaited       int   // see Link.Await, of all links
	adoption      int   // counts calls of Adopt
	streaming     *Link // see Streaming
	ack           *acknowledger
	sealed        bool // see Seal
	genuine       bool // see Genuine
	leavesOpen    bool // the master does: see transaction.go
	genuineAt     time.Time
}

// NewSet returns a set without a master: Adopt gives it one.
func NewSet(loop *reactor.Loop, opt Options) *Set {
	s := &Set{
		loop: loop, opt: opt, links: map[*Link]struct{}{}, shared: map[Key]*Link{}, pools: map[Key]*pool{}, orphans: map[Pinned]struct{}{},
	}
	if opt.Acknowledge.Replicas > 0 {
		s.ack = &acknowledger{set: s, opt: opt.Acknowledge, shortfalls: notReplicated(&opt.Acknowledge)}
	}
	return s
}

// Shared returns the link for key, dialling it if there is none. Only while there is a master.
func (s *Set) Shared(key Key) *Link {
	l := s.shared[key]
	if l != nil && l.Usable() {
		return l
	}
	if l != nil && l.streamed {
		if l = s.spare(key); l != nil {
			s.shared[key] = l
			return l
		}
	}
	l = s.dial(key)
	s.shared[key] = l
	l.connect(s.addr)
	return l
}

// authDB as a key's database marks the link that carries nothing but AUTH: whose identity it bears
// changes with every reply and does not matter.
const authDB = -1

// ForAuth returns the link over which sessions have their passwords checked by the server itself.
func (s *Set) ForAuth() *Link { return s.Shared(Key{DB: authDB, Proto: 2}) }

// Use and Unuse count the sessions that have chosen a shared link; see Trim.
func (l *Link) Use() { l.users++ }

// Unuse is the opposite of Use.
func (l *Link) Unuse() { l.users-- }

// Trim closes shared links that no session has chosen and that are idle, and pooled ones that nobody needs, and gives back
// what a busy moment has left: see Link.trim.
func (s *Set) Trim() {
	for l := range s.links {
		l.trim()
		if l.isShared() && l.users == 0 && l.owes() == 0 && l.state == ready {
			l.drop()
		}
	}
	s.trimPools()
}

// Adopt makes addr the master: everything to the former one is dropped but for replies that have begun, links for the
// same keys are dialled, and the backlog is appended to them in order.
func (s *Set) Adopt(name string, addr netip.AddrPort) {
	wanted := map[Key]bool{}
	for l := range s.links {
		if l.isShared() && (l.users > 0 || l.owes() > 0) {
			wanted[l.key] = true
		}
	}
	s.end(true)
	keys := slices.Collect(maps.Keys(wanted))
	s.leavesOpen = s.leavesOpen && addr == s.addr
	s.name, s.addr = name, addr
	s.redis, s.genuine = false, false
	s.restoring = true
	s.adoption++
	if s.opt.Scripts != nil {
		if s.scripts, s.scriptCount = s.opt.Scripts(); s.scriptCount > 0 && len(keys) == 0 {
			keys = append(keys, Key{Proto: 2})
		}
	}
	for _, k := range keys {
		s.Shared(k)
	}
	if len(keys) == 0 && s.opt.Warm {
		s.Shared(Key{Proto: 2}) // one at least: to load scripts, and to learn whether the server wants a password
	}
	s.scripts, s.scriptCount = nil, 0
	s.restoreOrphans()
	s.askAgain(nil)
	s.sendBacklog()
	s.checkRestored()
}

// Drop closes all links; what was in flight goes to the backlog, or is answered as unknown.
func (s *Set) Drop() { s.end(false) }

func (s *Set) end(leave bool) {
	s.restoring, s.sealed = false, false
	if s.ack != nil {
		s.ack.end()
	}
	for l := range s.links {
		switch {
		case !leave || !l.streamed || l.state != ready || l.pending.at(0).Owner.Gone():
			l.leaving = false
			l.drop()
		case !l.leaving:
			l.leave()
		}
	}
}

// dial makes a link; connect begins to connect it. Two steps, so that a failure at once finds the link
// where it belongs.
func (s *Set) dial(key Key) *Link {
	s.Counters.Dials++
	s.setting++
	l := &Link{set: s, key: key, addr: s.name}
	l.out.free, l.out.copy = s.loop.FreeLarge, s.loop.CopyLarge
	s.links[l] = struct{}{}
	return l
}

func (l *Link) connect(addr netip.AddrPort) {
	s := l.set
	conn, err := s.loop.Dial(addr, l)
	if err != nil {
		// Reported from the next turn: the caller is about to append to this link.
		l.conn = s.loop.Dead(l)
		s.loop.After(0, func() { l.conn.Close(err) })
	} else {
		l.conn = conn
	}
	l.timer = s.loop.After(s.opt.DialTimeout, func() {
		l.conn.Close(fmt.Errorf("no handshake with %s within %v", l.addr, s.opt.DialTimeout))
	})
	handshake{l}.begin()
}

// established ends a handshake, well or not.
func (s *Set) established(l *Link) {
	s.loop.Cancel(l.timer)
	s.setting--
	l.out.goal = 0
	if l.refusal != nil {
		s.refuse(l)
	} else {
		l.state = ready
		l.conn.MarkDirty()
		l.tell(nil)
	}
	s.checkRestored()
}

// refuse answers everything that waits for this link with the server's own error.
func (s *Set) refuse(l *Link) {
	l.state = refused
	if s.shared[l.key] == l {
		delete(s.shared, l.key)
	}
	s.answerQueued(l, l.refusal)
	l.tell(l.refusal)
	l.unstall()
	if l.pinned != nil {
		l.pinned.Refused(l, l.refusal)
	}
	l.drop()
}

// answerQueued answers every command that waits for a handshake with the server's error. Nothing of them has been
// written, and nothing will be: a server that wants a password closes connections that send it anything large.
func (s *Set) answerQueued(l *Link, refusal []byte) {
	for l.pending.len() > 0 {
		e := l.pending.pop()
		if e.canned != nil {
			e.Owner.Reply(&e, e.canned, true)
			continue
		}
		if !e.own {
			s.Counters.Pushed-- // never written
		}
		if e.before && e.Class != Read {
			e.Owner.Reply(&e, answers(unknownOutcome, e.replies), true)
			continue
		}
		e.Owner.Reply(&e, answers(refusal, e.replies), true)
	}
	l.out.forgetUnsent()
}

// WantsPassword says whether the server refuses commands of those who have not authenticated; as of the last time
// that a link found out.
func (s *Set) WantsPassword() bool { return s.wantsPassword }

func (l *Link) tell(refusal []byte) {
	list := l.waiting
	l.waiting = nil
	for _, w := range list {
		w.LinkReady(l, refusal)
	}
}

func (l *Link) drop() {
	l.dropping = true
	if l.pending.len() > 0 {
		l.conn.Abort() // a server must not execute it later than what is sent again
	}
	l.conn.Close(nil)
}

// closed is called once for each link, whoever closed it.
func (s *Set) closed(l *Link, err error) {
	if l.state == dialing {
		s.setting--
	}
	wasReady := l.state == ready
	var system syscall.Errno
	idle := wasReady && l.owes() == 0 && (errors.Is(err, errEOF) || errors.As(err, &system)) // not what we close for
	s.loop.Cancel(l.timer)
	l.answered(l.awaited)
	l.state = closed
	delete(s.links, l)
	if !l.dropping {
		s.Counters.Broken++
	}
	if s.shared[l.key] == l {
		delete(s.shared, l.key)
	}
	waiting := l.waiting
	l.waiting = nil
	if l.pinned == nil && !l.pooled {
		switch {
		case l.leaving:
			s.left(l.lose())
		case l.dropping:
		case (l.alone || l.open) && wasReady:
			s.lostAlone(l, l.lose(), err)
		case idle:
			// The server's timeout, or CLIENT KILL: nothing is lost. Whether it is more than that is for ROLE to say.
			s.opt.PinnedLost(l.addr, err)
		default:
			s.restoring = false
			s.opt.Lost(l.addr, err)
		}
		s.keep(l.lose())
	} else {
		s.closedPinned(l, err)
	}
	l.out.release()
	for _, w := range waiting {
		w.LinkFailed(l)
	}
	l.unstall()
	s.checkRestored()
}

// condemned: a node has rejected a command; it does not serve as the master.
func (s *Set) condemned(l *Link, word string) {
	if s.shared[l.key] == l {
		delete(s.shared, l.key)
	}
	if word == noReplicas {
		s.opt.NoReplicas(l.addr)
		return
	}
	s.restoring = false
	s.opt.Rejected(l.addr, word)
}

// checkRestored reports once after Adopt, when no handshake is left and no awaited reply. In the next turn: the end of this
// one writes the backlog, and what is held on other lanes must not get to the master before it.
func (s *Set) checkRestored() {
	if !s.restoring || s.setting > 0 || s.awaited > 0 {
		return
	}
	adoption := s.adoption
	s.loop.After(0, func() {
		if s.restoring && s.adoption == adoption {
			s.restoring = false
			s.opt.Restored()
		}
	})
}
