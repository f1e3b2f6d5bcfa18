package servers

import (
	"context"
	"os"
)

// CommandOptions of any program, say the proxy itself.
type CommandOptions struct {
	Name  string // for messages; "": the program's
	Path  string // looked up in PATH when it holds no slash
	Args  []string
	Env   []string // added to this program's environment
	Ports []int    // what it listens on; ready when all accept connections. See FreePort.
	// Ready is asked until it returns nil, after the ports accept; nil: no further condition.
	Ready func(context.Context) error
}

// Command is a running program.
type Command struct {
	*Process
	ports []int
	ready func(context.Context) error // nil: there is nothing to wait for
}

// Command starts a program and waits until it is ready; with neither Ports nor Ready it waits for nothing
// and the program may end at once. Its working directory is Process.Dir.
func (p *Pool) Command(o CommandOptions) (*Command, error) {
	path, err := Find(o.Path)
	if err != nil {
		return nil, err
	}
	proc, err := newProcess(p.root, orDefault(o.Name, o.Path), path, o.Args...)
	if err != nil {
		return nil, err
	}
	if len(o.Env) > 0 {
		proc.env = append(os.Environ(), o.Env...)
	}
	c := &Command{Process: proc, ports: o.Ports}
	if len(o.Ports) > 0 || o.Ready != nil {
		c.ready = c.portsThen(o.Ready)
	}
	if err := p.start(proc, at(o.Ports, 0), c.ready); err != nil {
		return nil, err
	}
	return c, nil
}

// Restart runs the ended program once more with the same arguments.
func (c *Command) Restart() error { return c.restart(at(c.ports, 0), c.ready) }

// portsThen is content when all ports accept connections and then is content.
func (c *Command) portsThen(then func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		for _, port := range c.ports {
			e := endpoint{Port: port}
			if err := e.accepts(ctx); err != nil {
				return err
			}
		}
		if then == nil {
			return nil
		}
		return then(ctx)
	}
}
