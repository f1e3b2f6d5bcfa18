package reactor

import (
	"os"

	"golang.org/x/sys/unix"
)

// fionread asks how many bytes can be read.
const fionread = unix.TIOCINQ

func streamSocket(family int) (int, error) {
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	return fd, os.NewSyscallError("socket", err)
}

// A peer that has vanished without a word (a firewall that forgot the connection, a machine without power) is
// noticed after about so long, and not after the system's two hours. A server that hangs but whose
// kernel is well is not meant: that is what ROLE probes are for.
const (
	deadPeerIdle     = 5 // seconds without traffic, before the kernel asks
	deadPeerInterval = 2 // seconds
	deadPeerCount    = 3
	deadPeerTimeout  = 10_000 // milliseconds that sent bytes may stay unacknowledged
)

func setDeadPeer(fd int) {
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, deadPeerIdle)
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, deadPeerInterval)
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPCNT, deadPeerCount)
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, deadPeerTimeout)
}
