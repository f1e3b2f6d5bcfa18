package topology

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// silence drops what go-redis writes to stderr in a format of its own. Whatever it has to say comes to us
// as an error too, and becomes an event. In init, because its logger is a global variable that any client
// already running reads.
type silence struct{}

func (silence) Printf(context.Context, string, ...any) {}

func init() { redis.SetLogger(silence{}) }
