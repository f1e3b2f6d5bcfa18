package servers

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
)

// doublePackage is the program that behaves like Dragonfly.
const doublePackage = "sentinelproxy/internal/dragonflydouble/cmd/dragonflydouble"

// built is that program, made for the first Pool that needs it and removed with the last: linking it for each of many
// tests at once would cost more than the tests.
var built struct {
	sync.Mutex
	dir   string
	users int
}

// BuildDouble compiles the double of Dragonfly. DragonflyDouble does it anyway, at a time when the caller may be in more
// of a hurry. It must be called within the module's tree.
func (p *Pool) BuildDouble() error {
	built.Lock()
	defer built.Unlock()
	if p.double != "" {
		return nil
	}
	if built.users == 0 {
		dir, err := os.MkdirTemp("", "sentinelproxy-double-")
		if err != nil {
			return err
		}
		out, err := exec.Command("go", "build", "-o", dir, doublePackage).CombinedOutput()
		if err != nil {
			os.RemoveAll(dir)
			return fmt.Errorf("building the double of Dragonfly: %w\n%s", err, out)
		}
		built.dir = dir
	}
	built.users++
	p.double = filepath.Join(built.dir, filepath.Base(doublePackage))
	return nil
}

// releaseDouble is for Close, when nothing runs any more.
func (p *Pool) releaseDouble() error {
	built.Lock()
	defer built.Unlock()
	if p.double == "" {
		return nil
	}
	p.double = ""
	if built.users--; built.users > 0 {
		return nil
	}
	return os.RemoveAll(built.dir)
}

// DragonflyDouble starts a server that behaves like Dragonfly where that differs from Redis: see package
// dragonflydouble. It takes the same flags.
func (p *Pool) DragonflyDouble(o DragonflyOptions) (*Node, error) {
	if _, err := Find("redis-server"); err != nil {
		return nil, err
	}
	if err := p.BuildDouble(); err != nil {
		return nil, err
	}
	return p.dragonfly(p.double, Double, o)
}

// DragonflyDouble is Pool.DragonflyDouble.
func (t *T) DragonflyDouble(o DragonflyOptions) *Node {
	t.t.Helper()
	n, err := t.Pool.DragonflyDouble(o)
	return must(t, n, err)
}
