// Package target starts what is measured: the server, and the proxies in front of it, each configured as it usually is.
package target

import (
	"fmt"
	"slices"

	"sentinelproxy/benchmarks/load"
	"sentinelproxy/internal/servers"
)

// The rows whose names matter outside of this package.
const (
	Self  = "sentinelproxy"
	SelfB = "sentinelproxy-b"
)

// Target is one row of the tables: a way for clients to the server.
type Target struct {
	Name  string
	Note  string // how it is configured, in a few words
	At    load.Endpoint
	Proxy *servers.Process // nil: none, clients talk to the server
}

// kind says how to come by a target.
type kind struct {
	name    string
	when    when
	program string // what must be found for an optional one
	note    string
	start   func(*Env) (*servers.Process, load.Endpoint, error)
}

type when uint8

const (
	always   when = iota
	full          // not with -quick
	optional      // when its program is found
	asked         // only when named
)

var kinds = []kind{
	{name: "direct", when: always, note: "no proxy", start: direct},
	{name: "direct-unix", when: asked, note: "no proxy, the server's Unix socket", start: directUnix},
	{name: Self, when: always, note: "TCP", start: self},
	{name: "sentinelproxy-unix", when: always, note: "clients connect through a Unix socket; the same process", start: selfUnix},
	{name: SelfB, when: asked, note: "TCP, the other build or other flags", start: selfB},
	{name: "haproxy", when: always, note: "mode tcp, nbthread 1", start: haproxy},
	{name: "haproxy-unix", when: full, note: "clients connect through a Unix socket; the same process", start: haproxyUnix},
	{name: "haproxy-2t", when: full, note: "mode tcp, nbthread 2", start: haproxyTwo},
	{name: "twemproxy", when: always, note: "redis: true, preconnect: true, mbuf 16 KiB", start: twemproxy},
	{name: "predixy", when: optional, program: "predixy", note: "WorkerThreads 1", start: predixy},
	{name: "envoy", when: optional, program: "envoy", note: "redis_proxy, concurrency 1", start: envoy},
}

// Names of all targets.
func Names() []string {
	var names []string
	for _, k := range kinds {
		names = append(names, k.name)
	}
	return names
}

// Available are the targets that are measured when none are named.
func Available(quick bool) []string {
	var names []string
	for _, k := range kinds {
		_, err := servers.Find(k.program)
		if k.when == always || k.when == full && !quick || k.when == optional && err == nil {
			names = append(names, k.name)
		}
	}
	return names
}

// Start brings up one target and waits until a command gets through it.
func (e *Env) Start(name string) (Target, error) {
	i := slices.IndexFunc(kinds, func(k kind) bool { return k.name == name })
	if i < 0 {
		return Target{}, fmt.Errorf("no target %q", name)
	}
	k := kinds[i]
	proc, at, err := k.start(e)
	if err != nil {
		return Target{}, fmt.Errorf("%s: %w", name, err)
	}
	if err := e.await(at); err != nil {
		return Target{}, fmt.Errorf("%s: %w%s", name, err, tail(proc))
	}
	return Target{Name: name, Note: k.note, At: at, Proxy: proc}, nil
}

// tail is the end of a process's log for a message, or nothing.
func tail(proc *servers.Process) string {
	if proc == nil {
		return ""
	}
	log := proc.Log()
	const enough = 2000
	return "; its log ends:\n" + log[max(0, len(log)-enough):]
}

func local(port int) load.Endpoint { return load.Endpoint{Host: "127.0.0.1", Port: port} }
