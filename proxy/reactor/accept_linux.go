package reactor

import "golang.org/x/sys/unix"

// Accept takes one connection from a listening socket, non-blocking. unix.EAGAIN: there is none.
func Accept(listener int) (int, unix.Sockaddr, error) {
	return unix.Accept4(listener, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
}
