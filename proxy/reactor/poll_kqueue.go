//go:build darwin || freebsd || netbsd || openbsd || dragonfly

package reactor

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

type events uint32

const (
	evRead events = 1 << iota
	evWrite
	evHangUp
	evError
)

// shortWait is zero: system calls of these systems always go through the scheduler.
const shortWait = time.Duration(0)

// poller is a kqueue with room for the events of one turn.
type poller struct {
	fd   int
	list [256]unix.Kevent_t
}

func (p *poller) open() (err error) {
	p.fd, err = unix.Kqueue()
	if err == nil {
		unix.CloseOnExec(p.fd)
	}
	return os.NewSyscallError("kqueue", err)
}

func (p *poller) close() { closeFD(p.fd) }

// add watches fd for input, and for room for output where that is wanted.
func (p *poller) add(fd int, output bool) error {
	err := p.change(fd, unix.EVFILT_READ, unix.EV_ADD|unix.EV_CLEAR)
	if err == nil && output {
		err = p.change(fd, unix.EVFILT_WRITE, unix.EV_ADD|unix.EV_CLEAR)
	}
	return err
}

// output begins or ends watching for room.
func (p *poller) output(fd int, want bool) {
	flags := unix.EV_DELETE
	if want {
		flags = unix.EV_ADD | unix.EV_CLEAR
	}
	_ = p.change(fd, unix.EVFILT_WRITE, flags)
}

func (p *poller) change(fd, filter, flags int) error {
	var change [1]unix.Kevent_t
	unix.SetKevent(&change[0], fd, filter, flags)
	_, err := unix.Kevent(p.fd, change[:], nil, nil)
	return os.NewSyscallError("kevent", err)
}

func (p *poller) event(i int) (fd int, ev events) {
	e := &p.list[i]
	switch e.Filter {
	case unix.EVFILT_READ:
		ev = evRead
	case unix.EVFILT_WRITE:
		ev = evWrite
	}
	if e.Flags&unix.EV_EOF != 0 {
		if e.Filter == unix.EVFILT_READ {
			ev |= evHangUp
		}
		if e.Fflags != 0 { // the socket's error, if any
			ev |= evError
		}
	}
	return int(e.Ident), ev
}

func (p *poller) wait(d time.Duration) int {
	ts := unix.NsecToTimespec(int64(d))
	n, err := unix.Kevent(p.fd, nil, p.list[:], &ts)
	if err != nil {
		return 0
	}
	return n
}

func (p *poller) now() int { return p.wait(0) }

func (p *poller) short(time.Duration) int { return p.wait(0) }

// await does not wait: it would have to do so behind the scheduler's back, as short does on Linux.
func (p *poller) await([]*Conn, int, time.Duration) bool { return true }

func (p *poller) long(d time.Duration) int { return p.wait(d) }

// wakePipe is a pipe: any number of wakes that are not emptied yet make one readable event.
type wakePipe struct {
	fd int // the reading end
	w  int
}

func (w *wakePipe) open(p *poller) error {
	var fds [2]int
	if err := unix.Pipe(fds[:]); err != nil {
		return os.NewSyscallError("pipe", err)
	}
	w.fd, w.w = fds[0], fds[1]
	for _, fd := range fds {
		unix.CloseOnExec(fd)
		if err := unix.SetNonblock(fd, true); err != nil {
			w.close()
			return os.NewSyscallError("fcntl", err)
		}
	}
	if err := p.add(w.fd, false); err != nil {
		w.close()
		return err
	}
	return nil
}

func (w *wakePipe) wake() { _, _ = unix.Write(w.w, []byte{1}) }

func (w *wakePipe) empty() {
	var b [64]byte
	for {
		if n, err := unix.Read(w.fd, b[:]); n < len(b) || err != nil {
			return
		}
	}
}

func (w *wakePipe) close() {
	closeFD(w.fd)
	closeFD(w.w)
}
