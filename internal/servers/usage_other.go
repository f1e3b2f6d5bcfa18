//go:build !linux

package servers

import (
	"errors"
	"time"
)

var errUsage = errors.New("the use of processor and memory is known on Linux only")

// CPU is known on Linux only.
func (p *Process) CPU() (time.Duration, error) { return 0, errUsage }

// RSS is known on Linux only.
func (p *Process) RSS() (int64, error) { return 0, errUsage }

// Descriptors is known on Linux only.
func (p *Process) Descriptors() (int, error) { return 0, errUsage }
