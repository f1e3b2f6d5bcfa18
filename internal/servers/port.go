package servers

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"
)

// Ports are taken from below the range from which kernels choose ports for outgoing connections. Above,
// the port of a server that is down for a moment can become the source port of anybody's connection, even
// of the one that tries to reach it (a TCP socket can connect to itself), and the server can't come back.
const (
	firstPort = 20000
	lastPort  = 31999
)

// PortTakenError says that a server could not listen because somebody else does.
type PortTakenError struct {
	Server string
	Port   int
	Said   string // by the server; "" when it was not even started
}

// Error does not put it on the port alone: the server's words may be of another one, which its arguments name.
func (e *PortTakenError) Error() string {
	if e.Said != "" {
		return fmt.Sprintf("%s: port %d, or another that it was given, is taken: %s", e.Server, e.Port, e.Said)
	}
	return fmt.Sprintf("%s: port %d is taken", e.Server, e.Port)
}

// ports holds what this program has reserved. The reservation is a lock on one byte of a file, byte
// number = port, so that packages tested at the same time do not meet; the kernel drops it when the
// program ends, however it ends.
var ports struct {
	sync.Mutex
	file *os.File
	mine map[int]bool // these locks do not exclude within one program
}

// FreePort reserves a port on 127.0.0.1 on which nobody listens, until the program ends.
func FreePort() (int, error) {
	ports.Lock()
	defer ports.Unlock()
	if err := openPortLocks(); err != nil {
		return 0, err
	}
	const tries = 1000
	for range tries {
		port := firstPort + rand.IntN(lastPort-firstPort+1)
		if !ports.mine[port] && lockPort(port) && listenable(port) {
			ports.mine[port] = true
			return port, nil
		}
	}
	return 0, fmt.Errorf("no free port among %d tried from %d to %d", tries, firstPort, lastPort)
}

func openPortLocks() error {
	if ports.file != nil {
		return nil
	}
	path := filepath.Join(os.TempDir(), fmt.Sprintf("sentinelproxy-ports-%d.lock", os.Getuid()))
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	ports.file, ports.mine = f, map[int]bool{}
	return nil
}

func lockPort(port int) bool {
	lock := unix.Flock_t{Type: unix.F_WRLCK, Start: int64(port), Len: 1}
	return unix.FcntlFlock(ports.file.Fd(), unix.F_SETLK, &lock) == nil
}

func listenable(port int) bool {
	l, err := net.Listen("tcp", localAddr(port))
	if err != nil {
		return false
	}
	l.Close()
	return true
}

func localAddr(port int) string {
	return net.JoinHostPort(localhost, strconv.Itoa(port))
}

// onPort calls start with the wished port, or, when that is 0, with free ones until one is not taken by
// a stranger between our look and the server's bind.
func onPort(wished int, start func(port int) error) error {
	if wished != 0 {
		return start(wished)
	}
	var err error
	for range 10 {
		var port int
		if port, err = FreePort(); err != nil {
			return err
		}
		var taken *PortTakenError
		if err = start(port); !errors.As(err, &taken) {
			return err
		}
	}
	return err
}

// saysPortTaken finds strerror(EADDRINUSE), which all of the programs print in one way or another.
func saysPortTaken(log []byte) bool {
	return bytes.Contains(bytes.ToLower(log), []byte("address already in use"))
}
