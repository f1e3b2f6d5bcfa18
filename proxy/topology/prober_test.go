package topology

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"sentinelproxy/internal/servers"
)

// causeOfProbe is the Cause of a failed probe.
func causeOfProbe(t *testing.T, p *Prober, addr string) Cause {
	t.Helper()
	role, err := p.Role(t.Context(), addr)
	var probe *ProbeError
	if !errors.As(err, &probe) {
		t.Fatalf("role %+v, error %v is no ProbeError", role, err)
	}
	return probe.Cause
}

func TestRoleOfRealNodes(t *testing.T) {
	pool := servers.NewT(t)
	master := pool.Redis(servers.RedisOptions{Password: "secret"})
	replica := pool.Redis(servers.RedisOptions{Password: "secret", ReplicaOf: master.Addr()})
	must(t, replica.WaitSynced(t.Context()))
	p := NewProber("", "secret", 0)

	r, err := p.Role(t.Context(), master.Addr())
	if err != nil || !r.Master || r.Replica || r.Loading || r.Offset < 0 || !strings.HasPrefix(r.Raw, "master ") {
		t.Errorf("master: %+v, %v", r, err)
	}
	r, err = p.Role(t.Context(), replica.Addr())
	if err != nil || r.Master || !r.Replica || r.MasterAddr != master.Addr() || r.Link != "connected" || r.Offset < 0 {
		t.Errorf("replica: %+v, %v", r, err)
	}
	if r, err = NewProber("default", "secret", 0).Role(t.Context(), master.Addr()); err != nil || !r.Master {
		t.Errorf("with a user name: %+v, %v", r, err)
	}
}

func TestProbeErrors(t *testing.T) {
	pool := servers.NewT(t)
	n := pool.Redis(servers.RedisOptions{Password: "secret", Config: []string{"user probe on >pw +ping", "maxclients 3"}})
	open := pool.Redis(servers.RedisOptions{})
	sentinel := pool.Sentinel(servers.SentinelOptions{Master: "m", MasterAddr: open.Addr()})
	dead := pool.Redis(servers.RedisOptions{})
	must(t, dead.Kill())

	for _, c := range []struct {
		name, username, password, addr string
		want                           Cause
	}{
		{"no password", "", "", n.Addr(), CauseAuthRequired},
		{"wrong password", "", "x", n.Addr(), CauseWrongPassword},
		{"no permission", "probe", "pw", n.Addr(), CauseNoPermission},
		{"nobody listens", "", "", dead.Addr(), CauseUnreachable},
		{"a Sentinel", "", "", sentinel.Addr(), CauseMalformed},
		{"no address", "", "", "nonsense", CauseUnreachable},
	} {
		if got := causeOfProbe(t, NewProber(c.username, c.password, 0), c.addr); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	if r, err := NewProber("", "needless", 0).Role(t.Context(), open.Addr()); err != nil || !r.Master {
		t.Errorf("a password that the node does not want: %+v, %v", r, err)
	}

	var reply interface {
		error
		RedisError()
	}
	_, err := NewProber("", "", 0).Role(t.Context(), n.Addr())
	if !errors.As(err, &reply) || !strings.HasPrefix(reply.Error(), "NOAUTH ") {
		t.Errorf("%v is not known for a reply", err)
	}
	_, err = NewProber("", "", 0).Role(t.Context(), dead.Addr())
	if errors.As(err, &reply) {
		t.Errorf("%v is taken for a reply", err)
	}

	p := NewProber("", "", 0)
	for _, ours := range []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.EADDRNOTAVAIL} {
		p.Dial = func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("socket", ours)}
		}
		if got := causeOfProbe(t, p, open.Addr()); got != CauseLocal {
			t.Errorf("%v: %v", ours, got)
		}
	}

	for range 3 {
		conn, err := net.Dial("tcp", n.Addr())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	if got := causeOfProbe(t, NewProber("", "secret", 0), n.Addr()); got != CauseRefused {
		t.Errorf("too many clients: %v", got)
	}
}

