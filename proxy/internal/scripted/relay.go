package scripted

import (
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"
)

// Relay passes bytes on to a real server, and cuts its first connection after so many bytes in one direction.
// Later connections are whole.
type Relay struct {
	*Server
	target string
	faults Faults
	wg     sync.WaitGroup
}

// StartRelay starts one; it ends with the test. Of the faults, CutIn is what the server gets.
func StartRelay(t testing.TB, target string, f Faults) *Relay {
	t.Helper()
	r := &Relay{Server: Listen(t), target: target, faults: f}
	r.wg.Go(r.serve)
	t.Cleanup(func() {
		r.Close()
		r.wg.Wait()
	})
	return r
}

// Addr is where it listens.
func (r *Relay) Addr() netip.AddrPort { return r.Server.Addr() }

func (r *Relay) serve() {
	faults := r.faults
	for {
		client, err := r.ln.AcceptTCP()
		if err != nil {
			return
		}
		f := faults
		faults = NoFaults
		r.wg.Go(func() { r.pass(client, f) })
	}
}

// pass ends when either side closes, or at the fault.
func (r *Relay) pass(client *net.TCPConn, f Faults) {
	defer client.Close()
	server, err := net.Dial("tcp", r.target)
	if err != nil {
		return
	}
	defer server.Close()
	var wg sync.WaitGroup
	one := func(dst, src net.Conn, limit int) {
		if limit < 0 {
			_, _ = io.Copy(dst, src)
		} else {
			_, _ = io.CopyN(dst, src, int64(limit))
		}
		client.Close()
		server.Close()
	}
	wg.Go(func() { one(server, client, f.CutIn) })
	wg.Go(func() { one(client, server, f.CutOut) })
	wg.Wait()
}
