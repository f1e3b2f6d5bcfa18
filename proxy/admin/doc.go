// Package admin is the proxy's HTTP side for people, orchestrators and Prometheus: health, metrics,
// status, reports of switches. It asks a Source when it is asked itself and keeps nothing but the
// counters of control-plane events (Metrics).
//
// It stands beside package failover, so it has structs of its own; package proxy converts.
package admin
