package clients

import (
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

// workspace holds what is built once for all tests.
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
	if err := enterNamespace(); err != nil {
		return err
	}
	if workspace, err = os.MkdirTemp("", "sentinelproxy-clients-"); err != nil || program != "" {
		return err
	}
	program = filepath.Join(workspace, "sentinelproxy")
	out, err := exec.Command("go", "build", "-o", program, "sentinelproxy/cmd/sentinelproxy").CombinedOutput()
	if err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
}

// eventually asks until ok returns nil.
func eventually(t testing.TB, what string, ok func() error) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		err := ok()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %v: %v", what, patience, err)
		}
	}
}
