package proxy

import (
	"context"
	"errors"
	"strings"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"sentinelproxy/proxy/failover"
	"sentinelproxy/proxy/migrate"
	"sentinelproxy/proxy/topology"
)

// fences is failover.Fences by package migrate, which is on the same layer, with the proxy's own credentials.
type fences struct{ g *group }

func (f fences) auth() migrate.Credentials {
	return migrate.Credentials{Username: f.g.Username, Password: f.g.Password}
}

// Fence is failover.Fences'.
func (f fences) Fence(ctx context.Context, order failover.Fencing) failover.FenceResult {
	guard := migrate.Guard{Addr: order.Addr, Auth: f.auth(), Candidate: order.Candidate, Adopted: order.Adopted, Tell: order.Tell}
	result := failover.FenceResult{Outcome: failover.FenceConfirmed}
	switch seen := guard.Run(ctx); {
	case seen.Failed != "":
		result = failover.FenceResult{Outcome: failover.FenceFailed, Text: seen.Failed}
	case seen.Lifted:
		result.Outcome = failover.FenceLifted
	case seen.Unseen != "":
		result = failover.FenceResult{Outcome: failover.FenceUnseen, Text: seen.Unseen}
	}
	f.g.events.Fenced(f.g.Name, string(result.Outcome))
	return result
}

// Lift is failover.Fences'.
func (f fences) Lift(ctx context.Context, addr string) error {
	text, err := migrate.Lift(ctx, addr, f.auth())
	return f.lifted(addr, text, err)
}

// Unfence is failover.Fences'.
func (f fences) Unfence(ctx context.Context, addr string) error {
	text, err := migrate.Unfence(ctx, addr, f.auth())
	return f.lifted(addr, text, err)
}

func (f fences) lifted(addr, text string, err error) error {
	reply := redis.Error(nil)
	switch {
	case errors.As(err, &reply) && (topology.AboutCredentials(reply.Error()) || strings.HasPrefix(reply.Error(), "ERR unknown command")):
		// Nor could we have put one on, and that is told. (A command is unknown that was renamed.)
		f.g.log.Debug("not looked for a fence", zap.String("node", addr), zap.Error(err))
	case err != nil:
		f.g.log.Warn("a fence may be left: see sentinelproxy switch --repair", zap.String("node", addr), zap.Error(err))
	case text != "":
		f.g.log.Info("a fence is taken off", zap.String("node", addr), zap.String("setting", text))
	}
	return err
}

// Check is failover.Fences'.
func (f fences) Check(ctx context.Context, addr string) (bool, error) {
	return migrate.Fenced(ctx, addr, f.auth())
}
