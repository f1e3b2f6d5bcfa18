package target

import (
	"fmt"

	"sentinelproxy/benchmarks/load"
	"sentinelproxy/internal/servers"
)

// twemproxyConfig is the example of its documentation for one Redis. Its mbuf keeps its default, 16 KiB, and it opens one
// connection to the server, its default as well. No timeout: that would arm a timer per request.
func twemproxyConfig(port int, server string) string {
	return fmt.Sprintf(`bench:
  listen: 127.0.0.1:%d
  redis: true
  preconnect: true
  hash: fnv1a_64
  distribution: ketama
  auto_eject_hosts: false
  servers:
   - %s:1
`, port, server)
}

func twemproxy(e *Env) (*servers.Process, load.Endpoint, error) {
	relay, err := e.pool.Nutcracker(servers.NutcrackerOptions{
		Config: func(port int) string { return twemproxyConfig(port, e.Server.Addr()) },
	})
	if err != nil {
		return nil, load.Endpoint{}, err
	}
	return relay.Process, local(relay.Port), nil
}
