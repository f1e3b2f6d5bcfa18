package redis

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"sentinelproxy/internal/servers"
)

// fronts are the proxies before the servers that the suite has started, all under one Sentinel.
type fronts struct {
	t        *testing.T
	pool     *servers.Pool
	sentinel *servers.Sentinel
	listener net.Listener
	done     sync.WaitGroup

	mu struct {
		sync.Mutex
		open map[int]*front // by the server's port
	}
}

// front is one proxy.
type front struct {
	*servers.Command
	port int
}

// master is what the Sentinel has to watch from its start. There is no server: it keeps the Sentinel busy with
// nothing.
const master = "nobody"

// openFronts begins to serve front.tcl. It ends with the test.
func openFronts(t *testing.T) *fronts {
	// Not servers.NewT, which shows the logs of all proxies when one test of one unit has failed.
	pool, err := servers.New()
	if err != nil {
		t.Fatal(err)
	}
	f := &fronts{t: t, pool: pool}
	if f.sentinel, err = pool.Sentinel(servers.SentinelOptions{Master: master, MasterAddr: "127.0.0.1:1", DownAfter: time.Hour}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	// What a Sentinel asks and tells its masters is seen by tests that count commands and clients.
	for _, period := range []string{"info-period", "ping-period", "publish-period"} {
		if _, err := f.sentinel.Do(ctx, "SENTINEL", "DEBUG", period, time.Hour.Milliseconds()); err != nil {
			t.Fatal(err)
		}
	}
	f.mu.open = map[int]*front{}
	if f.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	f.done.Go(f.accept)
	t.Cleanup(f.close)
	return f
}

func (f *fronts) close() {
	f.listener.Close()
	f.done.Wait()
	for port := range f.mu.open {
		f.shut(port)
	}
	if err := f.pool.Close(); err != nil {
		f.t.Error(err)
	}
}

func (f *fronts) port() int { return f.listener.Addr().(*net.TCPAddr).Port }

func (f *fronts) accept() {
	for {
		conn, err := f.listener.Accept()
		if err != nil {
			return
		}
		f.done.Go(func() {
			defer conn.Close()
			line, err := bufio.NewReader(conn).ReadString('\n')
			if err != nil {
				return
			}
			verb, argument, _ := strings.Cut(strings.TrimSpace(line), " ")
			fmt.Fprintln(conn, f.request(verb, argument))
		})
	}
}

// request is one line of front.tcl: open and the file with the server's configuration, or close and its port.
func (f *fronts) request(verb, argument string) string {
	switch verb {
	case "open":
		server, proxy, err := f.opened(argument)
		if err != nil {
			f.t.Errorf("a proxy before %s: %v", argument, err)
		}
		return fmt.Sprintf("%d %d", server, proxy)
	case "close":
		if port, err := strconv.Atoi(argument); err == nil {
			f.shut(port)
		}
	}
	return ""
}

// opened starts a proxy. Nothing but a master gets one: then it is the server itself.
func (f *fronts) opened(config string) (server, proxy int, err error) {
	text, err := os.ReadFile(config)
	if err != nil {
		return 0, 0, err
	}
	server, _ = strconv.Atoi(directive(text, "port"))
	password := strings.Trim(directive(text, "requirepass"), `"`)
	if server == 0 || directive(text, "cluster-enabled") == "yes" || !isMaster(server, password) {
		return server, server, nil
	}
	f.shut(server)
	name := "port" + strconv.Itoa(server)
	if err := f.watch(name, server, password); err != nil {
		return server, server, err
	}
	p := &front{}
	if p.port, err = servers.FreePort(); err != nil {
		return server, server, err
	}
	p.Command, err = f.pool.Command(servers.CommandOptions{
		Name: "sentinelproxy " + name, Path: program, Ports: []int{p.port},
		Args: []string{
			"run", "--log-format", "console", "--admin", "", "--listen", fmt.Sprintf("127.0.0.1:%d", p.port),
			"--master", name, "--sentinel", f.sentinel.Addr(), "--password", password,
		},
	})
	if err != nil {
		return server, server, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mu.open[server] = p
	return server, p.port, nil
}

func (f *fronts) watch(name string, port int, password string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_, _ = f.sentinel.Do(ctx, "SENTINEL", "REMOVE", name) // of a server on the same port that has ended
	_, err := f.sentinel.Do(ctx, "SENTINEL", "MONITOR", name, "127.0.0.1", port, 1)
	if err == nil {
		_, err = f.sentinel.Do(ctx, "SENTINEL", "SET", name, "down-after-milliseconds", time.Hour.Milliseconds())
	}
	if err == nil && password != "" {
		_, err = f.sentinel.Do(ctx, "SENTINEL", "SET", name, "auth-pass", password)
	}
	return err
}

// shut ends the proxy before the server at port. One that has ended by itself has crashed.
func (f *fronts) shut(port int) {
	f.mu.Lock()
	p := f.mu.open[port]
	delete(f.mu.open, port)
	f.mu.Unlock()
	if p == nil {
		return
	}
	if !p.Running() {
		f.t.Errorf("%s has ended with code %d", p.Name(), p.ExitCode())
	}
	if dir := os.Getenv(output); dir != "" {
		log, err := os.ReadFile(filepath.Join(p.Dir(), "log"))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, fmt.Sprintf("proxy-%d.%d.log", port, p.Pid())), log, 0o600)
		}
		if err != nil {
			f.t.Error(err)
		}
	}
	if err := p.Kill(); err != nil {
		f.t.Error(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_, _ = f.sentinel.Do(ctx, "SENTINEL", "REMOVE", "port"+strconv.Itoa(port))
}

// isMaster asks the server itself. One that is still loading says so, too.
func isMaster(port int, password string) bool {
	c := redis.NewClient(&redis.Options{Addr: fmt.Sprintf("127.0.0.1:%d", port), Password: password, Protocol: 2, MaxRetries: -1})
	defer c.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	for {
		role, err := c.Do(ctx, "ROLE").Slice()
		if err == nil && len(role) > 0 {
			return role[0] == "master"
		}
		var said redis.Error
		if errors.As(err, &said) || ctx.Err() != nil { // it wants to know who asks: a master, then
			return ctx.Err() == nil
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// directive is the last value that a configuration gives for a name.
func directive(config []byte, name string) (value string) {
	for line := range bytes.Lines(config) {
		if word, rest, _ := strings.Cut(strings.TrimSpace(string(line)), " "); word == name {
			value = strings.TrimSpace(rest)
		}
	}
	return value
}
