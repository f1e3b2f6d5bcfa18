package proxy

import (
	"context"
	"errors"
	"time"

	"sentinelproxy/proxy/failover"
	"sentinelproxy/proxy/topology"
)

// probeTimeout bounds one ROLE probe.
const probeTimeout = time.Second

// prober asks ROLE for the driver, which is on the same layer as nothing that can.
type prober struct {
	*topology.Prober
	count func(result string)
}

// Role is failover.Prober's.
func (p *prober) Role(ctx context.Context, addr string) (failover.Role, error) {
	r, err := p.Prober.Role(ctx, addr)
	var failed *topology.ProbeError
	switch {
	case errors.As(err, &failed) && topology.AboutCredentials(failed.Err.Error()):
		p.count(probeDenied)
	case err != nil:
		p.count(probeError)
	case r.Loading:
		p.count(probeLoading)
	case r.Master:
		p.count(probeMaster)
	case r.Replica:
		p.count(probeReplica)
	default:
		p.count(probeOther)
	}
	return r, err
}

// The results of probes, as the label of their counter.
const (
	probeMaster  = "master"
	probeReplica = "replica"
	probeLoading = "loading"
	probeOther   = "other"
	probeDenied  = "denied"
	probeError   = "error"
)
