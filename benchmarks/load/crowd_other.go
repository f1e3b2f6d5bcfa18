//go:build !linux

package load

import (
	"context"
	"errors"
)

// Crowd is open client connections; there are none on this system.
type Crowd struct{}

// Dial opens connections; not on this system, since the generator is written for epoll.
func Dial(Endpoint, int, func(int) [][]string) (*Crowd, error) {
	return nil, errors.New("load: the generator needs Linux")
}

// Run has nothing to run on.
func (*Crowd) Run(context.Context, Case, int, int) (Result, error) { return Result{}, nil }

// Close has nothing to close.
func (*Crowd) Close() {}
