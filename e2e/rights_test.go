package e2e

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// documentedUsers are the users of docs/switchover.md that switch over: at the data nodes, and at the Sentinels. Their password is SECRET.
func documentedUsers(t *testing.T) (node, sentinel []string) {
	t.Helper()
	text, err := os.ReadFile("../docs/switchover.md")
	if err != nil {
		t.Fatal(err)
	}
	var users [][]string
	for _, m := range regexp.MustCompile(`(?m)^    (ACL SETUSER switchover [^#\n]*)`).FindAllStringSubmatch(string(text), -1) {
		users = append(users, strings.Fields(m[1]))
	}
	if len(users) != 2 {
		t.Fatalf("%d users are documented, want that of the nodes and that of the Sentinels", len(users))
	}
	return users[0], users[1]
}

// give has every node, or every Sentinel, know a user.
func give(t *testing.T, to []string, user []string, more ...string) {
	t.Helper()
	var args []any
	for _, a := range slices.Concat(user, more) {
		args = append(args, a)
	}
	for _, addr := range to {
		c := redis.NewClient(&redis.Options{Addr: addr, Protocol: 2, MaxRetries: -1, DisableIdentity: true})
		if err := c.Do(context.Background(), args...).Err(); err != nil {
			t.Fatalf("%s: %v: %v", addr, args, err)
		}
		c.Close()
	}
}

// TestSwitchRights: with exactly those that are documented it works. Each that a user lacks is told before anything is held.
func TestSwitchRights(t *testing.T) {
	t.Parallel()
	s := switchableBy(t, 1)
	old := s.cluster.Master()
	var nodes []string
	for _, n := range s.cluster.Nodes {
		nodes = append(nodes, n.Addr())
	}
	sentinels := addrs(s.cluster.Sentinels)
	user, watcher := documentedUsers(t)
	give(t, nodes, user)
	give(t, sentinels, watcher)
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("SECRET\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	to := ""
	for _, addr := range nodes {
		if addr != old.Addr() {
			to = addr
		}
	}
	args := []string{"--username", "switchover", "--password-file", password, "--sentinel-username", "switchover", "--sentinel-password-file", password, "--to", to}

	for _, right := range []string{"info", "role", "config|get", "config|set", "config|rewrite", "client|pause", "client|unpause"} {
		give(t, nodes, user, "-"+right)
		s.refused("'"+right+"'", append(args, "--dry-run")...)
	}
	give(t, nodes, user)
	for _, right := range []string{"sentinel|master", "sentinel|replicas", "sentinel|failover"} {
		give(t, sentinels, watcher, "-"+right)
		s.refused("'"+right+"'", append(args, "--dry-run")...)
	}
	// One Sentinel that may be asked for the failover is enough.
	give(t, sentinels[2:], watcher)
	s.run(append(args, "--dry-run")...)
	s.heldNothing()
	s.asBefore()

	s.run(args...)
	if next := s.cluster.Master(); next.Addr() != to {
		t.Errorf("the master is %s", next.Addr())
	}
	s.asBefore()
}

// TestSwitchFewestRights: without a fence and without --to next to none are needed.
func TestSwitchFewestRights(t *testing.T) {
	long(t)
	t.Parallel()
	s := switchableBy(t, 1)
	old := s.cluster.Master()
	for _, n := range s.cluster.Nodes {
		give(t, []string{n.Addr()}, strings.Fields("ACL SETUSER few on >SECRET -@all +info +role"))
	}
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("SECRET\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.refused("'config|get'", "--username", "few", "--password-file", password, "--dry-run")
	s.run("--username", "few", "--password-file", password, "--without-fence")
	if s.cluster.Master() == old {
		t.Error("the master is the same")
	}
}
