package load

import (
	"slices"
	"testing"
	"time"
)

func TestMatrix(t *testing.T) {
	got := Matrix([]string{"set", "GET"}, []int{64}, []int{50}, []int{1, 16})
	want := []Case{
		{"SET", 64, 50, 1},
		{"GET", 64, 50, 1},
		{"SET", 64, 50, 16},
		{"GET", 64, 50, 16},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestCommandsAreWholeTurns(t *testing.T) {
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
		if got := Commands(c, test.rps, test.d); got != test.want {
			t.Errorf("%v/s for %v: %d, want %d", test.rps, test.d, got, test.want)
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
