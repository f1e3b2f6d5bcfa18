package target

import (
	"fmt"
	"os"
	"os/exec"
	"strings"

	"sentinelproxy/benchmarks/load"
	"sentinelproxy/internal/servers"
)

// Build says which sentinelproxy to run.
type Build struct {
	Bin  string   // "": built from the tree
	Args []string // further flags
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

// startSelf starts a sentinelproxy unless s has one already.
func (e *Env) startSelf(name string, build Build, s *shared) error {
	if s.proc != nil {
		return nil
	}
	bin, err := e.binary(build)
	if err != nil {
		return err
	}
	sentinel, err := e.watched()
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
		"--master", masterName, "--sentinel", sentinel.Addr(), "--admin", fmt.Sprintf("127.0.0.1:%d", admin),
	}
	cmd, err := e.pool.Command(servers.CommandOptions{
		Name: name, Path: bin, Args: append(args, build.Args...), Ports: []int{port},
	})
	if err != nil {
		return err
	}
	*s = shared{proc: cmd.Process, port: port, socket: socket}
	return nil
}

// binary returns the program of a build; the tree's is built once, static as it is shipped.
func (e *Env) binary(build Build) (string, error) {
	if build.Bin != "" {
		return build.Bin, nil
	}
	bin := e.path("sentinelproxy")
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
