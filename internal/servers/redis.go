package servers

import (
	"fmt"
	"strings"
)

// Engine says which program a Node is.
type Engine string

// The engines.
const (
	Redis     Engine = "redis"
	Dragonfly Engine = "dragonfly"
	Double    Engine = "double" // of Dragonfly
)

// RedisOptions of a redis-server. The zero value is an empty master on a free port, without persistence.
type RedisOptions struct {
	Port      int      // 0: a free one
	Host      string   // of its own, an address of this machine; "": 127.0.0.1
	ReplicaOf string   // host:port of its master
	Password  string   // requirepass and masterauth
	Config    []string // further lines of redis.conf, which CONFIG REWRITE may change
	Args      []string // further arguments, which hold again at every restart
}

// Node is a running data node.
type Node struct {
	*Process
	endpoint
	engine Engine
}

// Kind says which engine really runs: a double may stand in for Dragonfly.
func (n *Node) Kind() Engine { return n.engine }

// Redis starts a redis-server and waits until it answers PING. A replica may not be in sync yet: see
// Node.WaitSynced.
//
// It has a configuration file, so that the CONFIG REWRITE of a promotion or demotion is kept over a
// Restart, as it is in production.
func (p *Pool) Redis(o RedisOptions) (*Node, error) {
	path, err := Find("redis-server")
	if err != nil {
		return nil, err
	}
	var node *Node
	err = onPort(o.Port, func(port int) error {
		proc, err := newProcess(p.root, fmt.Sprintf("redis %d", port), path)
		if err != nil {
			return err
		}
		if err := p.writeConfig(proc, "redis.conf", o.file(port, proc.dir)); err != nil {
			return err
		}
		proc.args = append([]string{proc.config}, o.Args...)
		node = &Node{Process: proc, endpoint: endpoint{Port: port, host: o.Host, password: o.Password}, engine: Redis}
		return p.start(proc, port, node.ping)
	})
	if err != nil {
		return nil, err
	}
	return node, nil
}

// file is redis.conf. Full syncs begin at once (Redis would wait 5 s for more replicas to come).
func (o RedisOptions) file(port int, dir string) string {
	lines := []string{
		fmt.Sprintf("port %d", port),
		fmt.Sprintf("dir %q", dir),
		`save ""`,
		"appendonly no",
		"repl-diskless-sync yes",
		"repl-diskless-sync-delay 0",
	}
	lines = append(lines, bind(o.Host)...)
	if o.Password != "" {
		lines = append(lines, fmt.Sprintf("requirepass %q", o.Password), fmt.Sprintf("masterauth %q", o.Password))
	}
	if o.ReplicaOf != "" {
		lines = append(lines, "replicaof "+hostAndPort(o.ReplicaOf))
	}
	return strings.Join(append(lines, o.Config...), "\n") + "\n"
}

// Restart runs an ended node once more on its port, with the configuration it last wrote.
func (n *Node) Restart() error { return n.restart(n.Port, n.ping) }

// hostAndPort makes "host port" of "host:port", as configuration files and commands have it.
func hostAndPort(addr string) string {
	at := strings.LastIndexByte(addr, ':')
	if at < 0 {
		return addr
	}
	return strings.Trim(addr[:at], "[]") + " " + addr[at+1:]
}
