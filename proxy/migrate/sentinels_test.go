package migrate

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"sentinelproxy/internal/servers"
)

// fakeSentinel names a master and a replica, and answers with what failover returns when it is to begin one: "" is no answer.
func fakeSentinel(t *testing.T, master, replica string, failover func() string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	of := func(addr string) (host, port string) { host, port, _ = net.SplitHostPort(addr); return host, port }
	answer := func(words []string) string {
		switch strings.ToLower(strings.Join(words, " ")) {
		case "sentinel master m":
			host, port := of(master)
			return array("ip", host, "port", port, "flags", "master", "num-other-sentinels", "0")
		case "sentinel replicas m":
			host, port := of(replica)
			return "*1\r\n" + array("ip", host, "port", port, "flags", "slave", "slave-priority", "100")
		case "sentinel failover m":
			return failover()
		}
		return "-ERR unknown\r\n"
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { serveWords(c, answer) })
		}
	})
	t.Cleanup(func() { l.Close(); wg.Wait() })
	return l.Addr().String()
}

// serveWords answers commands until the client goes away.
func serveWords(c net.Conn, answer func(words []string) string) {
	defer c.Close()
	in := bufio.NewScanner(c)
	for in.Scan() {
		n, _ := strconv.Atoi(in.Text()[1:]) // of "*N"
		var words []string
		for range n {
			in.Scan() // the length
			in.Scan()
			words = append(words, in.Text())
		}
		_, _ = c.Write([]byte(answer(words)))
	}
}

func array(words ...string) string {
	s := fmt.Sprintf("*%d\r\n", len(words))
	for _, w := range words {
		s += fmt.Sprintf("$%d\r\n%s\r\n", len(w), w)
	}
	return s
}

// TestOneSentinelBegins: one that refuses is passed over; one that has not answered may have begun the failover, and another one that begins its
// own would promote another replica.
func TestOneSentinelBegins(t *testing.T) {
	var mu sync.Mutex
	var asked []string
	sentinel := func(name, answer string) string {
		return fakeSentinel(t, "10.0.0.1:6379", "", func() string {
			mu.Lock()
			defer mu.Unlock()
			asked = append(asked, name)
			return answer
		})
	}
	unwilling, mute, willing := sentinel("unwilling", "-INPROG no\r\n"), sentinel("mute", ""), sentinel("willing", "+OK\r\n")
	s := newSwitchover(Options{Master: "m", Sentinels: []string{"127.0.0.1:1", unwilling, mute, willing}})
	defer s.close()
	by, sure, err := s.sentinels.failover(context.Background())
	mu.Lock()
	if !slices.Equal(asked, []string{"unwilling", "mute"}) || by != mute || sure || err != nil {
		t.Errorf("asked %q; %q, %v, %v", asked, by, sure, err)
	}
	mu.Unlock()
	last := sentinels{"m", s.sentinels.all[3:]}
	if by, sure, err = last.failover(context.Background()); by != willing || !sure || err != nil {
		t.Errorf("%q, %v, %v", by, sure, err)
	}
}

// willing is a proxy for which all is well.
type willing struct{ Proxy }

func (willing) Idle(context.Context, string, string) error        { return nil }
func (willing) Takes(context.Context, string) error               { return nil }
func (willing) Hold(context.Context, string, time.Duration) error { return nil }
func (willing) Release(context.Context, string) error             { return nil }
func (willing) Serves(context.Context, string, string) error      { return nil }

// TestFailoverWithoutAnswer: the Sentinel begins the failover and its answer is lost. The replica is followed, and the old master stays fenced.
func TestFailoverWithoutAnswer(t *testing.T) {
	pool := servers.NewT(t)
	master := pool.Redis(servers.RedisOptions{})
	replica := pool.Redis(servers.RedisOptions{ReplicaOf: master.Addr()})
	if err := replica.WaitSynced(t.Context()); err != nil {
		t.Fatal(err)
	}
	addr := fakeSentinel(t, master.Addr(), replica.Addr(), func() string {
		_, _ = replica.Do(context.Background(), "REPLICAOF", "NO", "ONE")
		return ""
	})
	limits := DefaultLimits()
	limits.Demotion = 100 * time.Millisecond
	r, err := Run(context.Background(), Options{Master: "m", Sentinels: []string{addr}, Own: willing{}, Limits: limits})
	fails(t, "the end", err, "the fence is left")
	if r.Outcome != Switched || r.To != replica.Addr() {
		t.Errorf("%+v", r)
	}
	if reply, err := master.Do(context.Background(), "SET", "a", "1"); err == nil {
		t.Errorf("the old master takes writes: %v", reply)
	}
}
