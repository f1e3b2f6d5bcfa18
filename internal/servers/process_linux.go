package servers

import "syscall"

// dieWithParent: whether a server dies with a program that is killed.
const dieWithParent = true

// childAttributes: a group of its own, so that a terminal's ^C does not reach the servers before the
// program has shut down what uses them; and death with the thread that forked it.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
