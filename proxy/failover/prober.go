package failover

import (
	"context"
	"errors"
	"strings"

	"sentinelproxy/proxy/topology"
)

// Role is a node's answer to ROLE.
type Role = topology.Role

// Prober asks ROLE of one address on a fresh connection. It must return when ctx ends: the driver waits for it.
// An error that is a reply of the server (it has a RedisError method, as those of go-redis have) is told from one
// of the network: it proves a living node, though not its role.
type Prober interface {
	Role(ctx context.Context, addr string) (Role, error)
}

// outcome is what a probe's result comes down to.
type outcome uint8

const (
	outcomeNone    outcome = iota
	outcomeMaster          // ROLE master, not loading
	outcomeReplica         // ROLE slave
	outcomeLoading         // it answers that it is loading
	outcomeUnclear         // it answers with an error (BUSY, too many clients), is something else than a data node, or can't be asked for want of a descriptor
	outcomeDenied          // it does not let the proxy in, or not ask (NOAUTH, WRONGPASS, NOPERM): that lasts until a configuration is changed
	outcomeFailed          // no answer
)

var outcomes = [...]string{"none", "master", "replica", "loading", "unclear", "denied", "failed"}

func (o outcome) String() string { return word(outcomes[:], int(o)) }

// redisError is what a server has answered. Told by the method and not by go-redis's type: this package decides and does
// not talk to servers.
type redisError interface {
	error
	RedisError()
}

func classify(p Probed) outcome {
	if p.Err != nil {
		reply, probe := redisError(nil), (*topology.ProbeError)(nil)
		switch {
		case errors.As(p.Err, &probe) && probe.Cause == topology.CauseLocal:
			return outcomeUnclear
		case !errors.As(p.Err, &reply):
			return outcomeFailed
		case strings.HasPrefix(reply.Error(), "LOADING"):
			return outcomeLoading
		case topology.AboutCredentials(reply.Error()):
			return outcomeDenied
		}
		return outcomeUnclear
	}
	switch {
	case p.Role.Loading:
		return outcomeLoading
	case p.Role.Master:
		return outcomeMaster
	case p.Role.Replica:
		return outcomeReplica
	}
	return outcomeUnclear
}
