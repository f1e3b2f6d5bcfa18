package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// dragonflyImage is the official one.
const dragonflyImage = "docker.dragonflydb.io/dragonflydb/dragonfly"

const (
	engineTimeout = 2 * time.Second  // for an answer of the engine: a hanging one is none
	pullTimeout   = 30 * time.Second // for the image, some 100 MB: the demo has to end within 90 s
)

// dockerEngine says whether an engine answers. A `docker` on PATH proves nothing: many machines have the
// client without an engine, or something else of that name.
func dockerEngine(ctx context.Context) bool {
	version, err := docker(ctx, engineTimeout, "version", "--format", "{{.Server.Version}}")
	return err == nil && version != ""
}

// pullImage sees to it that the engine holds the image.
func pullImage(ctx context.Context) error {
	if _, err := docker(ctx, engineTimeout, "image", "inspect", "--format", "{{.Id}}", dragonflyImage); err == nil {
		return nil
	}
	_, err := docker(ctx, pullTimeout, "pull", "--quiet", dragonflyImage)
	return err
}

// docker runs the client and returns its output, without white space at the ends.
func docker(ctx context.Context, limit time.Duration, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "docker", args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = time.Second // for children that keep the pipes open when the client has been killed
	err := cmd.Run()
	if ctx.Err() != nil {
		return "", fmt.Errorf("docker %s: no end within %v", args[0], limit)
	}
	if err != nil {
		return "", fmt.Errorf("docker %s: %s", args[0], explain(stderr.String(), err))
	}
	return strings.TrimSpace(stdout.String()), nil
}

// explain prefers the last line that a program printed, which is where its error stands.
func explain(stderr string, err error) string {
	if last := tail(stderr, 1); last != "" {
		return last
	}
	return err.Error()
}
