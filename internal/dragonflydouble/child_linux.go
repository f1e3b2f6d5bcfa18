package dragonflydouble

import "syscall"

// childAttributes: the private redis-server stays in the double's process group, so that whoever kills or freezes the
// group reaches it, and it dies with the double.
func childAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
