package reactor

import "golang.org/x/sys/unix"

// Waiting is how many bytes the kernel has for us; 0 also where it does not say.
func (c *Conn) Waiting() int {
	n, err := unix.IoctlGetInt(c.fd, fionread)
	if err != nil {
		return 0
	}
	return n
}
