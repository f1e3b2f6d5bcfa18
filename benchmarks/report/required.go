package report

import (
	"sentinelproxy/benchmarks/load"
)

// The rows that requirements speak of, and the one that tables give ratios to.
const (
	subject   = "sentinelproxy"
	unix      = "sentinelproxy-unix"
	direct    = "direct"
	twemproxy = "twemproxy"
	reference = "haproxy"
)

// Required is what this project has promised.
func Required() []Requirement {
	get := func(depth int) []load.Case { // 500 connections are to be no worse than 50
		return load.Matrix([]string{"GET"}, []int{64}, []int{50, 500}, []int{depth}, []int{2}, []int{0})
	}
	small := func(command string, depths ...int) []load.Case {
		return load.Matrix([]string{command}, []int{64}, []int{50}, depths, []int{2}, []int{0})
	}
	large := load.Matrix([]string{"SET", "GET"}, []int{4 << 20}, []int{50}, []int{1}, []int{2}, []int{0})
	paced := load.Matrix([]string{"GET"}, []int{64}, []int{50}, []int{1}, []int{2}, []int{load.FixedRate})
	cpu := func(rival string, limit float64, cases []load.Case) Requirement {
		return Requirement{Metric: ProxyCPU, What: "proxy CPU per command", Subject: subject, Rival: rival, Limit: limit, Cases: cases}
	}
	throughput := func(rival string, limit float64, cases []load.Case) Requirement {
		return Requirement{Metric: Throughput, What: "throughput", Subject: subject, Rival: rival, Limit: limit, AtLeast: true, Cases: cases}
	}
	below := cpu(twemproxy, 1, small("SET", 1, 16))
	below.Below = true
	socket := cpu(subject, 0.65, small("GET", 1, 16))
	socket.Subject = unix
	return []Requirement{
		cpu(reference, 0.60, get(1)), cpu(reference, 0.75, get(16)), cpu(reference, 0.80, small("SET", 1, 16)),
		cpu(twemproxy, 0.75, get(1)), cpu(twemproxy, 0.30, get(16)), below,
		throughput(reference, 1.25, get(1)), throughput(reference, 1.15, get(16)),
		throughput(twemproxy, 1, get(1)), throughput(direct, 0.90, get(16)),
		throughput(reference, 0.80, large),
		{Metric: P99, What: "p99 at a fixed rate", Subject: subject, Rival: reference, Limit: 1.30, Cases: paced},
		throughput(direct, 0.50, small("MULTI", 1)), throughput(direct, 0.50, small("WATCH", 1)),
		socket,
	}
}

// Facts are figures that do not depend on the neighbours. A negative one was not measured.
type Facts struct {
	IdleBytes float64 `json:"idle_bytes"` // of resident memory for each idle connection
	IdleConns int     `json:"idle_conns"` // of which it is the mean
	Served    int     `json:"served"`     // connections that all got their replies at the same time
	Room      int     `json:"room"`       // connections that the limit of descriptors leaves room for
}

// NoFacts is when none were measured.
func NoFacts() Facts { return Facts{IdleBytes: -1, Served: -1} }

// Verdicts of the facts.
func (f Facts) Verdicts() []Verdict {
	const mostBytes, leastServed = 2048, 20_000
	idle := Verdict{What: "memory of an idle connection", Bound: "at most 2,048 B", State: NotMeasured}
	served := Verdict{What: "connections served", Bound: "at least 20,000", State: NotMeasured}
	if f.IdleBytes >= 0 {
		idle.Case = whole(float64(f.IdleConns)) + " connections, each has been used once"
		idle.Measured, idle.State = whole(f.IdleBytes)+" B", state(f.IdleBytes <= mostBytes)
	}
	if f.Served >= 0 {
		served.Case = "GET, 64 B, all at once"
		served.Measured, served.State = whole(float64(f.Served)), state(f.Served >= leastServed)
		if f.Served == f.Room && f.Room < leastServed {
			served.Measured += "; the machine's limit of descriptors allows no more"
			served.State = NotMeasured
		}
	}
	return []Verdict{idle, served}
}
