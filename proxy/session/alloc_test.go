package session

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"sentinelproxy/internal/allocs"
	"sentinelproxy/internal/servers"
)

// load is a client that sends the same pipeline again and again, and reads so many bytes of answer.
type load struct {
	c      *client
	input  []byte
	answer []byte
}

func (ld *load) round() error {
	if _, err := ld.c.conn.Write(ld.input); err != nil {
		return err
	}
	_, err := io.ReadFull(ld.c.conn, ld.answer)
	return err
}

// loads prepares pipelines of n commands, in turn GET and SET.
func (l *lane) load(n int) *load {
	l.t.Helper()
	c := l.client()
	c.do("SET key value")
	c.expect("+OK\r\n")
	var in, out strings.Builder
	for i := range n {
		if i%2 == 0 {
			in.WriteString(wire("GET key"))
			out.WriteString("$5\r\nvalue\r\n")
		} else {
			in.WriteString(wire("SET key value"))
			out.WriteString("+OK\r\n")
		}
	}
	return &load{c: c, input: []byte(in.String()), answer: make([]byte, out.Len())}
}

// TestAllocations: in the steady state commands allocate nothing, anywhere in the process: neither in the lane nor
// in this test's client.
func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	pool := servers.NewT(t)
	node := pool.Redis(servers.RedisOptions{})
	l := newLane(t, nil)
	l.serve(node.Addr())
	const n = 100
	ld := l.load(n)
	for range 100 { // buffers and rings reach their size
		if err := ld.round(); err != nil {
			t.Fatal(err)
		}
	}
	got := allocs.Least(5, 500, func() {
		if err := ld.round(); err != nil {
			t.Fatal(err)
		}
	})
	if got/n > 0.01 {
		t.Errorf("%.2f allocations for %d commands", got, n)
	}
	ld.c.close()
}

// BenchmarkCommand: GET and SET through the lane and a real server, at several depths of pipeline.
func BenchmarkCommand(b *testing.B) {
	pool := servers.NewT(b)
	node := pool.Redis(servers.RedisOptions{})
	for _, depth := range []int{1, 16, 128} {
		b.Run(fmt.Sprint(depth), func(b *testing.B) {
			l := newLane(b, nil)
			l.serve(node.Addr())
			ld := l.load(depth)
			b.ReportAllocs()
			b.ResetTimer()
			for i := 0; i < b.N; i += depth {
				if err := ld.round(); err != nil {
					b.Fatal(err)
				}
			}
			b.StopTimer()
			ld.c.close()
		})
	}
}