func TestProbeOfLoadingNode(t *testing.T) {
	n := servers.NewT(t).Redis(servers.RedisOptions{
		Config: []string{"enable-debug-command local"},
		Args:   []string{"--key-load-delay", "500", "--loading-process-events-interval-bytes", "1024"}, // 2 s for 4000 keys
	})
	for _, command := range [][]any{{"DEBUG", "POPULATE", 4000}, {"SAVE"}} {
		if _, err := n.Do(t.Context(), command...); err != nil {
			t.Fatal(err)
		}
	}
	must(t, n.Kill())
	restarted := make(chan error, 1)
	go func() { restarted <- n.Restart() }() // returns when it has loaded

	p := NewProber("", "", 0)
	seen := false
	for {
		r, err := p.Role(t.Context(), n.Addr())
		seen = seen || err == nil && r.Master && r.Loading
		select {
		case err := <-restarted:
			must(t, err)
			if !seen {
				t.Error("a node that was loading was never seen so")
			}
			if r, err := p.Role(t.Context(), n.Addr()); err != nil || r.Loading {
				t.Errorf("loaded: %+v, %v", r, err)
			}
			return
		case <-time.After(time.Millisecond):
		}
	}
}

// TestProbeOfHungNode: it takes no longer than the timeout, nor than the caller wants to wait.
func TestProbeOfHungNode(t *testing.T) {
	n := servers.NewT(t).Redis(servers.RedisOptions{})
	must(t, n.Pause())
	if got := causeOfProbe(t, NewProber("", "", 50*time.Millisecond), n.Addr()); got != CauseUnreachable {
		t.Errorf("timeout: %v", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	began := time.Now()
	if _, err := NewProber("", "", time.Hour).Role(ctx, n.Addr()); err == nil || time.Since(began) > patience {
		t.Errorf("cancelled: %v after %v", err, time.Since(began))
	}
}

// TestRoleShapes: every shape that is known of, and those that are none.
func TestRoleShapes(t *testing.T) {
	const pong = "+PONG\r\n"
	for _, c := range []struct {
		name, reply string
		want        Role
		cause       Cause
	}{
		{name: "Redis master", reply: "*3\r\n$6\r\nmaster\r\n:3129659\r\n*1\r\n*3\r\n$9\r\n127.0.0.1\r\n$4\r\n9001\r\n$7\r\n3129242\r\n" + pong, want: Role{Master: true, Offset: 3129659, Raw: "master 3129659 [1]"}},
		{name: "Redis replica", reply: "*5\r\n$5\r\nslave\r\n$9\r\n127.0.0.1\r\n:9000\r\n$9\r\nconnected\r\n:3167038\r\n" + pong, want: Role{Replica: true, MasterAddr: "127.0.0.1:9000", Link: "connected", Offset: 3167038, Raw: "slave 127.0.0.1 9000 connected 3167038"}},
		{name: "Redis replica of IPv6", reply: "*5\r\n$5\r\nslave\r\n$3\r\n::1\r\n:9000\r\n$7\r\nconnect\r\n:-1\r\n" + pong, want: Role{Replica: true, MasterAddr: "[::1]:9000", Link: "connect", Offset: -1, Raw: "slave ::1 9000 connect -1"}},
		{name: "Dragonfly master", reply: "*2\r\n$6\r\nmaster\r\n*0\r\n" + pong, want: Role{Master: true, Offset: -1, Raw: "master [0]"}},
		{name: "Dragonfly replica", reply: "*4\r\n$5\r\nslave\r\n$9\r\n127.0.0.1\r\n$5\r\n17103\r\n$9\r\nfull_sync\r\n" + pong, want: Role{Replica: true, MasterAddr: "127.0.0.1:17103", Link: "full_sync", Offset: -1, Raw: "slave 127.0.0.1 17103 full_sync"}},
		{name: "Dragonfly replica, new word", reply: "*4\r\n$7\r\nreplica\r\n$1\r\nh\r\n$1\r\n1\r\n$6\r\nonline\r\n" + pong, want: Role{Replica: true, MasterAddr: "h:1", Link: "online", Offset: -1, Raw: "replica h 1 online"}},
		{name: "loading, role known", reply: "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n-LOADING Redis is loading the dataset in memory\r\n", want: Role{Master: true, Loading: true, Raw: "master 0 [0]"}},
		{name: "loading, role unknown", reply: "-LOADING Dragonfly is loading the dataset in memory\r\n-LOADING\r\n", cause: CauseLoading},
		{name: "no permission for PING", reply: "*2\r\n$6\r\nmaster\r\n*0\r\n-NOPERM no\r\n", want: Role{Master: true, Offset: -1, Raw: "master [0]"}},
		{name: "master down", reply: "-MASTERDOWN Link with MASTER is down\r\n" + pong, cause: CauseMasterDown},
		{name: "busy", reply: "-BUSY Redis is busy running a script.\r\n-BUSY\r\n", cause: CauseRefused},
		{name: "protected", reply: "-DENIED Redis is running in protected mode\r\n", cause: CauseRefused},
		{name: "old words for a password", reply: "-NOAUTH\r\n-NOAUTH\r\n", cause: CauseAuthRequired},
		{name: "Sentinel", reply: "*2\r\n$8\r\nsentinel\r\n*0\r\n" + pong, cause: CauseMalformed},
		{name: "itself", reply: "*1\r\n$4\r\nROLE\r\n*1\r\n$4\r\nPING\r\n", cause: CauseMalformed}, // a socket connected to itself
		{name: "short replica", reply: "*2\r\n$5\r\nslave\r\n$1\r\nh\r\n" + pong, cause: CauseMalformed},
		{name: "empty", reply: "*0\r\n" + pong, cause: CauseMalformed},
		{name: "null", reply: "*-1\r\n" + pong, cause: CauseMalformed},
		{name: "HTTP", reply: "HTTP/1.1 400 Bad Request\r\n\r\n", cause: CauseMalformed},
		{name: "RESP3", reply: "%1\r\n+role\r\n+master\r\n" + pong, cause: CauseMalformed},
		{name: "endless", reply: "*1000000\r\n" + strings.Repeat("$6\r\nmaster\r\n", 40000), cause: CauseMalformed},
		{name: "deep", reply: strings.Repeat("*1\r\n", 50), cause: CauseMalformed},
		{name: "cut off", reply: "*3\r\n$6\r\nmaster\r\n:31", cause: CauseUnreachable},
		{name: "nothing", reply: "", cause: CauseUnreachable},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := NewProber("", "", 0)
			p.Dial = func(context.Context, string, string) (net.Conn, error) {
				here, there := net.Pipe()
				go func() { // ends when Role closes its end
					defer there.Close()
					_, _ = there.Read(make([]byte, 1024))
					_, _ = there.Write([]byte(c.reply))
				}()
				return here, nil
			}
			if c.cause != 0 {
				if got := causeOfProbe(t, p, "a:1"); got != c.cause {
					t.Errorf("%v, want %v", got, c.cause)
				}
				return
			}
			if got, err := p.Role(t.Context(), "a:1"); err != nil || got != c.want {
				t.Errorf("\n got %+v, %v\nwant %+v", got, err, c.want)
			}
		})
	}
}

