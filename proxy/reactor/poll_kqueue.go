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

func (p *poller) add(fd int) error { return p.register(fd, unix.EVFILT_READ, unix.EVFILT_WRITE) }

func (p *poller) addReadOnly(fd int) error { return p.register(fd, unix.EVFILT_READ) }

func (p *poller) register(fd int, filters ...int) error {
	changes := make([]unix.Kevent_t, len(filters))
	for i, f := range filters {
		unix.SetKevent(&changes[i], fd, f, unix.EV_ADD|unix.EV_CLEAR)
	}
	_, err := unix.Kevent(p.fd, changes, nil, nil)
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
	if err := p.addReadOnly(w.fd); err != nil {
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
