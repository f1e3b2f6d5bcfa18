package proxy

import (
	"context"
	"fmt"
	"net"
	"slices"
	"testing"
)

// fakeDNS answers every name with ::1 and 127.0.0.1, as a host with both.
func fakeDNS(t *testing.T) {
	t.Helper()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 1500)
		for {
			n, from, err := pc.ReadFrom(buf)
			if err != nil {
				return
			}
			q := buf[:n]
			end := 12
			for q[end] != 0 {
				end += int(q[end]) + 1
			}
			end += 5 // the zero, type, class
			kind := q[end-3]
			a := append([]byte{q[0], q[1], 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0}, q[12:end]...)
			ip := []byte{127, 0, 0, 1}
			if kind == 28 {
				ip = net.IPv6loopback
			} else if kind != 1 {
				a[7] = 0
				_, _ = pc.WriteTo(a, from)
				continue
			}
			a = append(a, 0xc0, 12, 0, kind, 0, 1, 0, 0, 0, 1, 0, byte(len(ip)))
			_, _ = pc.WriteTo(append(a, ip...), from)
		}
	}()
	old := net.DefaultResolver
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", pc.LocalAddr().String())
	}}
	t.Cleanup(func() { net.DefaultResolver = old; pc.Close(); <-done })
}

// TestResolveNameOfTwoAddresses: a master with an IPv6 and an IPv4 address that listens at the latter only. A probe finds it; so must the lanes.
func TestResolveNameOfTwoAddresses(t *testing.T) {
	fakeDNS(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	name := fmt.Sprintf("redis-1.example.:%d", l.Addr().(*net.TCPAddr).Port)
	if got, err := resolve(name); err != nil || got.String() != l.Addr().String() {
		t.Errorf("%v, %v, want %v", got, err, l.Addr())
	}
}

func TestResolve(t *testing.T) {
	for in, want := range map[string]string{
		"127.0.0.1:6379": "127.0.0.1:6379",
		"[::1]:6379":     "[::1]:6379",
		"localhost:6379": "127.0.0.1:6379 [::1]:6379",
	} {
		got, err := resolve(in)
		if err != nil || !slices.Contains([]string{want, "127.0.0.1:6379", "[::1]:6379"}, got.String()) {
			t.Errorf("%s: %v, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "a", "127.0.0.1:x"} {
		if got, err := resolve(in); err == nil {
			t.Errorf("%q is %v", in, got)
		}
	}
}
