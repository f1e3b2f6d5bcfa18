package chaos

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

var (
	whole = flag.Bool("whole", false, "the whole matrix, which takes minutes")
	write = flag.String("write", "", "`file` in which to replace the table between its markers")
)

// patience is for what must happen in the end, on a machine that is busy with other things.
const patience = 60 * time.Second

// programVariable names the sentinelproxy under test; without it one is built.
const programVariable = "E2E_PROXY"

// program is the path of the sentinelproxy under test.
var program = os.Getenv(programVariable)

func TestMain(m *testing.M) {
	flag.Parse()
	if inNamespace() {
		errShared = enterNamespace()
		goleak.VerifyTestMain(m)
	}
	dir, err := os.MkdirTemp("", "sentinelproxy-chaos-")
	if err == nil && program == "" {
		program = filepath.Join(dir, "sentinelproxy")
		err = build(program)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.RemoveAll(dir)
		os.Exit(1)
	}
	code, err := runInNamespace(dir)
	if err == nil {
		os.RemoveAll(dir)
		os.Exit(code)
	}
	errShared = err
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		os.RemoveAll(dir)
		os.Exit(code)
	}))
}

func build(path string) error {
	out, err := exec.Command("go", "build", "-o", path, "sentinelproxy/cmd/sentinelproxy").CombinedOutput()
	if err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
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
