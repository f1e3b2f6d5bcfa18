//go:build !linux

package reactor

import "golang.org/x/sys/unix"

func readFD(fd int, b []byte) (int, error) { return unix.Read(fd, b) }

func writeFD(fd int, b []byte) (int, error) { return unix.Write(fd, b) }
