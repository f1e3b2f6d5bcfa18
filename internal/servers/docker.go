package servers

import (
	"context"
	"fmt"
	"os/exec"
	"time"
)

// DragonflyImage starts Dragonfly from a container image that the docker engine of this machine holds. The
// process is docker's client, which passes SIGTERM on. A client that is killed leaves its container behind:
// call remove before the Pool is closed, whatever the error.
func (p *Pool) DragonflyImage(image string, o DragonflyOptions) (node *Node, remove func(), err error) {
	path, err := Find("docker")
	if err != nil {
		return nil, func() {}, err
	}
	var container string
	remove = func() {
		if container != "" {
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			_ = exec.CommandContext(ctx, path, "rm", "-f", container).Run() // --rm may have been faster
		}
	}
	err = onPort(o.Port, func(port int) error {
		container = fmt.Sprintf("sentinelproxy-dragonfly-%d", port)
		remove() // what a killed program may have left behind under this name
		proc, err := newProcess(p.root, fmt.Sprintf("dragonfly %d (docker)", port), path)
		if err != nil {
			return err
		}
		proc.args = append([]string{
			"run", "--rm", "--name", container, "--pull=never", "--network=host", "--ulimit", "memlock=-1", image,
			"dragonfly",
		}, o.flags(port, "/data")...)
		node = &Node{Process: proc, endpoint: endpoint{Port: port, password: o.Password}, engine: Dragonfly}
		return p.start(proc, port, node.ping)
	})
	if err != nil {
		return nil, remove, err
	}
	return node, remove, nil
}
