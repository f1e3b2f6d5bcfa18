package servers

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// readyTimeout is how long a server may take from its start until it answers. Long, because tests of
// several packages share few cores.
const readyTimeout = 30 * time.Second

// restart runs an ended process once more, on its port. Somebody may hold the port for a moment.
func (p *Process) restart(port int, ready func(context.Context) error) error {
	if p.Running() {
		return fmt.Errorf("%s: still running", p.name)
	}
	for deadline := time.Now().Add(readyTimeout); ; time.Sleep(50 * time.Millisecond) {
		if port != 0 && !listenable(port) && time.Now().Before(deadline) {
			continue
		}
		if err := p.start(); err != nil {
			return err
		}
		err := p.await(port, ready)
		if err == nil {
			return nil
		}
		var taken *PortTakenError
		if !errors.As(err, &taken) || time.Now().After(deadline) {
			return errors.Join(err, p.Kill())
		}
	}
}

// await asks ready again and again until it is content, the process has ended, or readyTimeout is over. A nil ready is content at once.
func (p *Process) await(port int, ready func(context.Context) error) error {
	if ready == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), readyTimeout)
	defer cancel()
	for {
		err := ready(ctx)
		select {
		case <-p.Exited(): // before success: whoever answered, it was not our process
			if saysPortTaken(p.logOfRun()) {
				return &PortTakenError{Server: p.name, Port: port, Said: p.LastWords()}
			}
			return fmt.Errorf("%s: ended at once: %s", p.name, p.LastWords())
		case <-time.After(5 * time.Millisecond):
		}
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%s: not ready after %v: %w", p.name, readyTimeout, err)
		}
	}
}
