package reactor

import (
	"net"
	"os"
	"testing"
)

// BenchmarkCalls is one message of 64 bytes from one end of a connection to the other, without a wait in between: what the kernel asks for,
// whatever the program does. For a lane it is the least that a client's command costs, and as much again its reply.
func BenchmarkCalls(b *testing.B) {
	for _, network := range []string{"tcp", "unix"} {
		b.Run(network, func(b *testing.B) {
			from, to := connected(b, network)
			buf := make([]byte, 64)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := writeFD(from, buf); err != nil {
					b.Fatal(err)
				}
				if _, err := readFD(to, buf); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// connected is both ends of a connection.
func connected(b *testing.B, network string) (from, to int) {
	b.Helper()
	address := "127.0.0.1:0"
	if network == "unix" {
		address = b.TempDir() + "/s"
	}
	listener, err := net.Listen(network, address)
	if err != nil {
		b.Fatal(err)
	}
	defer listener.Close()
	client, err := net.Dial(network, listener.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	server, err := listener.Accept()
	if err != nil {
		b.Fatal(err)
	}
	return descriptor(b, client), descriptor(b, server)
}

// descriptor is a blocking one of our own for a connection, which is closed.
func descriptor(b *testing.B, c net.Conn) int {
	b.Helper()
	defer c.Close()
	file, err := c.(interface{ File() (*os.File, error) }).File()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { file.Close() })
	return int(file.Fd()) // which blocks from now on
}