func FuzzReplies(f *testing.F) {
	f.Add([]byte("*3\r\n$6\r\nmaster\r\n:3129659\r\n*1\r\n*1\r\n$9\r\n127.0.0.1\r\n+PONG\r\n"))
	f.Add([]byte("-ERR\r\n*-1\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		here, there := net.Pipe()
		go func() { defer there.Close(); _, _ = there.Write(data) }()
		defer here.Close()
		values, err := readReplies(here, 2)
		if err == nil && len(values) != 2 {
			t.Errorf("%d replies without an error", len(values))
		}
		if len(values) == 2 {
			_, _ = judge("a:1", values)
		}
	})
}

// BenchmarkRole is a whole probe: dial, ask, close. In a hold there are up to a hundred a second.
func BenchmarkRole(b *testing.B) {
	n := servers.NewT(b).Redis(servers.RedisOptions{})
	p := NewProber("", "", 0)
	before := runtime.NumGoroutine()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Role(b.Context(), n.Addr()); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	if after := runtime.NumGoroutine(); after > before {
		b.Errorf("%d goroutines more", after-before)
	}
	waiting := 0
	if table, err := os.ReadFile("/proc/net/tcp"); err == nil {
		waiting = strings.Count(string(table), fmt.Sprintf("0100007F:%04X 06 ", n.Port)) // TIME_WAIT towards the node
	}
	b.ReportMetric(float64(waiting), "time-waits")
}
