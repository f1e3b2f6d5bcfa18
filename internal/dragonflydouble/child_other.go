//go:build !linux

package dragonflydouble

import "syscall"

// childAttributes: only Linux can tie the child's life to the double's; elsewhere the process group has to do.
func childAttributes() *syscall.SysProcAttr { return nil }
