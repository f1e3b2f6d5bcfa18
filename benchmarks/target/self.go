package target

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"sentinelproxy/benchmarks/load"
	"sentinelproxy/internal/servers"
)

// Build says which sentinelproxy to run.
type Build struct {
	Bin  string   // "": built from the tree
	Args []string // further flags
	Flag string   // of the benchmark's that Args came from, for errors
}

// blame says of an error that it came with the further flags.
func (b Build) blame(err error) error {
	if len(b.Args) == 0 {
		return err
	}
	return fmt.Errorf("with %s %q: %w", b.Flag, strings.Join(b.Args, " "), err)
}

func self(e *Env) (*servers.Process, load.Endpoint, error) {
	err := e.startSelf(Self, e.a, &e.self)
	return e.self.proc, local(e.self.port), err
}

func selfUnix(e *Env) (*servers.Process, load.Endpoint, error) {
	err := e.startSelf(Self, e.a, &e.self)
	return e.self.proc, load.Endpoint{Socket: e.self.socket}, err
}

func selfB(e *Env) (*servers.Process, load.Endpoint, error) {
	var other shared
	err := e.startSelf(SelfB, e.b, &other)
	return other.proc, local(other.port), err
}

// acknowledge is the mode of --acknowledge that is measured beside the default.
const acknowledge = "replicas=1,timeout=1s,on-timeout=error"

func selfReplicated(e *Env) (*servers.Process, load.Endpoint, error) {
	return e.startReplicated("sentinelproxy-replicated", nil)
}

func selfAcknowledged(e *Env) (*servers.Process, load.Endpoint, error) {
	return e.startReplicated("sentinelproxy-acknowledged", []string{"--acknowledge", acknowledge})
}

// startReplicated has a server of its own, which a replica follows: that costs the server something for each write, whoever
// writes, so it must not be the server of the others.
func (e *Env) startReplicated(name string, flags []string) (*servers.Process, load.Endpoint, error) {
	if e.replicated == nil {
		var err error
		e.replicated, err = e.pool.Cluster(servers.ClusterOptions{
			Name: MasterName, Replicas: 1, Sentinels: 1, DownAfter: time.Minute, FailoverTimeout: 3 * time.Minute,
		})
		if err != nil {
			return nil, load.Endpoint{}, err
		}
	}
	var s shared
	err := e.runSelf(name, e.a, &s, e.replicated.Sentinels[0], flags)
	return s.proc, local(s.port), err
}

func replicated(e *Env) *servers.Node { return e.replicated.Nodes[0] }

// Acknowledges says whether the sentinelproxy that is measured knows --acknowledge.
func (e *Env) Acknowledges() (bool, error) {
	bin, err := e.binary(e.a)
	if err != nil {
		return false, err
	}
	help, err := exec.Command(bin, "run", "--help").Output()
	if err != nil {
		return false, fmt.Errorf("%s run --help: %w", bin, err)
	}
	return strings.Contains(string(help), "--acknowledge"), nil
}

// AddSentinels makes n of the Sentinels that watch the server, and returns the addresses of those beside the first. They have
// found one another when it returns.
func (e *Env) AddSentinels(ctx context.Context, n int) ([]string, error) {
	first, err := e.watched()
	if err != nil {
		return nil, err
	}
	if e.sentinels == nil {
		e.sentinels = []*servers.Sentinel{first}
	}
	for len(e.sentinels) < n {
		s, err := e.pool.Sentinel(e.watching(MasterName))
		if err != nil {
			return nil, err
		}
		e.sentinels = append(e.sentinels, s)
	}
	var addrs []string
	for _, s := range e.sentinels[:n] {
		if err := s.WaitKnows(ctx, 0, len(e.sentinels)-1); err != nil {
			return nil, err
		}
		addrs = append(addrs, s.Addr())
	}
	return addrs[1:], nil
}

