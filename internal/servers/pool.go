package servers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// readyTimeout is how long a server may take from its start until it answers. Long, because tests of
// several packages share few cores.
const readyTimeout = 30 * time.Second

// Pool owns what it has started.
type Pool struct {
	root string
	mu   struct {
		sync.Mutex
		processes []*Process
		closed    bool
	}
}

// New makes a Pool with a temporary directory of its own, under which all servers have theirs.
func New() (*Pool, error) {
	root, err := os.MkdirTemp("", "sentinelproxy-servers-")
	if err != nil {
		return nil, err
	}
	return &Pool{root: root}, nil
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
	return errors.Join(append(errs, os.RemoveAll(p.root))...)
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

// restart runs an ended process once more, on its port. Somebody may hold the port for a moment.
func (proc *Process) restart(port int, ready func(context.Context) error) error {
	if proc.Running() {
		return fmt.Errorf("%s: still running", proc.name)
	}
	for deadline := time.Now().Add(readyTimeout); ; time.Sleep(50 * time.Millisecond) {
		if port != 0 && !listenable(port) && time.Now().Before(deadline) {
			continue
		}
		if err := proc.start(); err != nil {
			return err
		}
		err := proc.await(port, ready)
		if err == nil {
			return nil
		}
		var taken *PortTakenError
		if !errors.As(err, &taken) || time.Now().After(deadline) {
			return errors.Join(err, proc.Kill())
		}
	}
}

// await asks ready again and again until it is content, the process has ended, or readyTimeout is over. A nil ready is content at once.
func (proc *Process) await(port int, ready func(context.Context) error) error {
	if ready == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), readyTimeout)
	defer cancel()
	for {
		err := ready(ctx)
		select {
		case <-proc.Exited(): // before success: whoever answered, it was not our process
			if saysPortTaken(proc.logOfRun()) {
				return &PortTakenError{Server: proc.name, Port: port}
			}
			return fmt.Errorf("%s: ended at once: %s", proc.name, proc.tail(5))
		case <-time.After(5 * time.Millisecond):
		}
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%s: not ready after %v: %w", proc.name, readyTimeout, err)
		}
	}
}
