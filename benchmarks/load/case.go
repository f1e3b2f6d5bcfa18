// Package load makes the load of a measurement: what a case is, and the generators that can produce it.
package load

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Case is one cell of the matrix: everything about the load that is the same for all targets.
type Case struct {
	Command string `json:"command"` // upper case: GET or SET
	Size    int    `json:"size"`    // bytes of a value
	Conns   int    `json:"conns"`
	Depth   int    `json:"depth"` // commands a connection sends before it reads their replies
}

// String is the case's heading in tables, like "GET, 64 B, 50 connections, -P 16".
func (c Case) String() string {
	return fmt.Sprintf("%s, %d B, %d connections, -P %d", c.Command, c.Size, c.Conns, c.Depth)
}

// Endpoint is where clients connect: a TCP address or, when Socket is set, a Unix socket.
type Endpoint struct {
	Host   string
	Port   int
	Socket string
}

// Network and address as net.Dial takes them.
func (e Endpoint) Network() (network, address string) {
	if e.Socket != "" {
		return "unix", e.Socket
	}
	return "tcp", fmt.Sprintf("%s:%d", e.Host, e.Port)
}

// Result is what the clients saw of one run.
type Result struct {
	Asked int     // commands the generator was told to send
	RPS   float64 // commands per second
	// Milliseconds, as seen by the client.
	P50, P95, P99, Max float64
	ClientCPU          time.Duration // CPU time of the generator itself
}

// Generator sends n commands of a case to an endpoint and returns when all are answered. A closed loop like
// redis-benchmark and an open loop at a fixed rate are both of this shape.
type Generator interface {
	Run(ctx context.Context, at Endpoint, c Case, n int) (Result, error)
}

// Matrix is the product of the lists, commands innermost so that SET and GET of one setting stand together.
func Matrix(commands []string, sizes, conns, depths []int) []Case {
	var cases []Case
	for _, size := range sizes {
		for _, n := range conns {
			for _, depth := range depths {
				for _, command := range commands {
					cases = append(cases, Case{Command: strings.ToUpper(command), Size: size, Conns: n, Depth: depth})
				}
			}
		}
	}
	return cases
}

// Commands is how many commands fill the time at a rate seen before, in whole turns: redis-benchmark sends whole
// pipelines only, so any other number would be exceeded by up to a pipeline.
func Commands(c Case, rps float64, d time.Duration) int {
	turn := c.Conns * c.Depth
	turns := int(rps*d.Seconds()) / turn
	return max(turns, 1) * turn
}
