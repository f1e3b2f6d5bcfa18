package load

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"sentinelproxy/internal/servers"
)

// startDouble starts a server that answers every line that begins a command with +OK and, some time after the first
// connection, stands still for a while.
func startDouble(t *testing.T, after, stall time.Duration) Endpoint {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var still sync.RWMutex
	var wg sync.WaitGroup
	begin := sync.OnceFunc(func() {
		wg.Go(func() {
			time.Sleep(after)
			still.Lock()
			time.Sleep(stall)
			still.Unlock()
		})
	})
	wg.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			begin()
			wg.Go(func() { answer(c, &still) })
		}
	})
	t.Cleanup(func() {
		ln.Close()
		wg.Wait()
	})
	return Endpoint{Host: "127.0.0.1", Port: ln.Addr().(*net.TCPAddr).Port}
}

func answer(c net.Conn, still *sync.RWMutex) {
	defer c.Close()
	in := bufio.NewReader(c)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		if !strings.HasPrefix(line, "*") {
			continue
		}
		still.RLock()
		_, err = io.WriteString(c, "+OK\r\n")
		still.RUnlock()
		if err != nil {
			return
		}
	}
}

// slower counts the commands that took at least so long.
func slower(r Result, than time.Duration) int {
	n := int64(0)
	for _, bar := range r.Latencies.Distribution() {
		if bar.From >= int64(than) {
			n += bar.Count
		}
	}
	return int(n)
}

// TestStallDelaysAllThatWereDue: a server that stands still for 100 ms at 2,000 commands per second delays about 200 of
// them, by 100 ms at most and evenly down to none. A closed loop on the same double sees as many slow commands as it
// has connections, which is why its percentiles can't be believed.
func TestStallDelaysAllThatWereDue(t *testing.T) {
	const stall = 100 * time.Millisecond
	at := startDouble(t, 200*time.Millisecond, stall)
	c := Case{Command: "SET", Size: 8, Conns: 4, Depth: 1, Rate: 2000}
	r, err := Loop{Keys: 10}.Run(t.Context(), at, c, 1000)
	if err != nil {
		t.Fatal(err)
	}
	// Of those due in the stall's first half, each waits for longer than its second half. A busy machine can only add.
	if n := slower(r, stall/2); n < 90 {
		t.Errorf("%d commands took longer than half of the stall, want 100", n)
	}
	if n := slower(r, stall*9/10); n < 15 {
		t.Errorf("%d commands took nearly as long as the stall, want 20", n)
	}
	if got := int(r.Latencies.TotalCount()); got != 1000 || r.Max < 95 {
		t.Errorf("%d latencies, the longest %v ms", got, r.Max)
	}

	at = startDouble(t, 50*time.Millisecond, stall)
	c.Rate = 0
	r, err = Loop{Keys: 10}.Run(t.Context(), at, c, 20_000)
	if err != nil {
		t.Fatal(err)
	}
	if n := slower(r, stall/2); n > 50 { // four and, on a busy machine, some more
		t.Errorf("%d commands of the closed loop were slow: the test shows nothing", n)
	}
}

// TestFixedRateIsKept: no faster than told, and no slower than the replies allow.
func TestFixedRateIsKept(t *testing.T) {
	at := startDouble(t, 0, 0)
	began := time.Now()
	r, err := Loop{Keys: 10}.Run(t.Context(), at, Case{Command: "GET", Size: 8, Conns: 3, Depth: 1, Rate: 1000}, 300)
	if took := time.Since(began); err != nil || took < 299*time.Millisecond || r.RPS > 1005 {
		t.Errorf("300 commands at 1,000/s took %v: %v/s, %v", took, r.RPS, err)
	}
}

// TestLoopAgainstRedis: the server counts as many commands as were asked for, and finds no fault with any.
func TestLoopAgainstRedis(t *testing.T) {
	pool := servers.NewT(t)
	node := pool.Redis(servers.RedisOptions{})
	at := Endpoint{Host: "127.0.0.1", Port: node.Port}
	list := append([]any{"RPUSH", RangedList}, make([]any, RangedSize)...)
	for i := range RangedSize {
		list[i+2] = strings.Repeat("x", 64)
	}
	if _, err := node.Do(t.Context(), list...); err != nil {
		t.Fatal(err)
	}
	for _, name := range Commands() {
		for _, c := range []Case{
			{Command: name, Size: 64, Conns: 5, Depth: 1},
			{Command: name, Size: 100_000, Conns: 2, Depth: 4, Protocol: 3},
			{Command: name, Size: 1000, Conns: 3, Depth: 2, Rate: 5000},
		} {
			if _, err := node.Do(t.Context(), "CONFIG", "RESETSTAT"); err != nil {
				t.Fatal(err)
			}
			r, err := Loop{Keys: 10}.Run(t.Context(), at, c, 120)
			if err != nil || r.Errors > 0 || r.Asked != 120 || r.Latencies.TotalCount() != 120 {
				t.Errorf("%s: %+v, %v", c, r, err)
			}
			info, err := node.Do(t.Context(), "INFO", "commandstats")
			if err != nil {
				t.Fatal(err)
			}
			counted := 0
			for _, word := range c.Counted() {
				if _, rest, ok := strings.Cut(info.(string), "cmdstat_"+word+":calls="); ok {
					var n int
					if _, err := fmt.Sscanf(rest, "%d,", &n); err == nil {
						counted += n
					}
				}
			}
			if counted != 120 {
				t.Errorf("%s: the server counts %d", c, counted)
			}
		}
	}
}

func TestLoopTellsOfErrors(t *testing.T) {
	pool := servers.NewT(t)
	node := pool.Redis(servers.RedisOptions{})
	at := Endpoint{Host: "127.0.0.1", Port: node.Port}
	if _, err := node.Do(t.Context(), "SET", RangedList, "no list"); err != nil {
		t.Fatal(err)
	}
	r, err := Loop{Keys: 10}.Run(t.Context(), at, Case{Command: "LRANGE100", Size: 1, Conns: 1, Depth: 1}, 10)
	if err != nil || r.Errors != 10 || !strings.HasPrefix(r.FirstError, "WRONGTYPE") {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := Dial(at, 1, func(int) [][]string { return [][]string{{"NO", "SUCH"}} }); err == nil || !strings.Contains(err.Error(), "unknown command") {
		t.Errorf("a refused greeting: %v", err)
	}
	if _, err := Dial(Endpoint{Host: "127.0.0.1", Port: 1}, 1, nil); err == nil {
		t.Error("nobody listens, and there is no error")
	}
}

// TestRunEndsWithItsServerOrContext, not only with the last reply.
func TestRunEndsWithItsServerOrContext(t *testing.T) {
	pool := servers.NewT(t)
	node := pool.Redis(servers.RedisOptions{})
	w, err := Dial(Endpoint{Host: "127.0.0.1", Port: node.Port}, 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	c := Case{Command: "GET", Conns: 2, Depth: 1, Rate: 1}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := w.Run(ctx, c, 100, 10); err == nil {
		t.Error("no error after the end of the context")
	}
	time.AfterFunc(50*time.Millisecond, func() { _ = node.Kill() })
	if _, err := w.Run(t.Context(), c, 100, 10); err == nil || !strings.Contains(err.Error(), "closed") {
		t.Errorf("after the end of the server: %v", err)
	}
	c.Conns = 3
	if _, err := w.Run(t.Context(), c, 100, 10); err == nil {
		t.Error("more connections than there are")
	}
}
