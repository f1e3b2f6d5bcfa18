package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"sentinelproxy/internal/servers"
)

// What Redis takes at most for one value, and what of it the proxy may have in memory: one copy on the way in,
// because it must be able to send it again, and a few buffers on the way out.
const (
	largest      = 512 << 20
	largeMargin  = 96 << 20
	largePattern = 251 // a prime: no length of a buffer is a multiple of it
)

// TestLargeValues: the largest value that Redis takes, both ways, also by a client that is slow to read; meanwhile
// the others on the same lane are served, and the memory of the proxy is bounded.
func TestLargeValues(t *testing.T) {
	pool := servers.NewT(t)
	cluster := pool.Cluster(servers.ClusterOptions{Sentinels: 1})
	p := before(t, pool, cluster, "--lanes", "1")
	rss := watchRSS(t, p)
	others := keepAsking(t, p.addr)
	direct := keepAsking(t, cluster.Nodes[0].Addr())
	conn, err := net.Dial("tcp", p.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	in := bufio.NewReaderSize(conn, 64<<10)
	line := func(want string) {
		t.Helper()
		_ = conn.SetReadDeadline(time.Now().Add(patience))
		if got, err := in.ReadString('\n'); err != nil || got != want+"\r\n" {
			t.Fatalf("got %q, %v, want %s", got, err, want)
		}
	}
	step := func(what string, most int64, do func()) {
		t.Helper()
		before := rss.reset()
		others.reset()
		direct.reset()
		start := time.Now()
		do()
		took := time.Since(start)
		n, longest := others.reset()
		_, theirs := direct.reset()
		peak := rss.reset()
		t.Logf("%s: %v, RSS %d MiB before, %d MiB at most; meanwhile others got %d replies, the longest wait %v (on a direct connection %v)",
			what, took.Round(time.Millisecond), before>>20, peak>>20, n, longest.Round(time.Millisecond), theirs.Round(time.Millisecond))
		if peak > before+most {
			t.Errorf("%s: RSS grew by %d MiB, %d MiB at most are expected", what, (peak-before)>>20, most>>20)
		}
		if n < 20 {
			t.Errorf("%s: others got %d replies", what, n)
		}
	}
	chunk := make([]byte, 1<<20)
	step("SET", largest+largeMargin, func() {
		fmt.Fprintf(conn, "*3\r\n$3\r\nSET\r\n$5\r\nlarge\r\n$%d\r\n", largest)
		for at := 0; at < largest; at += len(chunk) {
			fill(chunk, at)
			if _, err := conn.Write(chunk); err != nil {
				t.Fatal(err)
			}
		}
		fmt.Fprint(conn, "\r\n")
		line("+OK")
	})
	get := func(pause time.Duration) func() {
		return func() {
			fmt.Fprint(conn, "*2\r\n$3\r\nGET\r\n$5\r\nlarge\r\n")
			line(fmt.Sprintf("$%d", largest))
			want := make([]byte, len(chunk))
			for at := 0; at < largest; at += len(chunk) {
				_ = conn.SetReadDeadline(time.Now().Add(patience))
				if _, err := io.ReadFull(in, chunk); err != nil {
					t.Fatalf("after %d bytes: %v", at, err)
				}
				if fill(want, at); string(chunk) != string(want) {
					t.Fatalf("other bytes than were sent, between %d and %d", at, at+len(chunk))
				}
				time.Sleep(pause)
			}
			line("")
		}
	}
	step("GET", largeMargin, get(0))
	step("GET by a slow client", largeMargin, get(4*time.Millisecond))
	conn.Close()
	eventually(t, "memory is given back", func() error {
		if now := rss.reset(); now > largeMargin {
			return fmt.Errorf("RSS is %d MiB", now>>20)
		}
		return nil
	})
}

// TestManyElements: commands of more arguments than Dragonfly takes, and a reply of two million elements.
func TestManyElements(t *testing.T) {
	t.Parallel()
	pool := servers.NewT(t)
	cluster := pool.Cluster(servers.ClusterOptions{Sentinels: 1})
	p := before(t, pool, cluster, "--lanes", "1")
	rss := watchRSS(t, p)
	w := dial(t, p, 2)
	const args, times = 65537 - 2, 32
	push := []string{"RPUSH", "list"}
	for i := range args {
		push = append(push, fmt.Sprint("element:", i))
	}
	for i := range times {
		w.want(t, fmt.Sprint((i+1)*args), push...)
	}
	w.want(t, "0", append([]string{"DEL"}, push[2:]...)...)
	before := rss.reset()
	if err := w.send([]string{"LRANGE", "list", "0", "-1"}); err != nil {
		t.Fatal(err)
	}
	line := func() string {
		_ = w.conn.SetReadDeadline(time.Now().Add(patience))
		text, err := w.in.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		return text[:len(text)-2]
	}
	if got := line(); got != fmt.Sprint("*", args*times) {
		t.Fatalf("LRANGE: %s", got)
	}
	for i := range args * times {
		want := push[2+i%args]
		if size, value := line(), line(); size != fmt.Sprint("$", len(want)) || value != want {
			t.Fatalf("element %d: %s %s", i, size, value)
		}
	}
	if peak := rss.reset(); peak > before+largeMargin {
		t.Errorf("RSS grew from %d to %d MiB", before>>20, peak>>20)
	}
	w.want(t, "PONG", "PING")
}

// fill writes the part of the pattern that begins at offset at.
func fill(b []byte, at int) {
	for i := range b {
		b[i] = byte((at + i) % largePattern)
	}
}

// rssWatch samples the proxy's memory.
type rssWatch struct {
	p    *proxy
	peak atomic.Int64
}

func watchRSS(t *testing.T, p *proxy) *rssWatch {
	w := &rssWatch{p: p}
	every(t, 5*time.Millisecond, func() error {
		rss, err := p.RSS()
		w.peak.Store(max(w.peak.Load(), rss))
		return err
	})
	return w
}

// reset returns the peak since the last reset, and begins again with what there is now.
func (w *rssWatch) reset() int64 {
	rss, _ := w.p.RSS()
	return max(rss, w.peak.Swap(rss))
}

// asker is a client that asks for something small all the time.
type asker struct {
	replies, longest atomic.Int64
	since            atomic.Int64 // when the present question was asked; 0: none is open
}

func keepAsking(t *testing.T, addr string) *asker {
	w, err := connect("tcp", addr, 2)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.close)
	a := &asker{}
	n := 0
	every(t, time.Millisecond, func() error {
		n++
		a.since.Store(time.Now().UnixNano())
		value, err := w.do([][]string{{"SET", "small:" + addr, fmt.Sprint(n)}, {"GET", "small:" + addr}})
		if err != nil || fmt.Sprint(value...) != fmt.Sprint("OK", n) {
			return fmt.Errorf("the other client got %v, %w", value, err)
		}
		a.longest.Store(max(a.longest.Load(), time.Now().UnixNano()-a.since.Swap(0)))
		a.replies.Add(1)
		return nil
	})
	return a
}

// reset returns what has been since the last reset; a question that is still open counts, too.
func (a *asker) reset() (replies int64, longest time.Duration) {
	longest = time.Duration(a.longest.Swap(0))
	if since := a.since.Load(); since != 0 {
		longest = max(longest, time.Duration(time.Now().UnixNano()-since))
	}
	return a.replies.Swap(0), longest
}

// every does something all the time until the end of the test.
func every(t *testing.T, pause time.Duration, do func() error) {
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			case <-time.After(pause):
			}
			if err := do(); err != nil {
				select {
				case <-stop:
				default:
					t.Error(err)
				}
				return
			}
		}
	}()
	t.Cleanup(func() { close(stop); <-stopped })
}
