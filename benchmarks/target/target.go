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
	// Server is what is behind it.
	Server *servers.Node

	kind *kind
}

// Can says whether the target knows what a case needs.
func (t Target) Can(c load.Case) bool {
	return (c.Protocol != 3 || !t.kind.lacks.has(resp3)) && (!c.Transaction() || !t.kind.lacks.has(transactions))
}

// Usual says whether the case is measured unless the target was asked for by name: variants of a proxy need not the whole
// matrix to be told apart.
func (t Target) Usual(c load.Case) bool { return t.kind.usual == nil || t.kind.usual(c) }

// feature of a server that not every proxy passes on.
type feature uint8

const (
	resp3 feature = 1 << iota
	transactions
)

func (f feature) has(other feature) bool { return f&other != 0 }

// kind says how to come by a target.
type kind struct {
	name    string
	when    when
	program string // what must be found for an optional one
	note    string
	start   func(*Env) (*servers.Process, load.Endpoint, error)
	lacks   feature
	usual   func(load.Case) bool // nil: all cases
	server  func(*Env) *servers.Node
}

type when uint8

const (
	always   when = iota
	full          // not with -quick
	optional      // when its program is found
	acks          // not with -quick, and only when sentinelproxy knows --acknowledge
	asked         // only when named
)

var kinds = []kind{
	{name: "direct", when: always, note: "no proxy", start: direct},
	{name: "direct-unix", when: asked, note: "no proxy, the server's Unix socket", start: directUnix},
	{name: Self, when: always, note: "TCP", start: self},
	{name: "sentinelproxy-unix", when: always, note: "clients connect through a Unix socket; the same process", start: selfUnix},
	{name: SelfB, when: asked, note: "TCP, the other build or other flags", start: selfB},
	{
		name: "sentinelproxy-replicated", when: acks, note: "TCP, a server of its own with a replica", start: selfReplicated,
		usual: writes, server: replicated,
	},
	{
		name: "sentinelproxy-acknowledged", when: acks, note: "the same servers, --acknowledge " + acknowledge, start: selfAcknowledged,
		usual: writes, server: replicated,
	},
	{name: "haproxy", when: always, note: "mode tcp, nbthread 1", start: haproxy},
	{name: "haproxy-unix", when: full, note: "clients connect through a Unix socket; the same process", start: haproxyUnix, usual: load.Case.Base},
	{name: "haproxy-2t", when: full, note: "mode tcp, nbthread 2", start: haproxyTwo, usual: load.Case.Base},
	{name: "twemproxy", when: always, note: "redis: true, preconnect: true, mbuf 16 KiB", start: twemproxy, lacks: resp3 | transactions},
	{name: "predixy", when: optional, program: "predixy", note: "WorkerThreads 1", start: predixy, lacks: resp3},
	{name: "envoy", when: optional, program: "envoy", note: "redis_proxy, concurrency 1", start: envoy, lacks: resp3},
}

// writes are the cases in which waiting for replicas matters.
func writes(c load.Case) bool {
	return c.Base() && c.Command == "SET" || c.Command == "MIXED"
}

// Names of all targets.
func Names() []string {
	var names []string
	for _, k := range kinds {
		names = append(names, k.name)
	}
	return names
}

// Available are the targets that are measured when none are named, but for those of Acknowledging.
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

// Acknowledging are the targets that are measured when sentinelproxy knows --acknowledge and none are named.
func Acknowledging() []string {
	var names []string
	for _, k := range kinds {
		if k.when == acks {
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
	k := &kinds[i]
	proc, at, err := k.start(e)
	if err != nil {
		return Target{}, fmt.Errorf("%s: %w", name, err)
	}
	if err := e.await(at, proc); err != nil {
		return Target{}, fmt.Errorf("%s: %w", name, err)
	}
	t := Target{Name: name, Note: k.note, At: at, Proxy: proc, Server: e.Server, kind: k}
	if k.server != nil {
		t.Server = k.server(e)
	}
	return t, nil
}

func local(port int) load.Endpoint { return load.Endpoint{Host: "127.0.0.1", Port: port} }
