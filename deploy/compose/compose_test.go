// Package compose_test loads compose.yaml with the library that docker compose itself uses.
package compose_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"go.uber.org/goleak"

	"sentinelproxy/deploy/internal/binary"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// load reads a file with every profile on; the schema refuses unknown keys.
func load(t *testing.T, file string) (*types.Project, error) {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{file}, cli.WithProfiles([]string{"*"}))
	if err != nil {
		t.Fatal(err)
	}
	return options.LoadProject(context.Background())
}

func service(t *testing.T, name string) types.ServiceConfig {
	t.Helper()
	project, err := load(t, "compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s, err := project.GetService(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestProxyTakesTheArguments(t *testing.T) {
	proxy := service(t, "proxy")
	program := binary.Build(t)
	binary.Accepts(t, program, proxy.Command, nil)
	binary.Refuses(t, program, append(slices.Clone([]string(proxy.Command)), "--lissen=:1"), nil, "--lissen")
}

func TestBuildContextHasTheDockerfile(t *testing.T) {
	build := service(t, "proxy").Build
	if build == nil {
		t.Fatal("the proxy's image is not built")
	}
	if _, err := os.Stat(filepath.Join(build.Context, "Dockerfile")); err != nil {
		t.Error(err)
	}
}

// TestAddresses: what the proxy and the Sentinel are told is where the services are.
func TestAddresses(t *testing.T) {
	address := func(name string) string { return service(t, name).Networks["nodes"].Ipv4Address }
	for _, c := range []struct{ in, text, want string }{
		{"proxy", strings.Join(service(t, "proxy").Command, " "), "--sentinel=" + address("sentinel") + ":26379"},
		{"sentinel", strings.Join(service(t, "sentinel").Command, " "), "sentinel monitor the_master " + address("redis-1") + " 6379 1"},
		{"redis-2", strings.Join(service(t, "redis-2").Command, " "), "--replicaof " + address("redis-1") + " 6379"},
	} {
		if !strings.Contains(c.text, c.want) {
			t.Errorf("the command of %s has no %q: %s", c.in, c.want, c.text)
		}
	}
}

// TestDragonflyIsOptional: and it may not be chosen by the Sentinel before it has the data.
func TestDragonflyIsOptional(t *testing.T) {
	dragonfly := service(t, "dragonfly")
	if !slices.Equal(dragonfly.Profiles, []string{"dragonfly"}) {
		t.Errorf("profiles %v: it would be started without being asked for", dragonfly.Profiles)
	}
	if !slices.Contains(dragonfly.Command, "--replica_priority=0") {
		t.Errorf("no --replica_priority=0 in %v", dragonfly.Command)
	}
}

func TestSchemaRefuses(t *testing.T) {
	data, err := os.ReadFile("compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	broken := filepath.Join(t.TempDir(), "compose.yaml")
	changed := strings.Replace(string(data), "read_only:", "readonly:", 1)
	if err := os.WriteFile(broken, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := load(t, broken); err == nil || !strings.Contains(err.Error(), "readonly") {
		t.Errorf("a key that does not exist: %v", err)
	}
}
