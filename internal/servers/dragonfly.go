package servers

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// DragonflyOptions of a Dragonfly.
type DragonflyOptions struct {
	Port     int
	Password string   // --requirepass and --masterauth
	Args     []string // further flags
}

// findDragonfly: $DRAGONFLY, or `dragonfly` on PATH; "" when there is none.
func findDragonfly() (string, error) {
	if named := os.Getenv("DRAGONFLY"); named != "" {
		path, err := exec.LookPath(named)
		if err != nil {
			return "", fmt.Errorf("DRAGONFLY=%s: %w", named, err)
		}
		return path, nil
	}
	if path, err := exec.LookPath("dragonfly"); err == nil {
		return path, nil
	}
	return "", nil // it is in no distribution: having none is no error
}

// Dragonfly starts the Dragonfly that $DRAGONFLY names or PATH holds. Where there is none, its double stands in;
// Node.Kind tells. It is an empty master: never start it with --replicaof, use Node.ReplicaOf.
func (p *Pool) Dragonfly(o DragonflyOptions) (*Node, error) {
	path, err := findDragonfly()
	if err != nil {
		return nil, err
	}
	if path == "" {
		return p.DragonflyDouble(o)
	}
	return p.dragonfly(path, Dragonfly, o)
}

// dragonfly runs a program that takes Dragonfly's flags.
func (p *Pool) dragonfly(path string, engine Engine, o DragonflyOptions) (*Node, error) {
	var node *Node
	err := onPort(o.Port, func(port int) error {
		proc, err := newProcess(p.root, fmt.Sprintf("%s %d", filepath.Base(path), port), path)
		if err != nil {
			return err
		}
		proc.args = o.flags(port, proc.dir)
		node = &Node{Process: proc, endpoint: endpoint{Port: port, password: o.Password}, engine: engine}
		return p.start(proc, port, node.ping)
	})
	if err != nil {
		return nil, err
	}
	return node, nil
}

// flags: one thread and the least memory that Dragonfly accepts for it, no way out to the internet, no
// snapshot, and acknowledgements to its master every 100 ms instead of every second.
func (o DragonflyOptions) flags(port int, dir string) []string {
	flags := []string{
		fmt.Sprintf("--port=%d", port),
		"--bind=127.0.0.1",
		"--dir=" + dir,
		"--dbfilename=",
		"--proactor_threads=1",
		"--maxmemory=256MiB",
		"--version_check=false",
		"--replication_acks_interval=100",
		"--logtostderr",
	}
	if o.Password != "" {
		flags = append(flags, "--requirepass="+o.Password, "--masterauth="+o.Password)
	}
	return append(flags, o.Args...)
}
