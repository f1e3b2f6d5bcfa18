package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"sentinelproxy/internal/servers"
)

// engine is the server that takes over in the end: Dragonfly, or a double that stands in for it.
type engine struct {
	node   *servers.Node
	name   string // "Dragonfly", or what stands in
	origin string // where it comes from, for the story
	remove func() // what the pool's Close does not: the container
}

// priority0: Sentinel would promote a half-loaded Dragonfly. So it begins as not electable, and its
// priority is raised when it is in sync.
var priority0 = servers.DragonflyOptions{Args: []string{"--replica_priority=0"}}

// startEngine takes the first of: $DRAGONFLY, `dragonfly` on PATH, the official image where a docker engine
// answers, the double.
func (d *demo) startEngine(ctx context.Context) (*engine, error) {
	if dragonflyInstalled() {
		named := os.Getenv("DRAGONFLY")
		e, err := d.fromBinary(named)
		if err == nil || named != "" || ctx.Err() != nil || portTaken(err) {
			return e, err
		}
		d.story.say("the dragonfly on PATH does not start (%s)", firstLine(err.Error()))
	}
	if dockerEngine(ctx) {
		e, err := d.fromImage(ctx)
		if err == nil || ctx.Err() != nil || portTaken(err) {
			return e, err
		}
		d.story.say("Dragonfly's image can't be used (%s)", firstLine(err.Error()))
	}
	return d.standIn()
}

// dragonflyInstalled: there is a binary to try.
func dragonflyInstalled() bool {
	_, err := exec.LookPath("dragonfly")
	return err == nil || os.Getenv("DRAGONFLY") != ""
}

// namedEngine looks whether $DRAGONFLY, if set, names a program, and makes it absolute: it is started in a
// directory of its own.
func namedEngine() error {
	named := os.Getenv("DRAGONFLY")
	if named == "" {
		return nil
	}
	path, err := exec.LookPath(named)
	if err != nil {
		return fmt.Errorf("DRAGONFLY=%s: %w", named, err)
	}
	if path, err = filepath.Abs(path); err != nil {
		return fmt.Errorf("DRAGONFLY=%s: %w", named, err)
	}
	return os.Setenv("DRAGONFLY", path)
}

func (d *demo) fromBinary(named string) (*engine, error) {
	o := priority0
	o.Port = d.ports.dragonfly
	node, err := d.pool.Dragonfly(o)
	if err != nil {
		return nil, err
	}
	if named == "" {
		named = "dragonfly on PATH"
	}
	return &engine{node: node, name: "Dragonfly", origin: named, remove: func() {}}, nil
}

func (d *demo) fromImage(ctx context.Context) (*engine, error) {
	if err := pullImage(ctx); err != nil {
		return nil, err
	}
	o := priority0
	o.Port = d.ports.dragonfly
	node, remove, err := d.pool.DragonflyImage(dragonflyImage, o)
	if err != nil {
		remove()
		return nil, err
	}
	return &engine{node: node, name: "Dragonfly", origin: "image " + dragonflyImage, remove: remove}, nil
}

func (d *demo) standIn() (*engine, error) {
	o := priority0
	o.Port = d.ports.dragonfly
	node, err := d.pool.DragonflyDouble(o)
	if err != nil {
		return nil, err
	}
	return &engine{
		node: node, name: "Dragonfly's double", remove: func() {},
		origin: "no Dragonfly ($DRAGONFLY, PATH, docker): A DOUBLE STANDS IN, a Redis that answers as Dragonfly does",
	}, nil
}

func portTaken(err error) bool {
	var taken *servers.PortTakenError
	return errors.As(err, &taken)
}

// describe is one line about it.
func (e *engine) describe() string {
	return fmt.Sprintf("%s: %s", e.node.Addr(), e.origin)
}
