// Package usage reads what processes have used of the machine: CPU time, memory, context switches.
package usage

import "time"

// Snapshot is what one process has used since it started.
type Snapshot struct {
	// CPU is user and system time of all threads, exited ones included, in the scheduler's own resolution
	// (nanoseconds). The kernel's ticks in /proc/PID/stat are 10 ms: too coarse for a second at 16 deep.
	CPU time.Duration
	// User and System are in ticks; only their proportion is used.
	User, System time.Duration
	// Voluntary and Involuntary context switches of the threads that live now: an exited thread takes its
	// own with it, which the processes measured here (fixed threads) do not suffer from.
	Voluntary, Involuntary int64
	RSS                    int64 // bytes
}

// Delta is what was used between two snapshots of one process; RSS is that of the later.
type Delta struct {
	CPU, User, System      time.Duration
	Voluntary, Involuntary int64
	RSS                    int64
}

// Since is what s has more than earlier. User and System are CPU divided in the proportion of the ticks.
func (s Snapshot) Since(earlier Snapshot) Delta {
	d := Delta{
		CPU:         s.CPU - earlier.CPU,
		Voluntary:   s.Voluntary - earlier.Voluntary,
		Involuntary: s.Involuntary - earlier.Involuntary,
		RSS:         s.RSS,
	}
	user, system := s.User-earlier.User, s.System-earlier.System
	if ticks := user + system; ticks > 0 {
		d.User = time.Duration(float64(d.CPU) * float64(user) / float64(ticks))
		d.System = d.CPU - d.User
	}
	return d
}

// Host is the CPU time of the whole machine since it booted, all cores together.
type Host struct {
	Busy  time.Duration // everything but idle, waiting for disks, and stolen
	Steal time.Duration // time the hypervisor gave to others while this machine wanted to run
}

// Since is what h has more than earlier.
func (h Host) Since(earlier Host) Host {
	return Host{Busy: h.Busy - earlier.Busy, Steal: h.Steal - earlier.Steal}
}
