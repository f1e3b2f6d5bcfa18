package resp

import (
	"strings"
	"testing"
)

// pipeline is how many commands or replies one buffer of a benchmark holds.
const pipeline = 16

func benchmarkCommands(b *testing.B, command string) {
	buf := []byte(strings.Repeat(command, pipeline))
	r := CommandReader{Limits: DefaultLimits()}
	var c Command
	b.ReportAllocs()
	b.SetBytes(int64(len(command)))
	rest := buf[:0]
	for b.Loop() {
		if len(rest) == 0 {
			rest = buf
		}
		n, err := r.Next(rest, &c)
		if n == 0 || err != nil {
			b.Fatal(n, err)
		}
		rest = rest[n:]
	}
}

func BenchmarkCommandGet(b *testing.B) {
	benchmarkCommands(b, "*2\r\n$3\r\nGET\r\n$16\r\nkey:000000000042\r\n")
}

func BenchmarkCommandSet64(b *testing.B) {
	benchmarkCommands(b, "*3\r\n$3\r\nSET\r\n$16\r\nkey:000000000042\r\n$64\r\n"+strings.Repeat("x", 64)+"\r\n")
}

func BenchmarkCommandPing(b *testing.B) { benchmarkCommands(b, "*1\r\n$4\r\nPING\r\n") }

func BenchmarkCommandMset20(b *testing.B) {
	benchmarkCommands(b, "*21\r\n$4\r\nMSET\r\n"+strings.Repeat("$16\r\nkey:000000000042\r\n$3\r\nxxx\r\n", 10))
}

func BenchmarkCommandInline(b *testing.B) { benchmarkCommands(b, "SET key:000000000042 xxx\r\n") }

// BenchmarkCommandSplit is a SET that arrives in two halves.
func BenchmarkCommandSplit(b *testing.B) {
	buf := []byte("*3\r\n$3\r\nSET\r\n$16\r\nkey:000000000042\r\n$64\r\n" + strings.Repeat("x", 64) + "\r\n")
	r := CommandReader{Limits: DefaultLimits()}
	var c Command
	b.ReportAllocs()
	for b.Loop() {
		if n, err := r.Next(buf[:50], &c); n != 0 || err != nil {
			b.Fatal(n, err)
		}
		if n, err := r.Next(buf, &c); n != len(buf) || err != nil {
			b.Fatal(n, err)
		}
	}
}

func BenchmarkAppendArgs(b *testing.B) {
	buf := []byte("*3\r\n$3\r\nSET\r\n$16\r\nkey:000000000042\r\n$64\r\n" + strings.Repeat("x", 64) + "\r\n")
	r := CommandReader{Limits: DefaultLimits()}
	var c Command
	if _, err := r.Next(buf, &c); err != nil {
		b.Fatal(err)
	}
	var args [][]byte
	b.ReportAllocs()
	for b.Loop() {
		args = c.AppendArgs(args[:0])
	}
}

func benchmarkReplies(b *testing.B, reply string) {
	buf := []byte(strings.Repeat(reply, pipeline))
	var r ReplyReader
	b.ReportAllocs()
	b.SetBytes(int64(len(reply)))
	rest := buf[:0]
	for b.Loop() {
		if len(rest) == 0 {
			rest = buf
		}
		n, err := r.Next(rest)
		if n == 0 || err != nil {
			b.Fatal(n, err)
		}
		rest = rest[n:]
	}
}

func BenchmarkReplyBulk64(b *testing.B) {
	benchmarkReplies(b, "$64\r\n"+strings.Repeat("x", 64)+"\r\n")
}
func BenchmarkReplyOK(b *testing.B)    { benchmarkReplies(b, "+OK\r\n") }
func BenchmarkReplyInt(b *testing.B)   { benchmarkReplies(b, ":123456\r\n") }
func BenchmarkReplyNil(b *testing.B)   { benchmarkReplies(b, "$-1\r\n") }
func BenchmarkReplyNull3(b *testing.B) { benchmarkReplies(b, "_\r\n") }
func BenchmarkReplyError(b *testing.B) {
	benchmarkReplies(b, "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n")
}

func BenchmarkReplyArray100(b *testing.B) {
	benchmarkReplies(b, "*100\r\n"+strings.Repeat("$7\r\nelement\r\n", 100))
}

func BenchmarkReplyMap(b *testing.B) {
	benchmarkReplies(b, "%4\r\n"+strings.Repeat("+name\r\n*2\r\n:1\r\n:2\r\n", 4))
}
