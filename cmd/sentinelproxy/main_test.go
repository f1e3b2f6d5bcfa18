package main

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"
	"go.uber.org/zap"
)

// leakChecked runs the tests and then looks for goroutines. testscript.Main and goleak.VerifyTestMain both want
// to be the last and to exit by themselves, so the check is made here.
type leakChecked struct{ m *testing.M }

func (l leakChecked) Run() int {
	code := l.m.Run()
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	return code
}

// TestMain lets the test binary be the commands of the scripts.
func TestMain(m *testing.M) {
	testscript.Main(leakChecked{m}, map[string]func(){
		"sentinelproxy": main,
		"stubborn":      stubborn,
		"twice":         twice,
		"hangup":        hangup,
	})
}

// stubborn is told to stop and does not.
func stubborn() {
	ctx, stop := stopOnSignal(zap.NewNop())
	defer stop()
	fmt.Println("ready")
	<-ctx.Done()
	fmt.Println("told")
	time.Sleep(patience)
}

// hangup gets a SIGHUP, says on stdout what is logged, and waits to be stopped.
func hangup() {
	ctx, stop := stopOnSignal(zap.NewExample())
	defer stop()
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		panic(err)
	}
	<-ctx.Done()
}

// twice signals itself, so that nothing else can come in between.
func twice() {
	_, stop := stopOnSignal(zap.NewNop())
	defer stop()
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} { // two of one kind may arrive as one
		if err := syscall.Kill(os.Getpid(), s); err != nil {
			panic(err)
		}
	}
	time.Sleep(2 * sameWithin)
	fmt.Println("alive")
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                "testdata/script",
		RequireUniqueNames: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":       exits,
			"serve-admin": serveAdmin,
			"serve-text":  serveText,
		},
	})
}

// freeAddr is an address that nothing listens at, for now.
func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func atoi(ts *testscript.TestScript, s string) int {
	n, err := strconv.Atoi(s)
	ts.Check(err)
	return n
}
