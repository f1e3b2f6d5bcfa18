package proxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sys/unix"

	"sentinelproxy/proxy/reactor"
	"sentinelproxy/proxy/session"
)

// listener is one address that clients of a group connect to. Its goroutine, started by group.run, ends
// when the listener is closed.
type listener struct {
	ln     net.Listener
	file   *os.File // the same socket: only of a file can a raw descriptor be waited for
	group  *group
	closed atomic.Bool
	// noDescriptors counts accepts that failed for want of descriptors or memory.
	noDescriptors atomic.Uint64
}

// listen opens host:port or unix:///path. The error names the flag and the address.
func listen(addr string) (net.Listener, error) {
	network, where := "tcp", addr
	if path, ok := strings.CutPrefix(addr, "unix://"); ok {
		network, where = "unix", path
		if info, err := os.Stat(path); err == nil && info.Mode()&os.ModeSocket == 0 {
			return nil, fmt.Errorf("--listen %s: there is a file that is not a socket", addr)
		}
		removeStale(path)
	}
	ln, err := (&net.ListenConfig{}).Listen(context.Background(), network, where)
	if err != nil {
		var errno *os.SyscallError
		if errors.As(err, &errno) {
			err = errno.Err
		}
		return nil, fmt.Errorf("--listen %s: %w", addr, err)
	}
	return ln, nil
}

func newListener(addr string, g *group) (*listener, error) {
	ln, err := listen(addr)
	if err != nil {
		return nil, err
	}
	file, err := ln.(interface{ File() (*os.File, error) }).File()
	if err != nil {
		_ = ln.Close()
		return nil, fmt.Errorf("--listen %s: %w", addr, err)
	}
	return &listener{ln: ln, file: file, group: g}, nil
}

func (l *listener) close() {
	l.closed.Store(true) // first: what a raw read of a closed file returns has no exported name
	_ = l.ln.Close()
	_ = l.file.Close()
}

// removeStale removes the socket file of a process that is no more: nobody accepts there.
func removeStale(path string) {
	info, err := os.Stat(path)
	if err != nil || info.Mode()&os.ModeSocket == 0 {
		return
	}
	conn, err := net.Dial("unix", path)
	if err == nil {
		conn.Close()
		return
	}
	if errors.Is(err, syscall.ECONNREFUSED) {
		_ = os.Remove(path)
	}
}

// The pause after an accept that failed for want of something doubles up to the maximum.
const (
	acceptPause    = 5 * time.Millisecond
	acceptPauseMax = time.Second
)

// accept hands clients to the lanes in turn, until the listener is closed.
func (l *listener) accept(log *zap.Logger) {
	raw, err := l.file.SyscallConn()
	if err != nil {
		log.Error("listener", zap.Error(err))
		return
	}
	pause := acceptPause
	for {
		fd, sa, err := acceptOne(raw)
		switch {
		case err == nil:
			pause = acceptPause
			l.group.serve(fd, remote(sa))
		case l.closed.Load():
			return
		case errors.Is(err, unix.ECONNABORTED), errors.Is(err, unix.EINTR):
		default:
			l.noDescriptors.Add(1)
			log.Error("accept", zap.Error(err), zap.Duration("again_in", pause))
			time.Sleep(pause)
			pause = min(2*pause, acceptPauseMax)
		}
	}
}

func acceptOne(raw syscall.RawConn) (fd int, sa unix.Sockaddr, err error) {
	ctl := raw.Read(func(ln uintptr) bool {
		fd, sa, err = reactor.Accept(int(ln))
		return err != unix.EAGAIN
	})
	if ctl != nil {
		// Without a deadline this only fails because the file is closed, and the error that says so is not exported.
		return -1, nil, net.ErrClosed
	}
	return fd, sa, err
}

func remote(sa unix.Sockaddr) netip.AddrPort {
	switch a := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port))
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(a.Addr).Unmap(), uint16(a.Port))
	}
	return netip.AddrPort{}
}

var tooManyClients = []byte("-ERR max number of clients reached\r\n")

// serve gives an accepted socket to the next lane, or turns it away as Redis does.
func (g *group) serve(fd int, from netip.AddrPort) {
	lane := g.lanes.lanes[g.next.Add(1)%uint64(len(g.lanes.lanes))]
	if g.shared.clients.Add(1) > int64(g.cfg.MaxClients) {
		g.shared.clients.Add(-1)
		_, _ = unix.Write(fd, tooManyClients)
		_ = unix.Close(fd)
		lane.loop.Post(func() {
			lane.sessions.Counters.Accepted++
			lane.sessions.Counters.Closed[session.CloseMaxClients]++
		})
		return
	}
	if from.IsValid() {
		reactor.NoDelay(fd)
	}
	if !lane.loop.Post(func() { session.New(lane.sessions, fd, from) }) {
		g.shared.clients.Add(-1)
		_ = unix.Close(fd)
	}
}
