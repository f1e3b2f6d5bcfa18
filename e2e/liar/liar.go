// Package liar is a Sentinel that says what it is told to: no real one can be made to.
package liar

import (
	"bufio"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"

	"sentinelproxy/e2e/plainresp"
)

// Liar speaks as much as a proxy asks of a Sentinel.
type Liar struct {
	t        testing.TB
	listener net.Listener
	wg       sync.WaitGroup
	answers  map[string]string

	mu struct {
		sync.Mutex
		conns       map[net.Conn]bool
		subscribers map[net.Conn]bool
	}
}

// Start begins to say that master is at addr, since epoch.
func Start(t testing.TB, master, addr string, epoch int) *Liar {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host, port, _ := strings.Cut(addr, ":")
	l := &Liar{t: t, listener: ln}
	l.mu.conns, l.mu.subscribers = map[net.Conn]bool{}, map[net.Conn]bool{}
	l.answers = map[string]string{
		"ping":          "+PONG\r\n",
		"sentinel myid": "$40\r\n" + strings.Repeat("f", 40) + "\r\n",
		"sentinel master": array("name", master, "ip", host, "port", port, "flags", "master", "config-epoch", strconv.Itoa(epoch),
			"num-other-sentinels", "3"),
		"sentinel get-master-addr-by-name": array(host, port),
		"sentinel sentinels":               "*0\r\n",
		"sentinel replicas":                "*0\r\n",
	}
	l.wg.Go(l.accept)
	t.Cleanup(l.close)
	return l
}

// Addr is its host:port.
func (l *Liar) Addr() string { return l.listener.Addr().String() }

func (l *Liar) close() {
	l.listener.Close()
	l.mu.Lock()
	for c := range l.mu.conns {
		c.Close()
	}
	l.mu.Unlock()
	l.wg.Wait()
}

func (l *Liar) accept() {
	for {
		c, err := l.listener.Accept()
		if err != nil {
			return
		}
		l.mu.Lock()
		l.mu.conns[c] = true
		l.mu.Unlock()
		l.wg.Go(func() { l.serve(c) })
	}
}

func (l *Liar) serve(c net.Conn) {
	defer func() {
		l.mu.Lock()
		delete(l.mu.conns, c)
		delete(l.mu.subscribers, c)
		l.mu.Unlock()
		c.Close()
	}()
	in := bufio.NewReader(c)
	for {
		v, err := plainresp.Read(in) // a command has the form of an array reply
		if err != nil {
			return
		}
		words, _ := v.([]any)
		if _, err := c.Write([]byte(l.answer(c, words))); err != nil {
			return
		}
	}
}

func (l *Liar) answer(c net.Conn, words []any) string {
	var line []string
	for _, w := range words {
		line = append(line, strings.ToLower(fmt.Sprint(w)))
	}
	command := strings.Join(line, " ")
	l.mu.Lock()
	defer l.mu.Unlock()
	if line[0] == "psubscribe" {
		l.mu.subscribers[c] = true
		return "*3\r\n$10\r\npsubscribe\r\n" + bulk(fmt.Sprint(words[1])) + ":1\r\n"
	}
	if l.mu.subscribers[c] && line[0] == "ping" {
		return "*2\r\n$4\r\npong\r\n$0\r\n\r\n"
	}
	for words, answer := range l.answers {
		if command == words || strings.HasPrefix(command, words+" ") {
			return answer
		}
	}
	return fmt.Sprintf("-ERR unknown command %q\r\n", command)
}

// Publish tells all subscribers.
func (l *Liar) Publish(channel, message string) {
	l.t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.mu.subscribers) == 0 {
		l.t.Fatal("nobody listens to the lying Sentinel")
	}
	for c := range l.mu.subscribers {
		_, _ = c.Write([]byte("*4\r\n$8\r\npmessage\r\n$1\r\n*\r\n" + bulk(channel) + bulk(message)))
	}
}

func bulk(s string) string { return fmt.Sprintf("$%d\r\n%s\r\n", len(s), s) }

func array(words ...string) string {
	text := fmt.Sprintf("*%d\r\n", len(words))
	for _, w := range words {
		text += bulk(w)
	}
	return text
}
