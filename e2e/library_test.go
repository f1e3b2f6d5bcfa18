package e2e

import (
	"context"
	"errors"
	"net"
	"sync/atomic"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// library is a go-redis client with one connection. A second dial means that the first connection was closed or
// found unfit, which must not happen: it is refused, so that it is seen as the error it is.
type library struct {
	client *redis.Client
	dials  atomic.Int32
}

var errDialledAgain = errors.New("go-redis dials a second time: its connection was closed")

func init() { redis.SetLogger(quiet{}) }

// quiet: what go-redis would log is returned as errors too.
type quiet struct{}

func (quiet) Printf(context.Context, string, ...any) {}

func newLibrary(network, addr string, proto int) *library {
	l := &library{}
	l.client = redis.NewClient(&redis.Options{
		Network: network, Addr: addr, Protocol: proto,
		Dialer: func(ctx context.Context, network, addr string) (net.Conn, error) {
			if l.dials.Add(1) > 1 {
				return nil, errDialledAgain
			}
			return (&net.Dialer{}).DialContext(ctx, network, addr)
		},
		PoolSize: 1, MaxRetries: -1, DialerRetries: 1, ReadTimeout: patience, WriteTimeout: patience, PoolTimeout: patience,
		ConnMaxIdleTime: -1, ConnMaxLifetime: -1, DisableIdentity: true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
	return l
}

func (l *library) close() { l.client.Close() }

func (l *library) do(batch [][]string) ([]any, error) {
	pipe := l.client.Pipeline()
	var commands []*redis.Cmd
	for _, args := range batch {
		list := make([]any, len(args))
		for i, a := range args {
			list[i] = a
		}
		commands = append(commands, pipe.Do(context.Background(), list...))
	}
	_, _ = pipe.Exec(context.Background()) // each command has its own error
	values := make([]any, 0, len(batch))
	for _, c := range commands {
		v, err := c.Result()
		var reply redis.Error
		switch {
		case err == nil:
			values = append(values, v)
		case errors.Is(err, redis.Nil):
			values = append(values, nil)
		case errors.As(err, &reply):
			values = append(values, replyError(err.Error()))
		default:
			return values, err
		}
	}
	return values, nil
}
