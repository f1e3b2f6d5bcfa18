package reactor

import (
	"errors"
	"fmt"
	"io"
	"syscall"
)

// Handler is what a connection's owner does with it. All calls come from the loop's goroutine.
type Handler interface {
	// Readable is asked before a read. False leaves the bytes in the kernel until Resume: nothing is read
	// into memory.
	Readable() bool
	// Data gets what was read and not consumed so far. It returns how many bytes it has consumed; the
	// rest comes again, at the start, with more behind it. data is only lent.
	Data(data []byte) int
	// Need is asked when Data has left something: how many bytes the unfinished frame needs in all,
	// 0 if unknown. Sizes the next read.
	Need() int
	// EOF: the peer will send no more and all it sent has been through Data. The connection stays open
	// for output until Close.
	EOF()
	// HungUp: the same is known while the connection is paused, with bytes possibly unread before it.
	HungUp()
	// Flush is called at the end of a turn after MarkDirty, and when the socket takes output again.
	Flush()
	// Closed is called once, whoever closed the connection. err is nil for a close of our own.
	Closed(err error)
}

// Conn is one non-blocking socket of a loop.
type Conn struct {
	h    Handler
	loop *Loop
	in   []byte // what Data has left; from the loop's free list or, if mapped, memory of its own; nil when nothing is left
	fd   int

	failed error // of a write: nothing more is written, and it is closed when there is no more to be read

	mapped  bool // in is memory outside the heap
	large   bool // and counted as that of a large frame
	taken   bool // Data has taken it
	unread  bool // the kernel may have bytes for us that no further event will announce
	paused  bool
	busy    bool // inside Data: Resume must not recurse
	queued  bool // in loop.again
	dirty   bool // in loop.dirty
	hungUp  bool // the peer has shut down its side, or all of it
	eof     bool // the handler has heard EOF
	blocked bool // the socket took no more output; an event will say when it does
	closed  bool
	dialing bool

	expected bool // in loop.gather.expected
	late     bool // expected, and to be flushed after the others
	silent   bool // has sent nothing since a wait for it was in vain
}

// Add makes a connection of fd, a connected non-blocking stream socket, which the loop owns from now on.
func (l *Loop) Add(fd int, h Handler) (*Conn, error) { return l.add(fd, h, false) }

// AddDialing is Add for a socket whose connect is under way: the handler hears Flush when it is
// connected, Closed when it is refused.
func (l *Loop) AddDialing(fd int, h Handler) (*Conn, error) { return l.add(fd, h, true) }

func (l *Loop) add(fd int, h Handler, dialing bool) (*Conn, error) {
	c := &Conn{h: h, loop: l, fd: fd, dialing: dialing}
	if err := l.poll.add(fd, dialing); err != nil {
		closeFD(fd)
		return nil, fmt.Errorf("register descriptor: %w", err)
	}
	for fd >= len(l.conns) {
		l.conns = append(l.conns, make([]*Conn, max(64, len(l.conns)))...)
	}
	l.conns[fd] = c
	l.open++
	return c, nil
}

// FD is the descriptor, for addresses and socket options.
func (c *Conn) FD() int { return c.fd }

// IsClosed says whether Close was called or the connection broke.
func (c *Conn) IsClosed() bool { return c.closed }

// HungUp says whether the peer has closed its side; known also while paused.
func (c *Conn) HungUp() bool { return c.hungUp }

// Buffered is what has been read and not consumed. Only lent; valid until the next read.
func (c *Conn) Buffered() []byte { return c.in }

// ready dispatches one event of the kernel's queue.
func (c *Conn) ready(ev events) {
	if c.dialing && ev&(evWrite|evError) != 0 {
		if err := socketError(c.fd); err != nil {
			c.Close(err)
			return
		}
		c.dialing = false
		c.takesOutput()
	} else if ev&evWrite != 0 && c.blocked {
		c.blocked = false
		c.takesOutput()
	}
	if ev&evHangUp != 0 {
		c.hungUp = true
	}
	if ev&(evRead|evHangUp|evError) != 0 {
		c.unread = true
		c.read()
	}
}

// takesOutput: the socket is connected, or has room again.
func (c *Conn) takesOutput() {
	c.loop.poll.output(c.fd, false)
	c.MarkDirty()
}

// read reads while there is something, hands it to the handler, and keeps what that leaves.
func (c *Conn) read() {
	c.busy = true
	if len(c.in) > 0 && !c.paused {
		c.deliver(c.in, true) // after Resume: what was left comes first
	}
	for range maxReadsPerTurn {
		if c.closed || c.paused {
			break
		}
		if !c.unread || !c.h.Readable() {
			break
		}
		c.readOnce()
	}
	c.busy = false
	if c.failed != nil && !c.closed && (c.paused || !c.unread) {
		c.Close(c.failed)
	}
	if c.hungUp && c.paused && !c.closed {
		c.h.HungUp()
	}
	if !c.closed && !c.paused && c.unread && c.h.Readable() {
		c.queue()
	}
	if c.closed {
		c.releaseIn()
	}
}

// shortRest is how much of a frame is moved for the next read: one that comes in small pieces is copied for each of them until
// it is so long.
const shortRest = 16 << 10

