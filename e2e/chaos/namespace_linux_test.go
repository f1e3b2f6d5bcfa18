package chaos

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// namespaceVariable tells a copy of this test program that it runs in namespaces of its own.
const namespaceVariable = "CHAOS_NAMESPACE"

func inNamespace() bool { return os.Getenv(namespaceVariable) != "" }

// runInNamespace runs this program once more, in a network namespace and a mount namespace, and waits for it. However it ends, the
// kernel takes away every address, rule and named namespace that it has made, and dir, in which it has its temporary files, is the
// caller's to remove. The error says that no namespace can be had.
func runInNamespace(dir string) (code int, err error) {
	for _, tool := range []string{"ip", "iptables"} {
		if _, err := exec.LookPath(tool); err != nil {
			return 0, err
		}
	}
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	cmd := exec.Command(self, os.Args[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), namespaceVariable+"=1", programVariable+"="+program, "TMPDIR="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET | unix.CLONE_NEWNS}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= unix.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	// A terminal's ^C reaches both, and this one has to stay and clean up.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT)
	defer signal.Stop(signals)
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("needs root: %w", err)
	}
	go func() {
		for sig := range signals {
			_ = cmd.Process.Signal(sig)
		}
	}()
	err = cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return 1, nil
	}
	if cmd.ProcessState.ExitCode() < 0 {
		return 1, nil // ended by a signal
	}
	return cmd.ProcessState.ExitCode(), nil
}

// enterNamespace makes the namespaces usable: /run is empty, for ip(8) to keep the names of further ones in, and the loopback
// interface is up.
func enterNamespace() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("needs root: %w", err)
	}
	if err := unix.Mount("tmpfs", "/run", "tmpfs", 0, ""); err != nil {
		return fmt.Errorf("needs root: %w", err)
	}
	if err := do("ip", "link", "set", "lo", "up"); err != nil {
		return err
	}
	// Said now rather than in the first cell that needs it.
	return do("iptables", "-w", "-A", "INPUT", "-s", "192.0.2.1", "-d", "192.0.2.2", "-j", "DROP")
}
