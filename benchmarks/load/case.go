// Package load makes the load of a measurement: what a case is, and the generators that can produce it.
package load

import (
	"context"
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Case is one cell of the matrix: everything about the load that is the same for all targets.
type Case struct {
	Command string `json:"command"` // one of Commands
	Size    int    `json:"size"`    // bytes of a value
	Conns   int    `json:"conns"`
	Depth   int    `json:"depth"` // commands a connection sends before it reads their replies
	// Protocol is 3 for RESP3; 0 is RESP2, which needs no word.
	Protocol int `json:"protocol,omitempty"`
	// Rate is how many commands per second all connections together are to send, whether or not the replies come; 0 is a
	// closed loop, in which each connection waits for its replies.
	Rate int `json:"rate,omitempty"`
}

// String is the case's heading in tables, like "GET, 64 B, 50 connections, -P 16".
func (c Case) String() string {
	s := fmt.Sprintf("%s, %s, %d connections, -P %d", c.Command, bytesOf(c.Size), c.Conns, c.Depth)
	if c.Protocol == 3 {
		s += ", RESP3"
	}
	if c.Rate > 0 {
		s += fmt.Sprintf(", fixed %d/s", c.Rate)
	}
	return s
}

func bytesOf(n int) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<10 && n%(1<<10) == 0:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d B", n)
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
	Asked  int     // commands the generator was told to send
	RPS    float64 // commands per second
	Errors int     // replies that were errors
	// FirstError is the text of the first of them.
	FirstError string
	// Milliseconds, as seen by the client: from the sending or, at a fixed rate, from when it was due.
	P50, P95, P99, P999, Max float64
	// Late is how late the generator itself was with 99 of 100 commands of a fixed rate, in milliseconds: when it sent them
	// on a connection that was free. It is part of the latencies.
	Late      float64
	ClientCPU time.Duration           // CPU time of the generator itself
	Latencies *hdrhistogram.Histogram `json:"-"` // nanoseconds; nil when the generator tells only the figures above
}

// Generator sends n commands of a case to an endpoint and returns when all are answered. A closed loop like
// redis-benchmark and an open loop at a fixed rate are both of this shape.
type Generator interface {
	Run(ctx context.Context, at Endpoint, c Case, n int) (Result, error)
}

// Count is how many commands fill the time at a rate seen before, in whole turns: redis-benchmark sends whole
// pipelines only, so any other number would be exceeded by up to a pipeline. A fixed rate is what it is. What is pushed onto a
// list stays there, so no more is pushed than a machine can hold.
func Count(c Case, rps float64, d time.Duration) int {
	if c.Rate > 0 {
		return max(1, int(float64(c.Rate)*d.Seconds()))
	}
	n := rps * d.Seconds()
	if c.Command == "LPUSH" {
		const room = 1 << 30
		n = min(n, room/float64(c.Size))
	}
	turn := c.Conns * c.Depth
	return max(int(n)/turn, 1) * turn
}

// Transaction says whether the command is one of MULTI and EXEC.
func (c Case) Transaction() bool { return c.Command == "MULTI" || c.Command == "WATCH" }

// Payload is the bytes of the values that a command of the case carries, one way or the other.
func (c Case) Payload() int {
	switch c.Command {
	case "MSET10":
		return 10 * c.Size
	case "LRANGE100":
		return RangedSize * c.Size
	}
	return c.Size
}
