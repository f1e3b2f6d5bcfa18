package servers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
)

// Pool owns what it has started.
type Pool struct {
	root    string
	configs string // see newConfigDir
	double  string // path of the built double of Dragonfly; "": not needed so far. Guarded by built
	mu      struct {
		sync.Mutex
		processes []*Process
		closed    bool
	}
}

// New makes a Pool with temporary directories of its own, under which all servers have theirs.
func New() (*Pool, error) {
	root, err := os.MkdirTemp("", "sentinelproxy-servers-")
	if err != nil {
		return nil, err
	}
	configs, err := newConfigDir()
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(root))
	}
	return &Pool{root: root, configs: configs}, nil
}

// Close kills everything that still runs and removes the directories. It may be called twice.
func (p *Pool) Close() error {
	p.mu.Lock()
	p.mu.closed = true
	processes := p.mu.processes
	p.mu.processes = nil
	p.mu.Unlock()

	var errs []error
	for i := len(processes) - 1; i >= 0; i-- { // the last started is likely to use those before it
		errs = append(errs, processes[i].Kill())
	}
	return errors.Join(append(errs, p.releaseDouble(), os.RemoveAll(p.root), os.RemoveAll(p.configs))...)
}

// Processes that were started, in order, the ended ones included.
func (p *Pool) Processes() []*Process {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]*Process(nil), p.mu.processes...)
}

// start runs the process, keeps it for Close and waits until it is ready. When it fails, it is ended.
func (p *Pool) start(proc *Process, port int, ready func(context.Context) error) error {
	// Looked at before: a stranger on the port might answer ready's question before our process gives up.
	if port != 0 && !listenable(port) {
		return &PortTakenError{Server: proc.name, Port: port}
	}
	p.mu.Lock()
	if p.mu.closed {
		p.mu.Unlock()
		return fmt.Errorf("%s: the pool is closed", proc.name)
	}
	err := proc.start()
	if err == nil {
		p.mu.processes = append(p.mu.processes, proc)
	}
	p.mu.Unlock()
	if err != nil {
		return err
	}
	if err := proc.await(port, ready); err != nil {
		return errors.Join(err, proc.Kill())
	}
	return nil
}
