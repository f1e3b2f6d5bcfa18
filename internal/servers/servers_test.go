package servers

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv(orphanEnv) != "" {
		leaveOrphan()
	}
	goleak.VerifyTestMain(m)
}

func TestRedisLivesThroughKillPauseAndRestart(t *testing.T) {
	pool := NewT(t)
	n := pool.Redis(RedisOptions{Args: []string{"--maxclients", "77"}})
	if got := config(t, n, "maxclients"); got != "77" {
		t.Errorf("maxclients = %s, want the 77 of Args", got)
	}

	if err := n.Pause(); err != nil {
		t.Fatal(err)
	}
	c := n.Client()
	c.Options().ReadTimeout = 100 * time.Millisecond
	if err := c.Ping(t.Context()).Err(); err == nil {
		t.Error("a paused server answered")
	}
	c.Close()
	if err := n.Resume(); err != nil {
		t.Fatal(err)
	}
	if _, err := n.Do(t.Context(), "PING"); err != nil {
		t.Errorf("after Resume: %v", err)
	}

	if err := n.Kill(); err != nil || n.Running() {
		t.Fatalf("Kill: %v, running %v", err, n.Running())
	}
	port, pid := n.Port, n.Pid()
	if err := n.Restart(); err != nil {
		t.Fatal(err)
	}
	if n.Port != port || n.Pid() == pid {
		t.Errorf("restarted on port %d pid %d, was port %d pid %d", n.Port, n.Pid(), port, pid)
	}

	if err := n.Pause(); err != nil { // Stop must reach a paused one
		t.Fatal(err)
	}
	if err := n.Stop(); err != nil || n.ExitCode() != 0 {
		t.Errorf("Stop: %v, exit code %d", err, n.ExitCode())
	}
	if !strings.Contains(n.Log(), "ready to exit") {
		t.Errorf("the log holds no farewell:\n%s", n.tail(5))
	}
}

func config(t *testing.T, n *Node, name string) string {
	t.Helper()
	reply, err := n.Do(t.Context(), "CONFIG", "GET", name)
	if err != nil {
		t.Fatal(err)
	}
	return reply.([]any)[1].(string)
}

func TestCPUGrowsWithWork(t *testing.T) {
	n := NewT(t).Redis(RedisOptions{Config: []string{"enable-debug-command local"}})
	before, err := n.CPU()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.Do(t.Context(), "EVAL", "for i=1,2e7 do end return 1", 0); err != nil {
		t.Fatal(err)
	}
	after, err := n.CPU()
	if err != nil || after <= before {
		t.Errorf("CPU %v, then %v, %v", before, after, err)
	}
	if rss, err := n.RSS(); err != nil || rss < 1<<20 {
		t.Errorf("RSS = %d, %v", rss, err)
	}
}

