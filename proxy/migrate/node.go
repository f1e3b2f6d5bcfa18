package migrate

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// Credentials of a kind of server; both may be empty.
type Credentials struct{ Username, Password string }

// callTimeout bounds one question to a server.
const callTimeout = 2 * time.Second

// connect makes a client that asks once and does not try again by itself. As many failed dials as PoolSize make go-redis dial on in the background,
// so that is out of reach.
func connect(addr string, c Credentials) *redis.Client {
	return redis.NewClient(&redis.Options{
		Addr: addr, Username: c.Username, Password: c.Password, Protocol: 2, DisableIdentity: true, MaxRetries: -1, DialerRetries: 1, PoolSize: 16,
		DialTimeout: callTimeout, ReadTimeout: callTimeout, WriteTimeout: callTimeout,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
}

// asker is a client, or one connection of a client.
type asker interface {
	Do(ctx context.Context, args ...any) *redis.Cmd
	ConfigGet(ctx context.Context, name string) *redis.MapStringStringCmd
	ConfigSet(ctx context.Context, name, value string) *redis.StatusCmd
}

// node is a data node.
type node struct {
	addr   string
	pool   *redis.Client
	client asker // the pool, or one connection of it
	close  func()
}

func newNode(addr string, c Credentials) *node {
	client := connect(addr, c)
	return &node{addr, client, client, func() { _ = client.Close() }}
}

// oneConnection is a node that is asked over one connection, so that all answers are of the same process; when it breaks,
// nothing is answered any more.
func oneConnection(addr string, c Credentials) *node {
	client := connect(addr, c)
	conn := client.Conn()
	return &node{addr, client, conn, func() { _, _ = conn.Close(), client.Close() }}
}

func (n *node) do(ctx context.Context, args ...any) error {
	if err := n.client.Do(ctx, args...).Err(); err != nil {
		return fmt.Errorf("%s: %v: %w", n.addr, args[0], err)
	}
	return nil
}

// info is the fields of INFO replication and server.
func (n *node) info(ctx context.Context) (map[string]string, error) {
	return n.sections(ctx, "replication", "server")
}

func (n *node) sections(ctx context.Context, names ...string) (map[string]string, error) {
	fields := map[string]string{}
	for _, section := range names {
		text, err := n.client.Do(ctx, "INFO", section).Text()
		if err != nil {
			return nil, fmt.Errorf("%s: INFO %s: %w", n.addr, section, err)
		}
		for line := range strings.Lines(text) {
			if key, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
				fields[key] = value
			}
		}
	}
	return fields, nil
}

// role is "master" or "slave", as Redis has it.
func (n *node) role(ctx context.Context) (string, error) {
	reply, err := n.client.Do(ctx, "ROLE").Slice()
	if err != nil {
		return "", fmt.Errorf("%s: ROLE: %w", n.addr, err)
	}
	if len(reply) == 0 {
		return "", fmt.Errorf("%s: ROLE: the answer is empty", n.addr)
	}
	role := fmt.Sprint(reply[0])
	if role == "replica" { // Dragonfly
		role = "slave"
	}
	return role, nil
}

// number reads a numeric setting; ok is false where the server has none of that name.
func (n *node) number(ctx context.Context, names ...string) (name string, value int, ok bool, err error) {
	for _, name := range names {
		reply, err := n.client.ConfigGet(ctx, name).Result()
		if err != nil {
			return "", 0, false, fmt.Errorf("%s: CONFIG GET %s: %w", n.addr, name, err)
		}
		for key, text := range reply {
			value, err := strconv.Atoi(text)
			if err != nil {
				return "", 0, false, fmt.Errorf("%s: CONFIG GET %s answers %q", n.addr, name, text)
			}
			return key, value, true, nil
		}
	}
	return "", 0, false, nil
}

// may says which of these commands its user may not give; nil: none. None is executed: in a transaction that is discarded they
// are only looked at. Where the user may not even do that it can't be told, which is no error.
func (n *node) may(ctx context.Context, commands ...[]any) error {
	conn := n.pool.Conn()
	defer conn.Close()
	if err := conn.Do(ctx, "MULTI").Err(); err != nil {
		if redis.HasErrorPrefix(err, "NOPERM") {
			return nil
		}
		return fmt.Errorf("%s: MULTI: %w", n.addr, err)
	}
	var errs []error
	for _, c := range commands {
		if err := conn.Do(ctx, c...).Err(); redis.HasErrorPrefix(err, "NOPERM") {
			errs = append(errs, fmt.Errorf("%s: %w", n.addr, err))
		}
	}
	_ = conn.Do(ctx, "DISCARD").Err() // the connection is closed in any case
	return errors.Join(errs...)
}

func (n *node) set(ctx context.Context, name string, value int) error {
	if err := n.client.ConfigSet(ctx, name, strconv.Itoa(value)).Err(); err != nil {
		return fmt.Errorf("%s: CONFIG SET %s %d: %w", n.addr, name, value, err)
	}
	return nil
}
