//go:build !linux

package reactor

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// Accept takes one connection from a listening socket, non-blocking. unix.EAGAIN: there is none.
func Accept(listener int) (int, unix.Sockaddr, error) {
	syscall.ForkLock.RLock() // no child may inherit it before it is marked
	defer syscall.ForkLock.RUnlock()
	fd, sa, err := unix.Accept(listener)
	if err != nil {
		return -1, nil, err
	}
	unix.CloseOnExec(fd)
	if err := unix.SetNonblock(fd, true); err != nil {
		closeFD(fd)
		return -1, nil, err
	}
	return fd, sa, nil
}
