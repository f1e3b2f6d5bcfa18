package reactor

import (
	"os"
	"runtime"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

type events uint32

const (
	evRead   events = unix.EPOLLIN
	evWrite  events = unix.EPOLLOUT
	evHangUp events = unix.EPOLLRDHUP | unix.EPOLLHUP
	evError  events = unix.EPOLLERR
)

// shortWait is how long a loop sleeps without telling the scheduler. The thread keeps its processor
// meanwhile; the runtime can still get at it, because its preemption signal ends the wait.
//
// Not shorter than a tick of the kernel (4 ms at 250 Hz): a nearer deadline has to be set in the hardware and taken back, for
// every sleep, which in a virtual machine costs as much as the rest of a command.
const shortWait = 4 * time.Millisecond

// poller is an epoll instance with room for the events of one turn.
type poller struct {
	fd   int
	list [256]unix.EpollEvent
}

func (p *poller) open() (err error) {
	p.fd, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	return os.NewSyscallError("epoll_create1", err)
}

func (p *poller) close() { closeFD(p.fd) }

// add watches fd for input, and for room for output where that is wanted.
func (p *poller) add(fd int, output bool) error { return p.control(unix.EPOLL_CTL_ADD, fd, output) }

// output begins or ends watching for room. Always to watch would cost nothing with TCP, which tells of room only when it was
// short of it; but a Unix socket tells each time that its peer has read something.
func (p *poller) output(fd int, want bool) { _ = p.control(unix.EPOLL_CTL_MOD, fd, want) }

func (p *poller) control(op, fd int, output bool) error {
	ev := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLET, Fd: int32(fd)}
	if output {
		ev.Events |= unix.EPOLLOUT
	}
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(p.fd, op, fd, &ev))
}

func (p *poller) event(i int) (fd int, ev events) {
	return int(p.list[i].Fd), events(p.list[i].Events)
}

// epoll_pwait with no signal mask is epoll_wait, which arm64 does not have.
func (p *poller) raw(ms int) int {
	n, _, errno := syscall.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(p.fd),
		uintptr(unsafe.Pointer(&p.list[0])), uintptr(len(p.list)), uintptr(ms), 0, 0)
	if errno != 0 {
		return 0
	}
	return int(n)
}

// now returns the events that are there.
func (p *poller) now() int { return p.raw(0) }

// short sleeps up to d behind the scheduler's back.
func (p *poller) short(d time.Duration) int { return p.raw(milliseconds(d)) }

// await sleeps up to d behind the scheduler's back until one of the connections or the descriptor besides can be read, and
// says whether it can. d is as in short.
func (p *poller) await(list []*Conn, besides int, d time.Duration) bool {
	var fds [maxExpected + 1]unix.PollFd
	fds[0] = unix.PollFd{Fd: int32(besides), Events: unix.POLLIN}
	for i, c := range list {
		fds[i+1] = unix.PollFd{Fd: int32(c.fd), Events: unix.POLLIN}
	}
	ts := unix.NsecToTimespec(int64(d))
	n, _, errno := syscall.RawSyscall6(unix.SYS_PPOLL, uintptr(unsafe.Pointer(&fds[0])), uintptr(len(list)+1),
		uintptr(unsafe.Pointer(&ts)), 0, 0, 0)
	return errno != 0 || n > 0
}

// long sleeps up to d and gives the processor away.
func (p *poller) long(d time.Duration) int {
	n, _, errno := syscall.Syscall6(unix.SYS_EPOLL_PWAIT, uintptr(p.fd),
		uintptr(unsafe.Pointer(&p.list[0])), uintptr(len(p.list)), uintptr(milliseconds(d)), 0, 0)
	runtime.KeepAlive(p)
	if errno != 0 {
		return 0
	}
	return int(n)
}

// milliseconds is d, rounded up: a timer must not be too early.
func milliseconds(d time.Duration) int { return int((d + time.Millisecond - 1) / time.Millisecond) }

// wakePipe is an eventfd: any number of wakes make one readable event.
type wakePipe struct{ fd int }

func (w *wakePipe) open(p *poller) (err error) {
	if w.fd, err = unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC); err != nil {
		return os.NewSyscallError("eventfd", err)
	}
	if err := p.add(w.fd, false); err != nil {
		closeFD(w.fd)
		return err
	}
	return nil
}

var one = [8]byte{1} // in either byte order not zero, which is all that matters

func (w *wakePipe) wake() { _, _ = unix.Write(w.fd, one[:]) }

func (w *wakePipe) empty() {
	var b [8]byte
	_, _ = unix.Read(w.fd, b[:])
}

func (w *wakePipe) close() { closeFD(w.fd) }
