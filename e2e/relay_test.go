package e2e

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sentinelproxy/internal/servers"
)

// relay stands between the proxy and a master and loses replies: the master has applied what it was sent, and
// nobody learns of it. A master that is killed can't be made to do that, since it answers in the turn of its
// loop in which it applies.
type relay struct {
	t        testing.TB
	listener net.Listener
	to       string
	mute     atomic.Bool
	muted    atomic.Int64 // bytes of replies that were swallowed
	stranger atomic.Bool  // new connections come from an address that a protected master does not know
	wg       sync.WaitGroup

	mu struct {
		sync.Mutex
		conns map[net.Conn]bool
	}
}

func startRelay(t testing.TB, to string) *relay {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{t: t, listener: ln, to: to}
	r.mu.conns = map[net.Conn]bool{}
	r.wg.Go(r.accept)
	t.Cleanup(func() {
		ln.Close()
		r.cut()
		r.wg.Wait()
	})
	return r
}

func (r *relay) addr() string { return r.listener.Addr().String() }

func (r *relay) accept() {
	for {
		in, err := r.listener.Accept()
		if err != nil {
			return
		}
		from := net.Dialer{}
		if r.stranger.Load() {
			from.LocalAddr = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}
		}
		out, err := from.Dial("tcp", r.to)
		if err != nil {
			in.Close()
			continue
		}
		r.mu.Lock()
		r.mu.conns[in], r.mu.conns[out] = true, true
		r.mu.Unlock()
		r.wg.Go(func() { r.pass(out, in, false) })
		r.wg.Go(func() { r.pass(in, out, true) })
	}
}

func (r *relay) pass(to, from net.Conn, replies bool) {
	defer func() {
		to.Close()
		from.Close()
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.mu.conns, from)
	}()
	b := make([]byte, 64<<10)
	for {
		n, err := from.Read(b)
		if replies && r.mute.Load() {
			r.muted.Add(int64(n))
		} else if n > 0 {
			if _, err := to.Write(b[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// lose swallows replies until there were some, and breaks all connections.
func (r *relay) lose() {
	r.t.Helper()
	before := r.muted.Load()
	r.mute.Store(true)
	for deadline := time.Now().Add(patience); r.muted.Load() == before; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			r.t.Fatal("no replies to be lost")
		}
	}
	time.Sleep(30 * time.Millisecond) // what is on its way to the master gets there, as many as there are
	r.cut()
	r.mute.Store(false)
}

func (r *relay) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.mu.conns {
		c.Close()
	}
}

// cutOff is a master that its Sentinels and the proxy know by the address of a relay.
func cutOff(t *testing.T, args ...string) (*servers.Node, *relay, *proxy) {
	t.Helper()
	pool := servers.NewT(t)
	master := pool.Redis(servers.RedisOptions{})
	r := startRelay(t, master.Addr())
	// Down only after long: the Sentinels' own connections are cut too.
	sentinel := pool.Sentinel(servers.SentinelOptions{Master: "mymaster", MasterAddr: r.addr(), DownAfter: time.Minute})
	p := start(t, pool, "mymaster", []string{sentinel.Addr()}, args...)
	p.inState("serving")
	return master, r, p
}

// TestLostReplies: every few rounds replies are lost after the writes were applied. INCRs are of unknown outcome and
// never sent again; SETs and GETs are, and nobody notices.
func TestLostReplies(t *testing.T) {
	t.Parallel()
	master, r, p := cutOff(t)
	audited := p.audit()
	clients := gather(t, p, rules{excused: unknownWrites})
	for range 5 {
		clients.works(5)
		r.lose()
	}
	clients.works(5)
	audited()
	if errs := clients.conclude(p, master); errs["UNKNOWNOUTCOME"] == 0 {
		t.Error("nothing was of unknown outcome")
	}
}

// TestLostRepliesError: with --in-flight-writes error no write at all is sent again.
func TestLostRepliesError(t *testing.T) {
	t.Parallel()
	master, r, p := cutOff(t, "--in-flight-writes", "error")
	audited := p.audit()
	clients := gather(t, p, rules{excused: refusals})
	for range 3 {
		clients.works(5)
		r.lose()
	}
	clients.works(5)
	audited()
	if errs := clients.conclude(p, master); len(errs) != 1 || errs["UNKNOWNOUTCOME"] == 0 {
		t.Errorf("errors %v, want only UNKNOWNOUTCOME", errs)
	}
}

// TestLostRepliesAll: with --in-flight-writes all there is no error, and increments are applied twice, which is what
// this policy means. It shows as well that the counters of the other tests can tell.
func TestLostRepliesAll(t *testing.T) {
	t.Parallel()
	master, r, p := cutOff(t, "--in-flight-writes", "all")
	audited := p.audit()
	clients := gather(t, p, rules{repeated: true, excused: planned.excused})
	clients.works(5)
	r.lose()
	clients.works(10)
	audited()
	clients.conclude(p, master)
	twice := 0
	for _, w := range clients.workers {
		twice += w.work.count.twice
	}
	if twice == 0 {
		t.Error("no increment was applied twice")
	}
}
