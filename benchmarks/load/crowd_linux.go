package load

import (
	"errors"
	"fmt"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// Crowd is open client connections in the hands of one goroutine, which either idle or run a case.
type Crowd struct {
	clients []*client
	poll    int // epoll
	buf     []byte
}

// client is one connection.
type client struct {
	fd    int
	index int // among the clients of the crowd
	// Output that the socket has not taken yet: out from at on, then tail, which belongs to a request.
	out  []byte
	at   int
	tail []byte
	in   frames
	// Of the run that is on: requests whose time has come, sent, and answered; when the pipeline was sent.
	due, sent, answered int
	began               int64
	marked              bool // has something to send in this turn
}

// patience in seconds of what happens before a run: connecting and what a connection says first.
const patience = 20

// Dial opens n connections. Each says what greeting gives for its number, commands as words, and waits for the replies
// before the next one is opened, so that whoever listens has taken it in; errors among the replies are returned. A nil greeting says
// nothing. More than ten thousand to 127.0.0.1 come from several addresses of the host, because one has only so many ports.
func Dial(at Endpoint, n int, greeting func(i int) [][]string) (*Crowd, error) {
	poll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	w := &Crowd{poll: poll, buf: make([]byte, 256<<10)}
	for i := range n {
		if err := w.add(at, i, greeting); err != nil {
			w.Close()
			return nil, fmt.Errorf("connection %d of %d: %w", i+1, n, err)
		}
	}
	return w, nil
}

// Close ends all connections.
func (w *Crowd) Close() {
	for _, c := range w.clients {
		unix.Close(c.fd)
	}
	unix.Close(w.poll)
}

func (w *Crowd) add(at Endpoint, i int, greeting func(i int) [][]string) error {
	fd, err := connect(at, i)
	if err != nil {
		return err
	}
	c := &client{fd: fd, index: i}
	w.clients = append(w.clients, c) // Close sees to it from here on
	if greeting != nil {
		if err := w.greet(c, greeting(i)); err != nil {
			return err
		}
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		return os.NewSyscallError("fcntl", err)
	}
	// Edge-triggered: nothing has to be told to the kernel when output gets stuck.
	event := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLET, Fd: int32(i)}
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(w.poll, unix.EPOLL_CTL_ADD, fd, &event))
}

// connect blocks, which is simple, for no longer than patience.
func connect(at Endpoint, i int) (int, error) {
	family, peer, err := at.sockaddr()
	if err != nil {
		return -1, err
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	limit := unix.Timeval{Sec: patience}
	err = errors.Join(unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &limit), unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &limit))
	if family == unix.AF_INET {
		err = errors.Join(err, unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1), bindSource(fd, at, i))
	}
	if err == nil {
		if err = unix.Connect(fd, peer); err == unix.EINTR {
			err = connected(fd)
		}
		err = os.NewSyscallError("connect", err)
	}
	if err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// uninterrupted calls again what a signal has interrupted: a socket with a timeout is not spared that, whatever the handler says.
func uninterrupted(call func(int, []byte) (int, error), fd int, b []byte) (n int, err error) {
	for {
		if n, err = call(fd, b); err != unix.EINTR {
			return n, err
		}
	}
}

// connected waits for a connect that a signal has interrupted (the Go runtime's own, say): it goes on by itself, and is not to be called again.
func connected(fd int) error {
	for {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}, patience*1000)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return err
		case n == 0:
			return unix.ETIMEDOUT
		}
		code, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
		if err == nil && code != 0 {
			err = unix.Errno(code)
		}
		return err
	}
}

func (e Endpoint) sockaddr() (family int, peer unix.Sockaddr, err error) {
	if e.Socket != "" {
		return unix.AF_UNIX, &unix.SockaddrUnix{Name: e.Socket}, nil
	}
	addr, err := netip.ParseAddr(e.Host)
	if err != nil || !addr.Is4() {
		return 0, nil, fmt.Errorf("%q is no IPv4 address", e.Host)
	}
	return unix.AF_INET, &unix.SockaddrInet4{Port: e.Port, Addr: addr.As4()}, nil
}

func bindSource(fd int, at Endpoint, i int) error {
	const perAddress = 10_000
	if i < perAddress || at.Host != "127.0.0.1" {
		return nil
	}
	source := &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, byte(1 + i/perAddress)}}
	return errors.Join(
		unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1),
		os.NewSyscallError("bind", unix.Bind(fd, source)))
}

// greet is on the blocking socket.
func (w *Crowd) greet(c *client, commands [][]string) error {
	if len(commands) == 0 {
		return nil
	}
	var out []byte
	for _, command := range commands {
		out = append(out, words(command...)...)
	}
	if _, err := uninterrupted(unix.Write, c.fd, out); err != nil {
		return os.NewSyscallError("write", err)
	}
	for c.in.replies < len(commands) {
		n, err := uninterrupted(unix.Read, c.fd, w.buf)
		switch {
		case err != nil:
			return os.NewSyscallError("read", err)
		case n == 0:
			return fmt.Errorf("%q: closed", commands)
		}
		if err := c.in.feed(w.buf[:n]); err != nil {
			return err
		}
	}
	if c.in.errors > 0 {
		return fmt.Errorf("%q: %s", commands, c.in.firstError)
	}
	return nil
}
