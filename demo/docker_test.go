package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fakeDocker puts a script named docker first on PATH.
func fakeDocker(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "docker"), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
}

func TestDockerEngine(t *testing.T) {
	for name, test := range map[string]struct {
		script string
		want   bool
	}{
		"engine":             {`echo 27.3.1`, true},
		"client only":        {`echo "Cannot connect to the Docker daemon" >&2; exit 1`, false},
		"says nothing":       {`exit 0`, false},
		"something else":     {`echo "unknown command: $1"; exit 2`, false},
		"hangs, child too":   {`sleep 60`, false},
		"empty and fails":    {`echo; exit 1`, false},
		"empty and succeeds": {`echo`, false},
	} {
		t.Run(name, func(t *testing.T) {
			fakeDocker(t, test.script)
			begin := time.Now()
			if got := dockerEngine(context.Background()); got != test.want {
				t.Errorf("engine: %v", got)
			}
			if took := time.Since(begin); took > engineTimeout+5*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

func TestPullImage(t *testing.T) {
	fakeDocker(t, `case "$1" in image) exit 1;; pull) echo "Using default tag: latest" >&2; echo "Error: no route to host" >&2; exit 1;; esac`)
	if err := pullImage(context.Background()); err == nil || err.Error() != "docker pull: Error: no route to host" {
		t.Errorf("pull that fails: %v", err)
	}
	fakeDocker(t, `case "$1" in image) exit 0;; *) echo "must not be called: $1" >&2; exit 1;; esac`)
	if err := pullImage(context.Background()); err != nil {
		t.Errorf("image that is there: %v", err)
	}
	fakeDocker(t, `case "$1" in image) exit 1;; pull) [ "$3" = `+dragonflyImage+` ];; esac`)
	if err := pullImage(context.Background()); err != nil {
		t.Errorf("pull: %v", err)
	}
}

func TestFindToolsNamesPackages(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	err := findTools()
	if err == nil || !strings.Contains(err.Error(), "apt-get install redis-server redis-tools") || strings.Contains(err.Error(), "\n") {
		t.Errorf("nothing installed: %v", err)
	}
}
