package redis

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
)

// workspace holds what is built once, and the units' own copies of the suite.
var workspace string

// program is the path of the sentinelproxy under test: $E2E_PROXY, or built here.
var program = os.Getenv("E2E_PROXY")

func TestMain(m *testing.M) {
	if err := setUp(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		os.RemoveAll(workspace)
		os.Exit(code)
	}))
}

func setUp() (err error) {
	if workspace, err = os.MkdirTemp("", "sentinelproxy-redis-"); err != nil || program != "" || os.Getenv(source) == "" {
		return err
	}
	program = filepath.Join(workspace, "sentinelproxy")
	out, err := exec.Command("go", "build", "-o", program, "sentinelproxy/cmd/sentinelproxy").CombinedOutput()
	if err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
}
