package history

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// patience is for what must happen in the end, on a machine that is busy with other things. Sentinels that have seen it stand still for two
// seconds do nothing for half a minute (TILT), and then begin a crash's failover anew.
const patience = 120 * time.Second

// workspace holds what is built.
var workspace string

// program is the path of the sentinelproxy under test: $E2E_PROXY, or built here.
var program = os.Getenv("E2E_PROXY")

func TestMain(m *testing.M) {
	err := setUp()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		os.RemoveAll(workspace)
		os.Exit(code)
	}))
}

func setUp() (err error) {
	if workspace, err = os.MkdirTemp("", "sentinelproxy-history-"); err != nil || program != "" {
		return err
	}
	program, err = build("sentinelproxy")
	return err
}

// build makes the program, with further arguments of go build.
func build(name string, args ...string) (path string, err error) {
	path = filepath.Join(workspace, name)
	args = append(append([]string{"build", "-o", path}, args...), "sentinelproxy/cmd/sentinelproxy")
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("go %q: %w\n%s", args, err, out)
	}
	return path, nil
}

// rounds of a test: n, or SENTINELPROXY_ROUNDS times as many.
func rounds(t *testing.T, n int) int {
	t.Helper()
	text := os.Getenv("SENTINELPROXY_ROUNDS")
	if text == "" {
		return n
	}
	times, err := strconv.Atoi(text)
	if err != nil || times < 1 {
		t.Fatalf("SENTINELPROXY_ROUNDS=%s: %v", text, err)
	}
	return n * times
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