// Name has the Sentinel watch the server under a further name.
func (e *Env) Name(ctx context.Context, name string) error {
	s, err := e.watched()
	if err != nil {
		return err
	}
	_, err = s.Do(ctx, "SENTINEL", "MONITOR", name, "127.0.0.1", e.Server.Port, 1)
	return err
}

// Fresh starts a further sentinelproxy with further flags, which has served nobody yet. The caller may stop it.
func (e *Env) Fresh(flags ...string) (Target, error) {
	var s shared
	if err := e.startSelf(fmt.Sprintf("fresh-%d", len(e.Processes())), e.a, &s, flags...); err != nil {
		return Target{}, err
	}
	t := Target{Name: Self, Note: strings.Join(flags, " "), At: local(s.port), Proxy: s.proc, Server: e.Server}
	if err := e.await(t.At, s.proc); err != nil {
		return Target{}, fmt.Errorf("%s: %w", Self, err)
	}
	return t, nil
}

// FromConfig starts a further sentinelproxy whose groups are those of a configuration file, with the Sentinel that watches
// the server; at is a listener of the file's. The caller may stop it.
func (e *Env) FromConfig(file string, at load.Endpoint) (Target, error) {
	bin, err := e.binary(e.a)
	if err != nil {
		return Target{}, err
	}
	sentinel, err := e.watched()
	if err != nil {
		return Target{}, err
	}
	cmd, err := e.pool.Command(servers.CommandOptions{
		Name: Self, Path: bin, Args: append([]string{"run", "--config", file, "--sentinel", sentinel.Addr(), "--admin", ""}, e.a.Args...),
	})
	if err != nil {
		return Target{}, e.a.blame(err)
	}
	t := Target{Name: Self, At: at, Proxy: cmd.Process, Server: e.Server}
	if err := e.await(at, t.Proxy); err != nil {
		return Target{}, fmt.Errorf("%s: %w", Self, err)
	}
	return t, nil
}

// startSelf starts a sentinelproxy, with the flags before those of the build, unless s has one already.
func (e *Env) startSelf(name string, build Build, s *shared, flags ...string) error {
	if s.proc != nil {
		return nil
	}
	sentinel, err := e.watched()
	if err != nil {
		return err
	}
	return e.runSelf(name, build, s, sentinel, flags)
}

// runSelf starts one on free ports, with the flags before those of the build.
func (e *Env) runSelf(name string, build Build, s *shared, sentinel *servers.Sentinel, flags []string) error {
	bin, err := e.binary(build)
	if err != nil {
		return err
	}
	port, err := servers.FreePort()
	if err != nil {
		return err
	}
	admin, err := servers.FreePort()
	if err != nil {
		return err
	}
	socket := e.path(name + ".sock")
	args := []string{
		"run",
		"--listen", fmt.Sprintf("127.0.0.1:%d", port), "--listen", "unix://" + socket,
		"--master", MasterName, "--sentinel", sentinel.Addr(), "--admin", fmt.Sprintf("127.0.0.1:%d", admin),
	}
	cmd, err := e.pool.Command(servers.CommandOptions{
		Name: name, Path: bin, Args: slices.Concat(args, flags, build.Args), Ports: []int{port},
	})
	if err != nil {
		return build.blame(err)
	}
	*s = shared{proc: cmd.Process, port: port, socket: socket}
	return nil
}

// binary returns the program of a build.
func (e *Env) binary(build Build) (string, error) { return build.Program(e.dir) }

// Program returns the path of the build's program; the tree's is built into dir, once, static as it is shipped.
func (b Build) Program(dir string) (string, error) {
	if b.Bin != "" {
		return b.Bin, nil
	}
	bin := filepath.Join(dir, "sentinelproxy")
	if _, err := os.Stat(bin); err == nil {
		return bin, nil
	}
	cmd := exec.Command("go", "build", "-trimpath", "-o", bin, "./cmd/sentinelproxy")
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build ./cmd/sentinelproxy: %w\n%s", err, strings.TrimSpace(string(out)))
	}
	return bin, nil
}
