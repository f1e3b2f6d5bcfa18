package main

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// What the generator fetches from a Redis 7.0.15 is what is committed as such.
func TestFetchGivesTheCommittedTable(t *testing.T) {
	binary, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("no redis-server on PATH")
	}
	if version, _ := exec.Command(binary, "--version").Output(); !strings.Contains(string(version), "v=7.0.15 ") {
		t.Skipf("the table is of 7.0.15, this is %s", version)
	}
	entries, err := fetch(startRedis(t, binary))
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(filepath.Join(commandDir, redisData))
	if err != nil {
		t.Fatal(err)
	}
	if got := encode(entries); string(got) != string(want) {
		t.Error("the server's table is not the committed one: go run ./internal/gen -server")
	}
}

// startRedis starts one on a port that was free a moment ago, another if somebody was faster.
func startRedis(t *testing.T, binary string) string {
	t.Helper()
	for range 5 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		addr := l.Addr().(*net.TCPAddr)
		l.Close()
		cmd := exec.Command(binary, "--port", strconv.Itoa(addr.Port), "--bind", "127.0.0.1", "--dir", t.TempDir(), "--save", "")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() {
			_ = cmd.Wait() // how it ended does not matter
			close(ended)
		}()
		t.Cleanup(func() {
			_ = cmd.Process.Kill()
			<-ended
		})
		if answers(addr.String(), ended) {
			return addr.String()
		}
	}
	t.Fatal("redis-server did not start")
	return ""
}

func answers(addr string, ended <-chan struct{}) bool {
	for range 500 {
		select {
		case <-ended:
			return false // the port was taken
		case <-time.After(10 * time.Millisecond):
		}
		if conn, err := net.Dial("tcp", addr); err == nil {
			conn.Close()
			return true
		}
	}
	return false
}
