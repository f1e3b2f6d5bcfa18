package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A process that takes longer than this to start or stop hangs.
const patience = 30 * time.Second

// start runs the test binary as the named command. It is killed when the test ends, or by the time of patience.
func start(t *testing.T, name string, args ...string) (cmd *exec.Cmd, stderr *bytes.Buffer, stdout *bufio.Reader) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	cmd = exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Args[0] = name // by which TestMain tells what it is
	stderr = &bytes.Buffer{}
	cmd.Stderr = stderr
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // an error when it has been waited for already
	})
	return cmd, stderr, bufio.NewReader(pipe)
}

// startProxy runs a proxy whose Sentinel does not exist, and waits until it takes clients.
func startProxy(t *testing.T, args ...string) (cmd *exec.Cmd, stderr *bytes.Buffer, admin string) {
	t.Helper()
	admin = freeAddr(t)
	cmd, stderr, _ = start(t, "sentinelproxy", append([]string{"run", "--master", "m", "--sentinel", "127.0.0.1:1", "--admin", admin}, args...)...)
	deadline := time.Now().Add(patience)
	for {
		client := http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
		resp, err := client.Get("http://" + admin + "/readyz")
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return cmd, stderr, admin
			}
		}
		if time.Now().After(deadline) {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			t.Fatalf("not ready: %v\n%s", err, stderr)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func exitCode(t *testing.T, err error) int {
	t.Helper()
	if err == nil {
		return 0
	}
	var ee *exec.ExitError
	if !errors.As(err, &ee) {
		t.Fatal(err)
	}
	return ee.ExitCode()
}

func TestSignalStopsGracefully(t *testing.T) {
	for _, sig := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		listen := freeAddr(t)
		cmd, stderr, _ := startProxy(t, "--listen", listen)
		conn, err := net.Dial("tcp", listen)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if err := cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		if code := exitCode(t, cmd.Wait()); code != 0 {
			t.Errorf("%v: exit code %d\n%s", sig, code, stderr)
		}
		for line := range strings.Lines(stderr.String()) {
			if !json.Valid([]byte(line)) {
				t.Errorf("not JSON, though stderr is no terminal: %s", line)
			}
		}
	}
}

func TestSecondSignalStopsAtOnce(t *testing.T) {
	cmd, stderr, stdout := start(t, "stubborn")
	for _, want := range []string{"ready\n", "told\n"} {
		time.Sleep(2 * sameWithin) // or the second would be taken for the first
		if line, err := stdout.ReadString('\n'); line != want {
			t.Fatalf("got %q, %v, want %q\n%s", line, err, want, stderr)
		}
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
	}
	_, _ = io.Copy(io.Discard, stdout)
	if code := exitCode(t, cmd.Wait()); code != exitFailure {
		t.Errorf("exit code %d, want %d", code, exitFailure)
	}
}

// SIGHUP, which would end a process that does not ask for it, is said to change nothing.
func TestHangupIsIgnored(t *testing.T) {
	cmd, stderr, stdout := start(t, "hangup")
	if line, err := stdout.ReadString('\n'); !strings.Contains(line, "a change needs a restart") {
		t.Fatalf("%q, %v\n%s", line, err, stderr)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, stdout)
	if code := exitCode(t, cmd.Wait()); code != 0 {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
}

// What two parties send within a moment is one signal.
func TestSignalsOfOneMomentAreOne(t *testing.T) {
	cmd, stderr, stdout := start(t, "twice")
	out, _ := io.ReadAll(stdout)
	if code := exitCode(t, cmd.Wait()); code != 0 || string(out) != "alive\n" {
		t.Errorf("exit code %d, %q\n%s", code, out, stderr)
	}
}

// A port that is taken: exit 1, and the last line names flag and address.
func TestPortTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	taken := l.Addr().String()
	for flag, args := range map[string][]string{
		"--listen": {"--listen", taken, "--admin", freeAddr(t)},
		"--admin":  {"--listen", freeAddr(t), "--admin", taken},
	} {
		cmd, stderr, _ := start(t, "sentinelproxy", append([]string{"run", "--master", "m", "--sentinel", "127.0.0.1:1"}, args...)...)
		code := exitCode(t, cmd.Wait())
		lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
		want := "sentinelproxy: " + flag + " " + taken + ": address already in use"
		if last := lines[len(lines)-1]; code != exitFailure || last != want {
			t.Errorf("exit code %d, want %d; got %q, want %q", code, exitFailure, last, want)
		}
	}
}

// `status` of a proxy without any Sentinel: it holds, and is ready.
func TestStatusOfRunningProxy(t *testing.T) {
	socket := "unix://" + filepath.Join(t.TempDir(), "s")
	_, _, admin := startProxy(t, "--listen", socket, "--listen", freeAddr(t))
	var s struct {
		Groups []struct {
			Group, State string
			Listen       []string
		}
	}
	cmd, stderr, stdout := start(t, "sentinelproxy", "status", "--json", "--admin", admin)
	if err := json.NewDecoder(stdout).Decode(&s); err != nil {
		t.Fatalf("%v\n%s", err, stderr)
	}
	if code := exitCode(t, cmd.Wait()); code != 0 {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	if len(s.Groups) != 1 || s.Groups[0].Group != "m" || s.Groups[0].State != "starting" || len(s.Groups[0].Listen) != 2 {
		t.Errorf("%+v", s)
	}
}
