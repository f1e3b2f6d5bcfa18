package target

import (
	"errors"
	"os"
	"path/filepath"
	"time"

	"sentinelproxy/benchmarks/load"
	"sentinelproxy/internal/servers"
)

// Env is what all targets have in common: one server, one Sentinel that watches it, and a folder for sockets and builds.
type Env struct {
	Server *servers.Node

	pool     *servers.Pool
	dir      string
	sentinel *servers.Sentinel
	// sentinels are all, when AddSentinels was called: sentinel is the first.
	sentinels []*servers.Sentinel
	a, b      Build
	// The servers of those that wait for replicas; nil until one is started.
	replicated *servers.Cluster
	// Processes that serve two targets, one through TCP and one through a Unix socket.
	self, haproxy shared
}

// shared is a proxy that listens twice.
type shared struct {
	proc   *servers.Process
	port   int
	socket string
}

// MasterName is what the Sentinel calls the server.
const MasterName = "bench"

// NewEnv starts the server. Close ends it and everything that was started since.
func NewEnv(a, b Build) (*Env, error) {
	dir, err := os.MkdirTemp("", "sentinelproxy-bench-")
	if err != nil {
		return nil, err
	}
	e := &Env{dir: dir, a: a, b: b}
	if e.pool, err = servers.New(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	e.Server, err = e.pool.Redis(servers.RedisOptions{Config: []string{
		"unixsocket " + e.path("redis.sock"),
		"unixsocketperm 700",
	}})
	if err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

// Close ends all processes and removes their files.
func (e *Env) Close() error {
	return errors.Join(e.pool.Close(), os.RemoveAll(e.dir))
}

// Processes are all that have been started, the server's included.
func (e *Env) Processes() []*servers.Process { return e.pool.Processes() }

func (e *Env) path(name string) string { return filepath.Join(e.dir, name) }

// watched returns the Sentinel, which is started with the first target that needs one. With down-after at a
// minute it can't take a server that got no CPU for a while for dead.
func (e *Env) watched() (*servers.Sentinel, error) {
	if e.sentinel != nil {
		return e.sentinel, nil
	}
	s, err := e.pool.Sentinel(e.watching(MasterName))
	e.sentinel = s
	return s, err
}

func (e *Env) watching(name string) servers.SentinelOptions {
	return servers.SentinelOptions{Master: name, MasterAddr: e.Server.Addr(), DownAfter: time.Minute, FailoverTimeout: 3 * time.Minute}
}

func direct(e *Env) (*servers.Process, load.Endpoint, error) {
	return nil, local(e.Server.Port), nil
}

func directUnix(e *Env) (*servers.Process, load.Endpoint, error) {
	return nil, load.Endpoint{Socket: e.path("redis.sock")}, nil
}