func TestReplicaSyncsWithPassword(t *testing.T) {
	pool := NewT(t)
	master := pool.Redis(RedisOptions{Password: "a b\"c"})
	replica := pool.Redis(RedisOptions{Password: "a b\"c", ReplicaOf: master.Addr()})
	if err := replica.WaitSynced(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := replica.ReplicaOf(""); err != nil {
		t.Fatal(err)
	}
	if role, err := replica.Role(); err != nil || role != "master" {
		t.Errorf("after REPLICAOF NO ONE: %q, %v", role, err)
	}
}

func TestTakenPortIsNamed(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	pool, err := New()
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	port := l.Addr().(*net.TCPAddr).Port
	_, err = pool.Redis(RedisOptions{Port: port})
	var taken *PortTakenError
	if !errors.As(err, &taken) || taken.Port != port {
		t.Errorf("got %v, want a PortTakenError of %d", err, port)
	}
}

// TestStrangerBetweenLookAndBind: a port that is taken after FreePort has seen it free costs a retry.
func TestStrangerBetweenLookAndBind(t *testing.T) {
	tries := 0
	err := onPort(0, func(port int) error {
		if tries++; tries == 1 {
			return &PortTakenError{Port: port}
		}
		return nil
	})
	if err != nil || tries != 2 {
		t.Errorf("%v after %d tries", err, tries)
	}
}

func TestFreePortsDiffer(t *testing.T) {
	seen := map[int]bool{}
	for range 100 {
		port, err := FreePort()
		if err != nil || seen[port] {
			t.Fatalf("port %d, seen %v, %v", port, seen[port], err)
		}
		seen[port] = true
	}
}

func TestMissingProgramNamesItsPackage(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for program, pkg := range map[string]string{"redis-server": "redis-server", "redis-cli": "redis-tools", "haproxy": "haproxy", "nutcracker": "nutcracker"} {
		_, err := Find(program)
		var missing *MissingError
		if !errors.As(err, &missing) || !strings.HasSuffix(err.Error(), "apt-get install "+pkg) {
			t.Errorf("%s: %v", program, err)
		}
	}
}

func TestServerThatEndsAtOnceShowsItsLog(t *testing.T) {
	pool, err := New()
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	_, err = pool.Redis(RedisOptions{Config: []string{"no-such-option 1"}})
	if err == nil || !strings.Contains(err.Error(), "no-such-option") {
		t.Errorf("got %v", err)
	}
}

// TestRelaysPassOn uses no client: twemproxy closes the connection on their HELLO.
func TestRelaysPassOn(t *testing.T) {
	pool := NewT(t)
	n := pool.Redis(RedisOptions{})
	for _, r := range []*Relay{pool.HAProxy(HAProxyOptions{Backend: n.Addr()}), pool.Nutcracker(NutcrackerOptions{Backend: n.Addr()})} {
		conn, err := net.Dial("tcp", r.Addr())
		if err != nil {
			t.Fatal(err)
		}
		reply := make([]byte, 5)
		_, _ = conn.Write([]byte("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n"))
		if _, err := io.ReadFull(conn, reply); err != nil || string(reply) != "+OK\r\n" {
			t.Errorf("%s: SET answered %q, %v", r.Name(), reply, err)
		}
		conn.Close()
	}
}

func TestCommandRunsInItsDirectory(t *testing.T) {
	c := NewT(t).Command(CommandOptions{Path: "/bin/sh", Args: []string{"-c", "pwd; echo $GREETING; exit 3"}, Env: []string{"GREETING=hello"}})
	<-c.Exited()
	if c.ExitCode() != 3 || !strings.Contains(c.Log(), c.Dir()+"\nhello\n") {
		t.Errorf("exit code %d, log %q", c.ExitCode(), c.Log())
	}
}

func TestDragonflyOrItsDouble(t *testing.T) {
	n := NewT(t).Dragonfly(DragonflyOptions{})
	want := Double
	if path, _ := findDragonfly(); path != "" {
		want = Dragonfly
	}
	if n.Kind() != want {
		t.Errorf("Kind() = %s, want %s", n.Kind(), want)
	}
	if fields, err := n.Info("server"); err != nil || fields["dragonfly_version"] == "" {
		t.Errorf("INFO does not show a Dragonfly: %v, %v", fields, err)
	}
	t.Setenv("DRAGONFLY", "/nonexistent/dragonfly")
	if _, err := findDragonfly(); err == nil {
		t.Error("a DRAGONFLY that does not exist was passed over in silence")
	}
}

const orphanEnv = "SERVERS_TEST_LEAVE_ORPHAN"

// leaveOrphan is what the killed program of TestNothingOutlivesAKilledProgram does: it starts a server
// and dies without cleaning up.
func leaveOrphan() {
	pool, err := New()
	if err != nil {
		panic(err)
	}
	n, err := pool.Redis(RedisOptions{})
	if err != nil {
		panic(err)
	}
	println(n.Pid(), pool.configs)
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
}

func TestNothingOutlivesAKilledProgram(t *testing.T) {
	if !dieWithParent {
		t.Skip("this system can't tie a child's life to its parent's")
	}
	if _, err := Find("redis-server"); err != nil && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), orphanEnv+"=1", "TMPDIR="+t.TempDir())
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != -1 {
		t.Fatalf("%v\n%s", err, out)
	}
	var pid int
	var configs string
	if _, err := fmt.Sscan(string(out), &pid, &configs); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	defer os.RemoveAll(configs) // is not in TMPDIR
	for deadline := time.Now().Add(10 * time.Second); alive(pid); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
			t.Fatalf("server %d outlived the program that started it", pid)
		}
	}
}

// alive: a zombie is dead. In a container whose first process does not wait for orphans it stays for ever.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !bytes.Contains(stat, []byte(") Z "))
}
