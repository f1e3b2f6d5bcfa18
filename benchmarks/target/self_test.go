package target

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sentinelproxy/internal/servers"
)

// program is a shell script in the place of the proxy.
func program(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "proxy")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// A proxy that does not start: the error has the flags that were passed on, whose they are, and the proxy's last words.
func TestStartSaysWhy(t *testing.T) {
	flags := []string{"--lanes", "-1"}
	e, err := NewEnv(
		Build{Bin: program(t, "for i in 1 2 3 4 5 6; do echo line $i >&2; done; echo sorry >&2; exit 2"), Args: flags, Flag: "-proxy-args"},
		Build{Bin: program(t, "exit 3"), Args: flags, Flag: "-proxy-args-b"},
	)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}()
	for name, want := range map[string]string{
		Self:  `sentinelproxy: with -proxy-args "--lanes -1": sentinelproxy: ended at once: line 3` + "\nline 4\nline 5\nline 6\nsorry",
		SelfB: `sentinelproxy-b: with -proxy-args-b "--lanes -1": sentinelproxy-b: ended at once: (exit code 3, without a word)`,
	} {
		if _, err := e.Start(name); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if _, err := e.Fresh("--max-clients", "7"); err == nil || !strings.Contains(err.Error(), `with -proxy-args "--lanes -1": `) || !strings.HasSuffix(err.Error(), "\nsorry") {
		t.Errorf("got %v", err)
	}

	// One that ends after it was taken for ready is not waited for.
	cmd, err := e.pool.Command(servers.CommandOptions{Path: program(t, "echo gone; exit 4")})
	if err != nil {
		t.Fatal(err)
	}
	port, err := servers.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	if err := e.await(local(port), cmd.Process); err == nil || err.Error() != "has ended: gone" {
		t.Errorf("got %v", err)
	}
}
