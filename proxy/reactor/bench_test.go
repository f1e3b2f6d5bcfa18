package reactor

import (
	"io"
	"testing"
)

// echo writes back what comes, once per turn.
type echo struct {
	handler
	c   *Conn
	out []byte
}

func (e *echo) Data(b []byte) int {
	e.out = append(e.out, b...)
	e.c.MarkDirty()
	return len(b)
}

func (e *echo) Flush() {
	n, _ := e.c.Write(e.out)
	e.out = e.out[:copy(e.out, e.out[n:])]
}

// BenchmarkEcho: one connection, one message at a time; two of the system calls are the peer's.
func BenchmarkEcho(b *testing.B) {
	l := running(b)
	fd, peer := pair(b)
	e := &echo{}
	in(b, l, func() { e.c, _ = l.Add(fd, e) })
	buf := make([]byte, 64)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := peer.Write(buf); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(peer, buf); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPost: work from another goroutine, to and fro.
func BenchmarkPost(b *testing.B) {
	l := running(b)
	done := make(chan struct{})
	f := func() { done <- struct{}{} }
	b.ReportAllocs()
	for b.Loop() {
		l.Post(f)
		<-done
	}
}
