//go:build !linux

package servers

import "syscall"

// dieWithParent: whether a server dies with a program that is killed.
const dieWithParent = false

// childAttributes: a group of its own. Only Linux can tie the child's life to ours: elsewhere a program
// that is killed before it closes its Pool leaves its servers behind.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
