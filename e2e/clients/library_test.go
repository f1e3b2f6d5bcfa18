package clients

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// library is one that applications use, with our application on it.
type library struct {
	name    string
	install string // what to install when it is missing
	// prepare checks that it is there, builds what has to be built, and returns the command, to which HOST PORT
	// STOPFILE are added.
	prepare func() ([]string, error)
	rounds  int // before and after a disturbance; those of slow ones are worth more
}

var libraries = []library{
	{name: "redis-py", install: "python3-redis", prepare: python, rounds: 20},
	{name: "phpredis", install: "php-cli php-redis", prepare: interpreted("php", "php/phpredis.php", "-r", "exit(extension_loaded('redis') && extension_loaded('pcntl') ? 0 : 1);"), rounds: 20},
	{name: "redis-rb", install: "ruby ruby-redis", prepare: interpreted("ruby", "ruby/redis_rb.rb", "-e", "require 'redis'"), rounds: 20},
	{name: "sidekiq", install: "ruby-sidekiq", prepare: interpreted("ruby", "ruby/sidekiq_jobs.rb", "-e", "require 'sidekiq'"), rounds: 5},
	{name: "hiredis", install: "gcc libhiredis-dev", prepare: hiredis, rounds: 20},
	{name: "ioredis", install: "nodejs 20 and, in e2e/clients/node, npm ci", prepare: node("ioredis.mjs"), rounds: 20},
	{name: "node-redis", install: "nodejs 20 and, in e2e/clients/node, npm ci", prepare: node("node_redis.mjs"), rounds: 20},
	{name: "bullmq", install: "nodejs 20 and, in e2e/clients/node, npm ci", prepare: node("bullmq.mjs"), rounds: 5},
}

// command prepares the library. Where it is missing the test is skipped, but not in CI, where a skipped test would
// pass unseen for ever.
func (l *library) command(t *testing.T) []string {
	t.Helper()
	args, err := l.prepare()
	if err != nil {
		err = fmt.Errorf("%s is not installed (%s): %w", l.name, l.install, err)
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	return args
}

// interpreted is a script whose interpreter runs check without complaint.
func interpreted(interpreter, script string, check ...string) func() ([]string, error) {
	return func() ([]string, error) {
		path, err := filepath.Abs(script)
		if err == nil {
			err = run(".", interpreter, check...)
		}
		return []string{interpreter, path}, err
	}
}

// python: Debian's packages belong to Debian's interpreter, which need not be the first in PATH.
func python() (command []string, err error) {
	for _, interpreter := range []string{"/usr/bin/python3", "python3"} {
		if command, err = interpreted(interpreter, "python/redis_py.py", "-c", "import redis")(); err == nil {
			return command, nil
		}
	}
	return nil, err
}

// node's packages are installed by `npm ci` (make test-clients does it): a test reaches for no registry.
func node(script string) func() ([]string, error) {
	return func() ([]string, error) {
		path, err := filepath.Abs(filepath.Join("node", script))
		if err == nil {
			err = run("node", "node", "-e", "for (const p of ['ioredis', 'redis', 'bullmq']) require(p)")
		}
		return []string{"node", path}, err
	}
}

func hiredis() ([]string, error) {
	path := filepath.Join(workspace, "hiredis")
	return []string{path}, run(".", "gcc", "-O1", "-Wall", "-Werror", "-o", path, "c/hiredis.c", "-lhiredis")
}

func run(dir, program string, args ...string) error {
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		return fmt.Errorf("%s: %w: %s", program, err, lines[0])
	}
	return nil
}
