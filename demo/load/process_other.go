//go:build !linux

package load

import "syscall"

// ownGroup keeps a terminal's ^C from the child.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// sockets of another process are known on Linux only: elsewhere the closed connections of redis-cli show
// in its errors at best.
func sockets(int) []string { return nil }
