package migrate

import (
	"context"
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sentinelproxy/internal/servers"
)

// blackhole is an address at which nobody answers a SYN: a host that is gone.
func blackhole(t *testing.T) string {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	sa, _ := unix.Getsockname(fd)
	addr := (&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: sa.(*unix.SockaddrInet4).Port}).String()
	for {
		c, err := net.DialTimeout("tcp", addr, 300*time.Millisecond)
		if err != nil {
			break
		}
		t.Cleanup(func() { c.Close() })
	}
	return addr
}

// TestGuardEndsSoon: a replica whose host is gone must not keep the fence from being taken off.
func TestGuardEndsSoon(t *testing.T) {
	n := servers.NewT(t).Redis(servers.RedisOptions{})
	gone := blackhole(t)
	ctx, cancel := context.WithCancel(context.Background())
	fenced := make(chan struct{}, 10)
	g := &Guard{Addr: n.Addr(), Candidate: func() string { return gone }, Adopted: make(chan string, 1), Tell: func(string) { fenced <- struct{}{} }}
	done := make(chan Seen)
	go func() { done <- g.Run(ctx) }()
	<-fenced
	time.Sleep(100 * time.Millisecond)
	cancel()
	began := time.Now()
	seen := <-done
	if took := time.Since(began); took > time.Second {
		t.Errorf("the guard ended after %v: %+v", took, seen)
	}
}

// TestCallTimeout: it bounds a question also to a host that is gone.
func TestCallTimeout(t *testing.T) {
	n := newNode(blackhole(t), Credentials{})
	defer n.close()
	began := time.Now()
	if _, err := n.role(t.Context()); err == nil || time.Since(began) > 2*callTimeout {
		t.Errorf("after %v: %v", time.Since(began), err)
	}
}
