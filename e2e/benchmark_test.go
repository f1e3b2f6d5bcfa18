package e2e

import (
	"context"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"sentinelproxy/internal/servers"
)

// tool runs a program of redis-tools against an address; in is its standard input. A program that has not ended
// after a minute is killed.
func tool(t testing.TB, addr, in, program string, args ...string) (out string, err error) {
	t.Helper()
	if _, err := servers.Find(program); err != nil {
		t.Skip(err)
	}
	host, port, _ := strings.Cut(addr, ":")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, append([]string{"-h", host, "-p", port}, args...)...)
	cmd.Stdin = strings.NewReader(in)
	cmd.WaitDelay = time.Second
	b, err := cmd.CombinedOutput()
	return string(b), err
}

var rate = regexp.MustCompile(`(?m)^.*: [0-9.]+ requests per second`)

// defaultTests is how many lines redis-benchmark 7.0 ends its default tests with: PING_INLINE to MSET.
const defaultTests = 20

// TestBenchmark: every default test of redis-benchmark, shallow and deep, few clients and many, both protocols.
func TestBenchmark(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes more than ten seconds")
	}
	pool := servers.NewT(t)
	cluster := pool.Cluster(servers.ClusterOptions{Sentinels: 1})
	p := before(t, pool, cluster)
	audited := p.audit()
	for _, args := range []string{
		"-c 50 -P 1", "-c 50 -P 1 -3", "-c 50 -P 16", "-c 50 -P 16 -3",
		"-c 500 -P 1", "-c 500 -P 1 -3", "-c 500 -P 16", "-c 500 -P 16 -3",
	} {
		t.Run(args, func(t *testing.T) {
			all := append([]string{"-q", "-n", "2000", "-r", "1000"}, strings.Fields(args)...)
			out, err := tool(t, p.addr, "", "redis-benchmark", all...)
			if err != nil {
				t.Errorf("redis-benchmark: %v\n%s", err, out)
			}
			if strings.Contains(strings.ToLower(out), "err") || strings.Contains(out, "WARNING") {
				t.Errorf("it complains:\n%s", out)
			}
			if n := len(rate.FindAllString(strings.ReplaceAll(out, "\r", "\n"), -1)); n < defaultTests {
				t.Errorf("%d results, want %d:\n%s", n, defaultTests, out)
			}
		})
	}
	audited()
	p.left(0)
	sum := p.settled()
	if sum.closed() != sum.Closed["peer"] {
		t.Errorf("closed: %v", sum.Closed)
	}
}
