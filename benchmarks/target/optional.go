package target

import (
	"fmt"
	"os"

	"sentinelproxy/benchmarks/load"
	"sentinelproxy/internal/servers"
)

// predixyConfig has one fixed group of one server; what is not named keeps its default.
func predixyConfig(port int, server string) string {
	return fmt.Sprintf(`Name bench
Bind 127.0.0.1:%d
WorkerThreads 1
ClientTimeout 0
StandaloneServerPool {
    Databases 16
    Hash crc16
    Distribution modula
    RefreshMethod fixed
    Group bench {
        + %s
    }
}
`, port, server)
}

func predixy(e *Env) (*servers.Process, load.Endpoint, error) {
	return e.configured("predixy", predixyConfig, func(file string) []string { return []string{file} })
}

// envoyConfig has the redis_proxy filter in front of a static cluster of one endpoint. Without an admin section and with
// merging of statistics at its default.
func envoyConfig(port int, server string) string {
	host, serverPort := splitAddr(server)
	return fmt.Sprintf(`static_resources:
  listeners:
  - name: redis
    address: {socket_address: {address: 127.0.0.1, port_value: %d}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.redis_proxy
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.redis_proxy.v3.RedisProxy
          stat_prefix: bench
          settings: {op_timeout: 60s}
          prefix_routes: {catch_all_route: {cluster: redis}}
  clusters:
  - name: redis
    type: STATIC
    connect_timeout: 5s
    load_assignment:
      cluster_name: redis
      endpoints:
      - lb_endpoints:
        - endpoint: {address: {socket_address: {address: %s, port_value: %s}}}
`, port, host, serverPort)
}

func envoy(e *Env) (*servers.Process, load.Endpoint, error) {
	return e.configured("envoy", envoyConfig, func(file string) []string {
		return []string{"-c", file, "--concurrency", "1", "--disable-hot-restart", "--log-level", "warning"}
	})
}

// configured starts a program with a configuration file made for a free port.
func (e *Env) configured(
	program string, config func(port int, server string) string, args func(file string) []string,
) (*servers.Process, load.Endpoint, error) {
	port, err := servers.FreePort()
	if err != nil {
		return nil, load.Endpoint{}, err
	}
	file := e.path(program + ".yaml") // Envoy goes by the suffix, predixy by none
	if err := os.WriteFile(file, []byte(config(port, e.Server.Addr())), 0o600); err != nil {
		return nil, load.Endpoint{}, err
	}
	cmd, err := e.pool.Command(servers.CommandOptions{Path: program, Args: args(file), Ports: []int{port}})
	if err != nil {
		return nil, load.Endpoint{}, err
	}
	return cmd.Process, local(port), nil
}
