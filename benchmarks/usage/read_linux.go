package usage

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Read takes a snapshot of a process.
func Read(pid int) (Snapshot, error) {
	var s Snapshot
	var err error
	if s.CPU, err = cpuTime(pid); err != nil {
		return s, err
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return s, err
	}
	if s.User, s.System, err = parseStat(string(stat)); err != nil {
		return s, err
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return s, err
	}
	rss, err := parseStatus(string(status), "VmRSS")
	if err != nil {
		return s, err
	}
	s.RSS = rss[0] << 10
	s.Voluntary, s.Involuntary, err = switches(pid)
	return s, err
}

// cpuTime reads the process's CPU clock. Its number is the complement of the pid shifted by three, with the clock's kind
// (2, the scheduler's) in the low bits: what clock_getcpuclockid(3) returns.
func cpuTime(pid int) (time.Duration, error) {
	const scheduler = 2
	var ts unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|scheduler), &ts); err != nil {
		return 0, fmt.Errorf("usage: CPU clock of process %d: %w", pid, err)
	}
	return time.Duration(ts.Nano()), nil
}

func switches(pid int) (voluntary, involuntary int64, err error) {
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	if err != nil {
		return 0, 0, err
	}
	for _, task := range tasks {
		status, err := os.ReadFile(task)
		if err != nil {
			continue // the thread has exited since it was listed
		}
		v, err := parseStatus(string(status), "voluntary_ctxt_switches", "nonvoluntary_ctxt_switches")
		if err != nil {
			return 0, 0, err
		}
		voluntary += v[0]
		involuntary += v[1]
	}
	return voluntary, involuntary, nil
}

// ReadHost takes a snapshot of the machine.
func ReadHost() (Host, error) {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return Host{}, err
	}
	return parseHost(string(stat))
}

// Descriptors is how many files and sockets this process and those that it starts may have open each. The limit is raised
// as far as the system lets it be.
func Descriptors() (int, error) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 0, fmt.Errorf("usage: limit of descriptors: %w", err)
	}
	if limit.Cur < limit.Max {
		limit.Cur = limit.Max
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, (*syscall.Rlimit)(&limit)); err != nil {
			return 0, fmt.Errorf("usage: limit of descriptors: %w", err)
		}
	}
	return int(limit.Cur), nil
}
