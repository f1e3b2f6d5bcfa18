package main

import (
	"net"
	"strings"
	"testing"

	"sentinelproxy/internal/servers"
)

func TestChoosePorts(t *testing.T) {
	p, err := choosePorts("")
	if err != nil || p.redis != 6379 || p.replica != 6380 || p.sentinels != [3]int{5000, 5001, 5002} || p.dragonfly != 6000 || p.proxy != 6390 || p.admin != 8379 {
		t.Errorf("those of the walkthrough: %+v, %v", p, err)
	}
	p, err = choosePorts("16379")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int]bool{}
	for _, u := range p.list() {
		if u.port < 16379 || u.port > 16386 || seen[u.port] {
			t.Errorf("port %d for %s", u.port, u.use)
		}
		seen[u.port] = true
	}
	for _, base := range []string{"x", "0", "-1", "65529", "1.5"} {
		if _, err := choosePorts(base); err == nil || !strings.Contains(err.Error(), "DEMO_PORT_BASE="+base) {
			t.Errorf("%q: %v", base, err)
		}
	}
	if _, err := choosePorts("65528"); err != nil {
		t.Error(err)
	}
}

func TestTakenPort(t *testing.T) {
	port, err := servers.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	p := ports{redis: 0, replica: 0, proxy: port} // 0: any, which is always free
	if err := p.free(); err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"127.0.0.1:", "0.0.0.0:"} {
		l, err := net.Listen("tcp", host+strings.TrimPrefix(address(port), "127.0.0.1:"))
		if err != nil {
			t.Fatal(err)
		}
		err = p.free()
		l.Close()
		if err == nil || !strings.Contains(err.Error(), "for the proxy, can't be used: address already in use") || !strings.Contains(err.Error(), "DEMO_PORT_BASE=") {
			t.Errorf("%s: %v", host, err)
		}
	}
}
