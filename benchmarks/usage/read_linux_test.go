package usage

import (
	"os"
	"syscall"
	"testing"
	"time"
)

// rusage is what the kernel says of this process through its other interface.
func rusage(t *testing.T) time.Duration {
	t.Helper()
	var ru syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &ru); err != nil {
		t.Fatal(err)
	}
	return time.Duration(ru.Utime.Nano() + ru.Stime.Nano())
}

func TestReadAgreesWithGetrusage(t *testing.T) {
	for rusage(t) < 50*time.Millisecond {
	}
	before := rusage(t)
	s, err := Read(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	after := rusage(t)
	// Kernels that sample may be off by ticks; a wrong clock would be off by everything.
	if slack := 2 * tick; s.CPU < before-slack || s.CPU > after+slack {
		t.Errorf("CPU %v is not between %v and %v", s.CPU, before, after)
	}
	if s.RSS < 1<<20 || s.Voluntary+s.Involuntary < 1 {
		t.Errorf("%+v", s)
	}
}

func TestReadOfNoProcess(t *testing.T) {
	const none = 1 << 22 // above any pid
	if _, err := Read(none); err == nil {
		t.Error("no error")
	}
}

func TestReadHost(t *testing.T) {
	h, err := ReadHost()
	if err != nil || h.Busy <= 0 {
		t.Errorf("%+v, %v", h, err)
	}
}

func TestDescriptors(t *testing.T) {
	n, err := Descriptors()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if err != nil || n < 1 || uint64(n) != limit.Max || limit.Cur != limit.Max {
		t.Errorf("%d, %v; the limit is %+v", n, err, limit)
	}
}
