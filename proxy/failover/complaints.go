package failover

import (
	"errors"

	"go.uber.org/zap"

	"sentinelproxy/proxy/topology"
)

// complaints are answers that only somebody who changes a configuration can mend: they belong into the log, and once,
// though they come again with every probe and poll. Apart from the machine, which forgets what it asked with every
// change of state. Owned by the driver's Run.
type complaints struct {
	log    *zap.Logger
	group  string
	denied map[string]string // node to the reply that was complained about
	knows  map[string]bool   // Sentinel to whether it knew the group when last heard of it
}

// maxDenied bounds what Sentinels that invent nodes can make us remember; beyond it all are complained about anew.
const maxDenied = 64

func newComplaints(group string, log *zap.Logger) *complaints {
	return &complaints{log: log, group: group, denied: map[string]string{}, knows: map[string]bool{}}
}

func (c *complaints) hear(in Input) {
	switch in := in.(type) {
	case Probed:
		c.probed(in)
	case SentinelSaid:
		c.said(in.Event)
	}
}

func (c *complaints) probed(in Probed) {
	switch classify(in) {
	case outcomeFailed: // it was not there to be asked: what it said before stands
	case outcomeDenied:
		reply := replyOf(in.Err)
		if c.denied[in.Addr] == reply {
			return
		}
		if len(c.denied) >= maxDenied {
			clear(c.denied)
		}
		c.denied[in.Addr] = reply
		c.log.Warn("ROLE of " + in.Addr + " refused: " + reply + " (see --username, --password-file)")
	default:
		delete(c.denied, in.Addr)
	}
}

func (c *complaints) said(e topology.Event) {
	switch e.Kind {
	case topology.SentinelGone:
		delete(c.knows, e.Sentinel)
	case topology.Opinion:
		c.knows[e.Sentinel] = true
	case topology.NoOpinion:
		if knew, heard := c.knows[e.Sentinel]; knew || !heard {
			c.log.Warn("this Sentinel does not know the master (see --master)",
				zap.String("sentinel", e.Sentinel), zap.String("master_name", c.group), zap.String("answer", e.Text))
		}
		c.knows[e.Sentinel] = false
	}
}

// replyOf is what the server has said, without what the proxy put around it.
func replyOf(err error) string {
	reply := redisError(nil)
	if errors.As(err, &reply) {
		return reply.Error()
	}
	return err.Error()
}
