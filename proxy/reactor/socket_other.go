//go:build !linux

package reactor

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// fionread asks how many bytes can be read: the same number on all BSDs.
const fionread = 0x4004667f

func streamSocket(family int) (int, error) {
	syscall.ForkLock.RLock() // no child may inherit it before it is marked
	defer syscall.ForkLock.RUnlock()
	fd, err := unix.Socket(family, unix.SOCK_STREAM, 0)
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	unix.CloseOnExec(fd)
	if err := unix.SetNonblock(fd, true); err != nil {
		closeFD(fd)
		return -1, os.NewSyscallError("fcntl", err)
	}
	return fd, nil
}

// setDeadPeer has the system's own keep-alive here.
func setDeadPeer(int) {}