// readOnce does one read system call: into the loop's buffer when nothing or little is left from before, behind the rest
// otherwise, so that a large frame is read into place. (With frames of some kB there is nearly always a rest. Were all read
// behind it, the buffer that was taken for the rest would be all that a read can fill.)
func (c *Conn) readOnce() {
	buf := c.loop.readBuf
	kept := len(c.in)
	moved := false
	if kept > 0 {
		need := c.h.Need()
		if moved = kept <= shortRest && need <= MappedFrame && !c.mapped; moved {
			buf = buf[kept:]
		} else {
			c.grow(need)
			buf = c.room(need)
		}
	}
	n, err := readFD(c.fd, buf)
	c.loop.Counters.Reads++
	switch {
	case err == syscall.EAGAIN:
		c.unread = false
		return
	case err != nil:
		if err != syscall.EINTR {
			c.Close(fmt.Errorf("read: %w", err))
		}
		return
	case n == 0:
		c.unread = false
		c.hungUp = true
		if !c.eof {
			c.eof = true
			c.h.EOF()
		}
		return
	}
	c.silent = false
	if n < len(buf) && !c.hungUp {
		c.unread = false // a short read has emptied the socket: the next bytes raise an event
	}
	switch {
	case moved:
		copy(c.loop.readBuf, c.in)
		c.releaseIn()
		c.deliver(c.loop.readBuf[:kept+n], false)
	case kept > 0:
		c.in = c.in[:kept+n]
		c.count(n)
		c.deliver(c.in, true)
	default:
		c.deliver(buf[:n], false)
	}
}

// deliver gives data to the handler and keeps what it leaves; own says that data is c.in.
func (c *Conn) deliver(data []byte, own bool) {
	n := c.h.Data(data)
	if c.taken {
		c.taken = false
		if len(c.in) > 0 && !c.closed && !c.paused {
			c.deliver(c.in, true)
		}
		return
	}
	if c.closed {
		return
	}
	rest := data[n:]
	switch {
	case len(rest) == 0:
		c.releaseIn()
	case !own:
		c.keep(rest, c.h.Need())
	case n > 0:
		c.in = c.in[:copy(c.in, rest)]
		c.count(-n)
	}
}

func (c *Conn) releaseIn() {
	switch {
	case c.in == nil:
		return
	case c.mapped:
		c.count(-len(c.in))
		c.loop.freeLarge(c.in)
	default:
		c.loop.free.put(c.in)
	}
	c.in, c.mapped, c.large = nil, false, false
}

func (c *Conn) queue() {
	if !c.queued {
		c.queued = true
		c.loop.again = append(c.loop.again, c)
	}
}

// Pause stops reading and parsing until Resume. What Data leaves meanwhile is kept.
func (c *Conn) Pause() { c.paused = true }

// Resume reads and parses again, before the end of this turn.
func (c *Conn) Resume() {
	if c.closed || !c.paused {
		return
	}
	c.paused = false
	c.queue()
}

// Poke makes a connection whose handler said no to Readable ask again in this turn.
func (c *Conn) Poke() {
	if !c.closed {
		c.queue()
	}
}

// MarkDirty asks for Flush at the end of this turn.
func (c *Conn) MarkDirty() {
	if !c.dirty {
		c.dirty = true
		c.loop.dirty = append(c.loop.dirty, c)
	}
}

// dead: a write has failed.
func (c *Conn) dead() bool { return c.failed != nil }

// Write writes as much of b as the socket takes and returns how much that was. A full socket is no
// error: Flush is called when it takes output again. Nor is a peer that has gone: the connection is closed once
// what it had sent is read.
func (c *Conn) Write(b []byte) (int, error) {
	if c.closed {
		return 0, io.ErrClosedPipe
	}
	if c.dialing || c.blocked || c.dead() {
		return 0, nil
	}
	written := 0
	for written < len(b) {
		n, err := writeFD(c.fd, b[written:])
		c.loop.Counters.Writes++
		if n > 0 {
			written += n
		}
		switch {
		case err == syscall.EINTR:
		case err == syscall.EAGAIN:
			c.blocked = true
			c.loop.poll.output(c.fd, true)
			return written, nil
		case err != nil:
			// What the peer sent before it closed may still be here, and is read first.
			c.failed = fmt.Errorf("write: %w", err)
			c.unread = true
			c.queue()
			return written, nil
		}
	}
	return written, nil
}

// Buffer returns an empty output buffer from the loop's free list; PutBuffer gives it back.
func (c *Conn) Buffer() []byte { return c.loop.free.get(0) }

// Append appends data to b, which Buffer or Append returned. What has no room for it is given back, and another one from the
// free list taken: append would leave it to the garbage collector and have its successor end in a list that nobody takes from.
func (c *Conn) Append(b, data []byte) []byte {
	if need := len(b) + len(data); need > cap(b) {
		b = c.loop.free.move(b, need)
	}
	return append(b, data...)
}

// PutBuffer gives back a buffer that Buffer or Append returned.
func (c *Conn) PutBuffer(b []byte) { c.loop.free.put(b) }

// Abort makes Close drop what the kernel has not sent yet.
func (c *Conn) Abort() { setLinger(c.fd) }

// Close closes the connection and calls Closed at once; err is nil for a close of our own. The
// descriptor is given back at the end of the turn.
func (c *Conn) Close(err error) {
	if c.closed {
		return
	}
	c.closed = true
	c.Expect(0)
	c.loop.closing = append(c.loop.closing, c)
	if !c.busy {
		c.releaseIn()
	}
	if errors.Is(err, io.EOF) {
		err = io.EOF
	}
	c.h.Closed(err)
}
