// Package binary lets tests ask the proxy itself whether it takes what a manifest gives it.
package binary

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Build compiles the proxy of the tree and returns the program's path; it is removed with the test.
func Build(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sentinelproxy")
	build := exec.Command("go", "build", "-o", path, "./cmd/sentinelproxy")
	build.Dir = root(t)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build ./cmd/sentinelproxy: %v\n%s", err, out)
	}
	return path
}

// Accepts fails the test unless `config check` accepts the arguments of a `run` and the variables. Files that
// they name for secrets are replaced by one that exists, since a manifest's are on another machine.
func Accepts(t testing.TB, program string, args, env []string) {
	t.Helper()
	if out, err := check(t, program, args, env); err != nil {
		t.Errorf("config check refuses %q with %q: %v\n%s", args, env, err, out)
	}
}

// Refuses fails the test unless `config check` refuses the same, naming want.
func Refuses(t testing.TB, program string, args, env []string, want string) {
	t.Helper()
	if out, err := check(t, program, args, env); err == nil || !strings.Contains(out, want) {
		t.Errorf("config check of %q with %q: %v, and its output has no %q:\n%s", args, env, err, want, out)
	}
}

func check(t testing.TB, program string, args, env []string) (string, error) {
	t.Helper()
	if len(args) == 0 || args[0] != "run" {
		t.Fatalf("not the arguments of a run: %q", args)
	}
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, append([]string{"config", "check"}, atHand(args[1:], secret)...)...)
	cmd.Env = atHand(env, secret) // and none of this process's own, which might stand in for what a manifest forgot
	out, err := cmd.CombinedOutput()
	// A variable that means nothing is a warning to the program, but in a manifest of ours it is a mistake.
	if err == nil && strings.Contains(string(out), "warning") {
		return string(out), os.ErrInvalid
	}
	return string(out), err
}

// atHand replaces the value of each NAME=PATH whose name says that it is a password's file.
func atHand(settings []string, secret string) []string {
	replaced := make([]string, len(settings))
	for i, s := range settings {
		name, _, _ := strings.Cut(s, "=")
		if lower := strings.ToLower(name); strings.HasSuffix(strings.ReplaceAll(lower, "_", "-"), "password-file") {
			s = name + "=" + secret
		}
		replaced[i] = s
	}
	return replaced
}

// root is the folder of the module sentinelproxy.
func root(t testing.TB) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		t.Fatalf("go env GOMOD: %v", err)
	}
	return filepath.Dir(filepath.Dir(strings.TrimSpace(string(out))))
}
