package e2e

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// patience is for what must happen in the end, on a machine that is busy with other things.
const patience = 60 * time.Second

// race builds the program with the race detector; a race it finds fails the test by the exit code.
var race = flag.Bool("proxy.race", os.Getenv("E2E_RACE") != "", "build sentinelproxy with -race (also: E2E_RACE=1)")

// raceByDefault: see race_test.go.
var raceByDefault bool

// program is the path of the sentinelproxy under test: $E2E_PROXY, or built here.
var program = os.Getenv("E2E_PROXY")

func TestMain(m *testing.M) {
	flag.Parse()
	dir, err := build()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		os.RemoveAll(dir)
		os.Exit(code)
	}))
}

func build() (dir string, err error) {
	if program != "" {
		return "", nil
	}
	if dir, err = os.MkdirTemp("", "sentinelproxy-e2e-"); err != nil {
		return "", err
	}
	program = filepath.Join(dir, "sentinelproxy")
	args := []string{"build", "-o", program}
	if *race || raceByDefault {
		args = append(args, "-race")
	}
	out, err := exec.Command("go", append(args, "sentinelproxy/cmd/sentinelproxy")...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return dir, nil
}

// long skips a test that only `make test-long` has the time for.
func long(t testing.TB) {
	t.Helper()
	if os.Getenv("E2E_LONG") == "" {
		t.Skip("long: see make test-long")
	}
}

// eventually asks until ok returns nil.
func eventually(t testing.TB, what string, ok func() error) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		err := ok()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %v: %v", what, patience, err)
		}
	}
}
