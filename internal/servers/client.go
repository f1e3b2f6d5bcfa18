package servers

import (
	"context"
	"net"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// endpoint is a listening server that speaks RESP, and who we are there.
type endpoint struct {
	Port     int
	host     string // "": 127.0.0.1
	username string
	password string
}

// Addr is "127.0.0.1:port", or has the host that was asked for. Sentinel must be told the very same host, or it re-points replicas.
func (e *endpoint) Addr() string {
	return net.JoinHostPort(orDefault(e.host, localhost), strconv.Itoa(e.Port))
}

const localhost = "127.0.0.1"

// bind are the lines of a configuration for an address. Redis and Sentinel connect from there too, so that a packet filter can tell
// one from another.
func bind(host string) []string {
	if host == "" {
		return []string{"bind " + localhost}
	}
	return []string{"bind " + host, "bind-source-addr " + host, "protected-mode no"}
}

// Client makes a plain client, authenticated, with one connection, which neither retries nor sends
// anything of its own accord. The caller closes it.
func (e *endpoint) Client() *redis.Client { return redis.NewClient(e.options()) }

func (e *endpoint) options() *redis.Options {
	return &redis.Options{
		Addr:                     e.Addr(),
		Username:                 e.username,
		Password:                 e.password,
		Protocol:                 2,
		PoolSize:                 1,
		MaxRetries:               -1,
		DialerRetries:            1,
		DialTimeout:              2 * time.Second,
		ReadTimeout:              5 * time.Second,
		DisableIdentity:          true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
}

// Do sends one command on a new connection and returns the reply as go-redis gives it.
func (e *endpoint) Do(ctx context.Context, args ...any) (any, error) {
	c := e.Client()
	defer c.Close()
	return c.Do(ctx, args...).Result()
}

// ping is content as soon as the server answers PONG: a server that loads its data set does not yet.
// A plain dial comes first, because go-redis logs every connection it can't make.
func (e *endpoint) ping(ctx context.Context) error {
	if err := e.accepts(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	_, err := e.Do(ctx, "PING")
	return err
}

// accepts is content as soon as somebody listens, for servers that do not speak RESP by themselves.
func (e *endpoint) accepts(ctx context.Context) error {
	d := net.Dialer{Timeout: time.Second}
	conn, err := d.DialContext(ctx, "tcp", e.Addr())
	if err != nil {
		return err
	}
	return conn.Close()
}

// quick bounds one question to a server that may hang.
func quick() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), 5*time.Second)
}
