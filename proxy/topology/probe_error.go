package topology

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
)

// Cause says why a probe has no answer.
type Cause uint8

const (
	// CauseUnreachable: no connection, or it broke, or no answer in time.
	CauseUnreachable Cause = iota + 1
	// CauseLoading: -LOADING; the data set is being loaded, and the node does not even tell its role.
	CauseLoading
	// CauseAuthRequired: -NOAUTH; it wants a password and we have none.
	CauseAuthRequired
	// CauseWrongPassword: -WRONGPASS, or its forerunner -ERR invalid password.
	CauseWrongPassword
	// CauseNoPermission: -NOPERM; our user may not call ROLE.
	CauseNoPermission
	// CauseMasterDown: -MASTERDOWN; a replica that has lost its master and serves no stale data.
	CauseMasterDown
	// CauseRefused: any other error reply (-BUSY, -ERR max number of clients reached, ...).
	CauseRefused
	// CauseMalformed: it answers, but it is not a data node (a Sentinel, or something that is no Redis at all).
	CauseMalformed
	// CauseLocal: no connection for want of a descriptor or a port on our side. It says nothing about the node.
	CauseLocal
)

var causes = [...]string{"none", "unreachable", "loading", "auth required", "wrong password", "no permission", "master down", "refused", "malformed", "no descriptor or port"}

func (c Cause) String() string {
	if int(c) < len(causes) {
		return causes[c]
	}
	return "unknown"
}

// ProbeError is why a node's role is not known. When the node has answered with an error, Err has a
// RedisError method, as go-redis's errors have, and its text is the reply without the "-".
type ProbeError struct {
	Addr  string
	Cause Cause
	Err   error
}

func (e *ProbeError) Error() string { return fmt.Sprintf("ROLE of %s: %v", e.Addr, e.Err) }

// Unwrap gives the network's error, or the server's.
func (e *ProbeError) Unwrap() error { return e.Err }

// replyError is an error reply: the node lives, at least.
type replyError string

func (e replyError) Error() string { return string(e) }

// RedisError marks what a server has said, by go-redis's convention.
func (e replyError) RedisError() {}

// causeOf tells by the first word of an error reply. Redis before 6.0 has no word for a wrong password.
func causeOf(text string) Cause {
	word, _, _ := strings.Cut(text, " ")
	switch {
	case word == "LOADING":
		return CauseLoading
	case word == "NOAUTH":
		return CauseAuthRequired
	case word == "WRONGPASS", text == "ERR invalid password":
		return CauseWrongPassword
	case word == "NOPERM":
		return CauseNoPermission
	case word == "MASTERDOWN":
		return CauseMasterDown
	}
	return CauseRefused
}

// dialError tells what is missing on our side from what is the node's.
func dialError(addr string, err error) *ProbeError {
	for _, ours := range []error{syscall.EMFILE, syscall.ENFILE, syscall.EADDRNOTAVAIL} {
		if errors.Is(err, ours) {
			return &ProbeError{Addr: addr, Cause: CauseLocal, Err: err}
		}
	}
	return &ProbeError{Addr: addr, Cause: CauseUnreachable, Err: err}
}

// readError tells a broken connection from nonsense that came over a working one.
func readError(addr string, err error) *ProbeError {
	var network net.Error
	if errors.As(err, &network) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &ProbeError{Addr: addr, Cause: CauseUnreachable, Err: err}
	}
	return &ProbeError{Addr: addr, Cause: CauseMalformed, Err: err}
}
