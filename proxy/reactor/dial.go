package reactor

import (
	"fmt"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// Dial begins to connect to addr. The handler hears Flush when the connection takes output, Closed when
// it could not be made.
func (l *Loop) Dial(addr netip.AddrPort, h Handler) (*Conn, error) {
	family := unix.AF_INET
	if addr.Addr().Is6() && !addr.Addr().Is4In6() {
		family = unix.AF_INET6
	}
	fd, err := streamSocket(family)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", addr, err)
	}
	NoDelay(fd)
	setKeepAlive(fd)
	setDeadPeer(fd)
	err = unix.Connect(fd, sockaddr(addr))
	if err != nil && err != unix.EINPROGRESS && err != unix.EINTR {
		closeFD(fd)
		return nil, fmt.Errorf("connect to %s: %w", addr, os.NewSyscallError("connect", err))
	}
	return l.AddDialing(fd, h)
}

// Dead returns a connection that is not one, for a handler whose Dial has failed at once: it takes no
// output, and Close works as ever.
func (l *Loop) Dead(h Handler) *Conn {
	return &Conn{h: h, loop: l, fd: -1, dialing: true}
}

func sockaddr(addr netip.AddrPort) unix.Sockaddr {
	ip := addr.Addr()
	if ip.Is4() || ip.Is4In6() {
		return &unix.SockaddrInet4{Port: int(addr.Port()), Addr: ip.As4()}
	}
	return &unix.SockaddrInet6{Port: int(addr.Port()), Addr: ip.As16(), ZoneId: zoneID(ip.Zone())}
}
