package topology

import (
	"context"
	"fmt"
	"net"
	"time"

	"sentinelproxy/resp"
)

// Prober asks data nodes for their ROLE, each time on a connection of its own: what a node answers to a
// connection that is new is what it will answer to the connections that are made next. An old one may
// lead to another node than a new one would, where a name or a service address has moved.
//
// Safe for use by several goroutines. It keeps nothing between two calls.
type Prober struct {
	// Dial opens a connection (TLS, a test's faults). Set it before the first use.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)

	auth    []byte // the AUTH command; empty without credentials
	timeout time.Duration
}

// NewProber makes one that authenticates as username (may be "") with password (may be "": then it does
// not authenticate). timeout bounds a whole call, dialling included; 0: 1 s.
func NewProber(username, password string, timeout time.Duration) *Prober {
	p := &Prober{Dial: new(net.Dialer).DialContext, timeout: timeout}
	if timeout == 0 {
		p.timeout = time.Second
	}
	switch {
	case password == "":
	case username == "":
		p.auth = resp.AppendCommand(nil, []byte("AUTH"), []byte(password))
	default:
		p.auth = resp.AppendCommand(nil, []byte("AUTH"), []byte(username), []byte(password))
	}
	return p
}

// question: PING tells what ROLE does not. A Redis that loads its data set answers ROLE as if nothing were
// the matter, and everything else with -LOADING.
var question = resp.AppendCommand(resp.AppendCommand(nil, []byte("ROLE")), []byte("PING"))

// Role asks the node at addr ("host:port") for its role. It returns when ctx ends. Every error is a
// *ProbeError.
func (p *Prober) Role(ctx context.Context, addr string) (Role, error) {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	conn, err := p.Dial(ctx, "tcp", addr)
	if err != nil {
		return Role{}, dialError(addr, err)
	}
	defer discard(conn)
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()

	if _, err := conn.Write(append(p.auth[:len(p.auth):len(p.auth)], question...)); err != nil {
		return Role{}, &ProbeError{Addr: addr, Cause: CauseUnreachable, Err: err}
	}
	n := 2
	if len(p.auth) > 0 {
		n++
	}
	replies, err := readReplies(conn, n)
	if err != nil {
		if len(replies) > 0 && replies[0].kind == '-' { // "max number of clients reached", then the end
			return Role{}, refusal(addr, replies[0])
		}
		return Role{}, readError(addr, err)
	}
	return judge(addr, replies)
}

// judge weighs the replies to (AUTH,) ROLE and PING. The one to ROLE decides: where it is answered, a
// refused AUTH does not matter (a node without a password refuses every one). Where it is refused for who
// we are, the refused AUTH says why.
func judge(addr string, replies []value) (Role, error) {
	first, role, ping := replies[0], replies[len(replies)-2], replies[len(replies)-1]
	if role.kind == '-' {
		cause := causeOf(role.text)
		if first.kind == '-' && (cause == CauseAuthRequired || cause == CauseNoPermission) {
			role = first
		}
		return Role{}, refusal(addr, role)
	}
	r, ok := parseRole(role)
	if !ok {
		return Role{}, &ProbeError{Addr: addr, Cause: CauseMalformed, Err: fmt.Errorf("no role: %q", clip(role.text+role.line()))}
	}
	r.Loading = ping.kind == '-' && causeOf(ping.text) == CauseLoading
	return r, nil
}

func refusal(addr string, reply value) *ProbeError {
	return &ProbeError{Addr: addr, Cause: causeOf(reply.text), Err: replyError(reply.text)}
}

// discard closes with a reset. During a hold a node is probed a hundred times a second, and every
// connection closed in good order would keep a port busy for a minute (TIME_WAIT).
func discard(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	conn.Close()
}
