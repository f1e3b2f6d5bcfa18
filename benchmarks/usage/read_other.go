//go:build !linux

package usage

import "errors"

var errLinuxOnly = errors.New("usage: the benchmark reads /proc and the CPU clocks of other processes, which only Linux has")

// Read takes a snapshot of a process; not on this system.
func Read(int) (Snapshot, error) { return Snapshot{}, errLinuxOnly }

// ReadHost takes a snapshot of the machine; not on this system.
func ReadHost() (Host, error) { return Host{}, errLinuxOnly }

// Descriptors is how many descriptors a process may have; not on this system.
func Descriptors() (int, error) { return 0, errLinuxOnly }
