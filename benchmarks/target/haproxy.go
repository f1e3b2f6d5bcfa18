package target

import (
	"fmt"

	"sentinelproxy/benchmarks/load"
	"sentinelproxy/internal/servers"
)

// haproxyConfig is the usual way to put HAProxy before a Redis, without what would cost it CPU time: no log, no health
// check. Everything else is its default, maxconn too, which it derives from the limit of descriptors.
func haproxyConfig(threads, port int, socket, server string) string {
	unix := ""
	if socket != "" {
		unix = "\n\tbind unix@" + socket
	}
	return fmt.Sprintf(`global
	nbthread %d
defaults
	mode tcp
	timeout connect 5s
	timeout client 1h
	timeout server 1h
listen redis
	bind 127.0.0.1:%d%s
	server master %s
`, threads, port, unix, server)
}

func (e *Env) startHAProxy(threads int, socket string) (*servers.Relay, error) {
	return e.pool.HAProxy(servers.HAProxyOptions{
		Config: func(port int) string { return haproxyConfig(threads, port, socket, e.Server.Addr()) },
	})
}

func (e *Env) sharedHAProxy() error {
	if e.haproxy.proc != nil {
		return nil
	}
	socket := e.path("haproxy.sock")
	relay, err := e.startHAProxy(1, socket)
	if err != nil {
		return err
	}
	e.haproxy = shared{proc: relay.Process, port: relay.Port, socket: socket}
	return nil
}

func haproxy(e *Env) (*servers.Process, load.Endpoint, error) {
	err := e.sharedHAProxy()
	return e.haproxy.proc, local(e.haproxy.port), err
}

func haproxyUnix(e *Env) (*servers.Process, load.Endpoint, error) {
	err := e.sharedHAProxy()
	return e.haproxy.proc, load.Endpoint{Socket: e.haproxy.socket}, err
}

func haproxyTwo(e *Env) (*servers.Process, load.Endpoint, error) {
	relay, err := e.startHAProxy(2, "")
	if err != nil {
		return nil, load.Endpoint{}, err
	}
	return relay.Process, local(relay.Port), nil
}
