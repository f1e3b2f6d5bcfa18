package load

import (
	"fmt"
	"os"
	"strings"
	"syscall"
)

// ownGroup keeps a terminal's ^C from the child. No parent-death signal is needed: it ends at the end of
// its input, which the kernel closes with us.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// sockets names the sockets that a process has open, none when that can't be known.
func sockets(pid int) (found []string) {
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		if target, err := os.Readlink(dir + "/" + e.Name()); err == nil && strings.HasPrefix(target, "socket:") {
			found = append(found, target)
		}
	}
	return found
}
