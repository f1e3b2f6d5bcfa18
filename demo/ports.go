package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
)

// portBase is the variable that moves all ports.
const portBase = "DEMO_PORT_BASE"

// ports of everything that the demo starts, all on 127.0.0.1.
type ports struct {
	redis, replica int
	sentinels      [3]int
	dragonfly      int
	proxy, admin   int
}

// choosePorts: those of the walkthrough, or eight in a row from base on.
func choosePorts(base string) (ports, error) {
	if base == "" {
		return ports{redis: 6379, replica: 6380, sentinels: [3]int{5000, 5001, 5002}, dragonfly: 6000, proxy: 6390, admin: 8379}, nil
	}
	const count = 8
	b, err := strconv.Atoi(base)
	if err != nil || b < 1 || b > 65536-count {
		return ports{}, fmt.Errorf("%s=%s: want a port from 1 to %d, the first of %d in a row", portBase, base, 65536-count, count)
	}
	return ports{redis: b, replica: b + 1, sentinels: [3]int{b + 2, b + 3, b + 4}, dragonfly: b + 5, proxy: b + 6, admin: b + 7}, nil
}

// list is every port and what for.
func (p ports) list() []portUse {
	return []portUse{
		{p.redis, "the first Redis"},
		{p.replica, "its replica"},
		{p.sentinels[0], "Sentinel 1"},
		{p.sentinels[1], "Sentinel 2"},
		{p.sentinels[2], "Sentinel 3"},
		{p.dragonfly, "Dragonfly"},
		{p.proxy, "the proxy"},
		{p.admin, "the proxy's HTTP side"},
	}
}

type portUse struct {
	port int
	use  string
}

// free says which port is taken and how to move them.
func (p ports) free() error {
	for _, u := range p.list() {
		l, err := net.Listen("tcp", address(u.port))
		if err != nil {
			return portError(u, err)
		}
		l.Close()
	}
	return nil
}

func portError(u portUse, err error) error {
	if op := (*net.OpError)(nil); errors.As(err, &op) {
		err = op.Err // without the address once more
	}
	if sys := (*os.SyscallError)(nil); errors.As(err, &sys) {
		err = sys.Err
	}
	return fmt.Errorf("port %d, for %s, can't be used: %w\nstop what listens there, or move all ports: %s=16379 make demo takes 16379 to 16386",
		u.port, u.use, err, portBase)
}

func address(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
