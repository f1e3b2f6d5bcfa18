package load

import (
	"testing"
	"time"
)

func TestCountIsWholeTurns(t *testing.T) {
	c := Case{Command: "GET", Size: 64, Conns: 50, Depth: 16}
	for _, test := range []struct {
		rps  float64
		d    time.Duration
		want int
	}{
		{100_000, time.Second, 100_000},
		{100_001, 3 * time.Second, 300_000},
		{799, time.Second, 800}, // at least one turn
		{0, time.Second, 800},
		{1700, time.Second, 1600},
	} {
		if got := Count(c, test.rps, test.d); got != test.want {
			t.Errorf("%v/s for %v: %d, want %d", test.rps, test.d, got, test.want)
		}
	}
}

func TestCountOfFixedRatesAndLists(t *testing.T) {
	c := Case{Command: "GET", Size: 64, Conns: 50, Depth: 16, Rate: 10_000}
	if got := Count(c, 1, 500*time.Millisecond); got != 5000 {
		t.Errorf("10,000 per second for half a second: %d", got)
	}
	c = Case{Command: "LPUSH", Size: 1 << 20, Conns: 8, Depth: 1}
	if got := Count(c, 1e6, time.Second); got != 1024 {
		t.Errorf("%d MiB on a list", got)
	}
}

func TestCaseNames(t *testing.T) {
	for want, c := range map[string]Case{
		"GET, 64 B, 50 connections, -P 16":                        {Command: "GET", Size: 64, Conns: 50, Depth: 16},
		"SET, 4 MiB, 1 connections, -P 1, RESP3":                  {Command: "SET", Size: 4 << 20, Conns: 1, Depth: 1, Protocol: 3},
		"GET, 1 KiB, 50 connections, -P 1, fixed 10000/s":         {Command: "GET", Size: 1024, Conns: 50, Depth: 1, Rate: 10000},
		"MIXED, 1025 B, 5000 connections, -P 1, RESP3, fixed 9/s": {Command: "MIXED", Size: 1025, Conns: 5000, Depth: 1, Protocol: 3, Rate: 9},
	} {
		if got := c.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestEndpointNetwork(t *testing.T) {
	if n, a := (Endpoint{Host: "127.0.0.1", Port: 1}).Network(); n != "tcp" || a != "127.0.0.1:1" {
		t.Error(n, a)
	}
	if n, a := (Endpoint{Socket: "/tmp/x"}).Network(); n != "unix" || a != "/tmp/x" {
		t.Error(n, a)
	}
}
