package scripted

import (
	"net"
	"net/netip"
	"sync"
	"testing"
)

// Breaker passes bytes on to a real server until it is to break: then all its connections end at once, as when the
// server or the network dies. Connections that are made later are whole.
type Breaker struct {
	*Server
	target string
	wg     sync.WaitGroup

	mu struct {
		sync.Mutex
		open   map[net.Conn]struct{}
		armed  bool
		out    bool // what is counted is what the server says
		left   int  // bytes until it breaks
		broken bool
	}
}

// StartBreaker starts one; it ends with the test.
func StartBreaker(t testing.TB, target string) *Breaker {
	t.Helper()
	b := &Breaker{Server: Listen(t), target: target}
	b.mu.open = map[net.Conn]struct{}{}
	b.wg.Go(b.serve)
	t.Cleanup(func() {
		b.Close()
		b.mu.Lock()
		b.cut()
		b.mu.Unlock()
		b.wg.Wait()
	})
	return b
}

// Addr is where it listens.
func (b *Breaker) Addr() netip.AddrPort { return b.Server.Addr() }

// Arm has it break when so many more bytes have passed, counted over all connections: of replies, or of commands.
func (b *Breaker) Arm(bytes int, replies bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mu.armed, b.mu.left, b.mu.out = true, bytes, replies
}

// Disarm has it not break any more.
func (b *Breaker) Disarm() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mu.armed = false
}

// Broken says whether it has.
func (b *Breaker) Broken() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.mu.broken
}

func (b *Breaker) serve() {
	for {
		client, err := b.ln.AcceptTCP()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", b.target)
		if err != nil {
			client.Close()
			continue
		}
		b.mu.Lock()
		b.mu.open[client], b.mu.open[server] = struct{}{}, struct{}{}
		b.mu.Unlock()
		b.wg.Go(func() { b.pass(server, client, false) })
		b.wg.Go(func() { b.pass(client, server, true) })
	}
}

// pass ends when either side does.
func (b *Breaker) pass(dst, src net.Conn, out bool) {
	buf := make([]byte, 64<<10)
	for {
		n, err := src.Read(buf)
		if n > 0 && !b.write(dst, buf[:n], out) || err != nil {
			b.mu.Lock()
			b.end(dst)
			b.end(src)
			b.mu.Unlock()
			return
		}
	}
}

// write is under the lock, so that nothing passes on any connection once it is broken.
func (b *Breaker) write(dst net.Conn, data []byte, out bool) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, open := b.mu.open[dst]; !open {
		return false
	}
	breaks := b.mu.armed && b.mu.out == out && b.mu.left < len(data)
	if breaks {
		data = data[:b.mu.left]
	} else if b.mu.out == out {
		b.mu.left -= len(data)
	}
	_, err := dst.Write(data)
	if breaks {
		b.mu.armed, b.mu.broken = false, true
		b.cut()
	}
	return err == nil && !breaks
}

// cut and end are called under the lock.
func (b *Breaker) cut() {
	for c := range b.mu.open {
		b.end(c)
	}
}

func (b *Breaker) end(c net.Conn) {
	delete(b.mu.open, c)
	c.Close()
}
