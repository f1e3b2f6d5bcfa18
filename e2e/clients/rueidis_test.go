package clients

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"sentinelproxy/internal/servers"
)

// rueidisPort is written in rueidis's tests and can't be changed from outside.
const rueidisPort = 6379

// builtTests tells the copy of this program in the namespace where rueidis's tests have been built: there, no
// module proxy can be reached.
const builtTests = "E2E_RUEIDIS"

// rueidisSuite is one of rueidis's packages, and those of its tests that want an ordinary Redis at rueidisPort. The
// rest are unit tests, or want clusters, modules or other servers.
type rueidisSuite struct {
	name, pkg string
	run       string // -test.run
}

var rueidisSuites = []rueidisSuite{
	{
		name: "client", pkg: "github.com/redis/rueidis",
		run: "^(TestSingleClientIntegration|TestNegative(ConnWriteTimeout|Keepalive|ConnWriteTimeoutKeepalive)|TestUnblockOnCancel.*)$",
	},
	// Most tests of its locks sleep a second in each of six variants. These use all that a lock is made of: client-side
	// caching with and without NOLOOP, SET PX, scripts, and database 10.
	{
		name: "lock", pkg: "github.com/redis/rueidis/rueidislock",
		run: "^(TestNewLocker|TestLocker_(WithContext_UnlockByClientSideCaching|WithContext_MissingPeers|TryWithContext|Flush))$",
	},
}

func (s *rueidisSuite) program(dir string) string { return filepath.Join(dir, s.name+".test") }

// TestRueidis runs rueidis's own integration tests through the proxy.
func TestRueidis(t *testing.T) {
	if os.Getenv(builtTests) != "" {
		rueidisInside(t)
		return
	}
	if testing.Short() {
		t.Skip("takes a minute")
	}
	for _, s := range rueidisSuites {
		build := exec.Command("go", "test", "-c", "-o", s.program(workspace), s.pkg)
		build.Dir = "rueidis"
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", build, err, out)
		}
	}
	out, err := inside(isolate)
	if errors.Is(err, syscall.EPERM) { // no namespace for us: the port may be free all the same
		out, err = inside(func(*exec.Cmd) {})
	}
	t.Logf("%s", out)
	if err != nil {
		t.Error(err)
	}
	if strings.Contains(string(out), "--- SKIP: TestRueidis ") {
		t.Skip("see above")
	}
}

func inside(prepare func(*exec.Cmd)) ([]byte, error) {
	cmd := exec.Command(os.Args[0], "-test.run=^TestRueidis$", "-test.v", "-test.timeout=5m")
	cmd.Env = append(os.Environ(), "E2E_PROXY="+program, builtTests+"="+workspace)
	prepare(cmd)
	return cmd.CombinedOutput()
}

// rueidisInside is the test as it runs in the namespace.
func rueidisInside(t *testing.T) {
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", rueidisPort))
	switch {
	case err != nil && os.Getenv("CI") == "true":
		t.Fatal(err)
	case err != nil:
		t.Skipf("rueidis's tests want port %d, and there is no network namespace to be had: %v", rueidisPort, err)
	}
	l.Close()
	pool := servers.NewT(t)
	// Nothing is to fail over here, however busy the machine is.
	cluster := pool.Cluster(servers.ClusterOptions{Replicas: 1, Sentinels: 3, DownAfter: 30 * time.Second})
	p := start(t, pool, cluster, rueidisPort)
	for _, s := range rueidisSuites {
		t.Run(s.name, func(t *testing.T) { s.runThrough(t) })
	}
	p.concluded(t)
}

func (s *rueidisSuite) runThrough(t *testing.T) {
	cmd := exec.Command(s.program(os.Getenv(builtTests)), "-test.v", "-test.timeout=4m", "-test.run="+s.run)
	out, err := cmd.CombinedOutput()
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, "--- ") || err != nil {
			t.Log(strings.TrimSpace(line))
		}
	}
	if err != nil {
		t.Errorf("%v: %v", cmd, err)
	} else if !strings.Contains(string(out), "--- PASS: ") {
		t.Error("no test has run")
	}
}
