// Package report turns samples into medians, ratios, tables and verdicts, and writes them down.
package report

import (
	"math"
	"time"

	"sentinelproxy/benchmarks/load"
	"sentinelproxy/benchmarks/usage"
)

// Sample is one run of one case against one target.
type Sample struct {
	Round  int       `json:"round"` // 1 for the first
	Target string    `json:"target"`
	Case   load.Case `json:"case"`
	// Commands is how many of the case's command the server has executed during the run, by its own count
	// (INFO commandstats): the divisor of everything "per command".
	Commands int64         `json:"commands"`
	Wall     time.Duration `json:"wall_ns"`
	Client   load.Result   `json:"client"`
	Proxy    *usage.Delta  `json:"proxy,omitempty"` // nil: no proxy
	Server   usage.Delta   `json:"server"`
	// Bystanders is the CPU time of all other processes of the benchmark (idle proxies, the Sentinel); Foreign that of
	// everything else on the machine; Steal what the machine itself did not get. All three disturb.
	Bystanders time.Duration `json:"bystanders_ns"`
	Foreign    time.Duration `json:"foreign_ns"`
	Steal      time.Duration `json:"steal_ns"`
}

// Metric is a figure of a sample. Of is NaN where the sample has none, as the CPU time of a proxy that is not there.
type Metric struct {
	Key  string // column of the CSV file
	Head string // heading in tables
	Of   func(Sample) float64
}

// The metrics by name; Metrics lists them in the order of the CSV file's columns.
var (
	Throughput = Metric{"rps", "commands/s", func(s Sample) float64 { return s.Client.RPS }}
	P50        = Metric{"p50_ms", "p50 ms", func(s Sample) float64 { return s.Client.P50 }}
	P95        = Metric{"p95_ms", "p95 ms", func(s Sample) float64 { return s.Client.P95 }}
	P99        = Metric{"p99_ms", "p99 ms", func(s Sample) float64 { return s.Client.P99 }}
	P999       = Metric{"p999_ms", "p99.9 ms", func(s Sample) float64 { return s.Client.P999 }}
	Max        = Metric{"max_ms", "max ms", func(s Sample) float64 { return s.Client.Max }}
	Late       = Metric{"late_ms", "generator late p99 ms", func(s Sample) float64 {
		if s.Case.Rate == 0 {
			return math.NaN()
		}
		return s.Client.Late
	}}
	ProxyCPU  = Metric{"proxy_cpu_us", "proxy CPU µs/command", ofProxy(func(d usage.Delta) float64 { return micros(d.CPU) })}
	ProxyUser = Metric{"proxy_user_us", "user", ofProxy(func(d usage.Delta) float64 { return micros(d.User) })}
	ProxySys  = Metric{"proxy_sys_us", "system", ofProxy(func(d usage.Delta) float64 { return micros(d.System) })}
	Voluntary = Metric{"proxy_voluntary_switches", "voluntary", ofProxy(func(d usage.Delta) float64 { return float64(d.Voluntary) })}
	Forced    = Metric{"proxy_involuntary_switches", "involuntary", ofProxy(func(d usage.Delta) float64 { return float64(d.Involuntary) })}
	ServerCPU = Metric{"server_cpu_us", "server CPU µs/command", perCommand(func(s Sample) float64 { return micros(s.Server.CPU) })}
	ClientCPU = Metric{"client_cpu_us", "client CPU µs/command", perCommand(func(s Sample) float64 { return micros(s.Client.ClientCPU) })}
	ProxyRSS  = Metric{"proxy_rss_bytes", "RSS MiB", func(s Sample) float64 {
		if s.Proxy == nil {
			return math.NaN()
		}
		return float64(s.Proxy.RSS)
	}}
	Foreign = Metric{"foreign_cores", "others' cores", func(s Sample) float64 { return cores(s.Foreign, s.Wall) }}
	Idle    = Metric{"bystander_cores", "bystanders' cores", func(s Sample) float64 { return cores(s.Bystanders, s.Wall) }}
	Steal   = Metric{"steal_cores", "stolen cores", func(s Sample) float64 { return cores(s.Steal, s.Wall) }}

	Metrics = []Metric{
		Throughput, P50, P95, P99, P999, Max, Late, ProxyCPU, ProxyUser, ProxySys, Voluntary, Forced, ServerCPU, ClientCPU, ProxyRSS, Foreign, Idle, Steal,
	}
)

func ofProxy(f func(usage.Delta) float64) func(Sample) float64 {
	return perCommand(func(s Sample) float64 {
		if s.Proxy == nil {
			return math.NaN()
		}
		return f(*s.Proxy)
	})
}

func perCommand(f func(Sample) float64) func(Sample) float64 {
	return func(s Sample) float64 {
		if s.Commands == 0 {
			return math.NaN()
		}
		return f(s) / float64(s.Commands)
	}
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

func cores(d, wall time.Duration) float64 {
	if wall <= 0 {
		return math.NaN()
	}
	return float64(d) / float64(wall)
}
