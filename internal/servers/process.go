package servers

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// stopTimeout is how long Stop waits before it kills. Redis 7 itself waits up to 10 s (shutdown-timeout)
// for replicas that lag.
const stopTimeout = 15 * time.Second

// Process is one started program. Its output goes to a file in its directory.
//
// The methods may be called from any goroutine; those that start and end the process are for one caller
// at a time.
type Process struct {
	name   string // for errors and logs: "redis 20313"
	path   string
	args   []string
	env    []string // nil: the environment of this program
	dir    string
	config string // the file that it rewrites; "": none
	log    logFile

	mu struct {
		sync.Mutex
		cmd    *exec.Cmd
		exited chan struct{} // closed when cmd has been waited for
	}
}

// start runs the program (again). It returns as soon as the program runs, which says nothing about its
// being ready.
func (p *Process) start() error {
	out, err := p.log.open()
	if err != nil {
		return err
	}
	defer out.Close() // the child has its own copy

	cmd := exec.Command(p.path, p.args...)
	cmd.Dir, cmd.Env = p.dir, p.env
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = childAttributes()

	exited := make(chan struct{})
	started := make(chan error)
	go p.run(cmd, started, exited)
	if err := <-started; err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	p.mu.Lock()
	p.mu.cmd, p.mu.exited = cmd, exited
	p.mu.Unlock()
	return nil
}

// run forks the child and waits for it, on one OS thread. Linux sends the parent-death signal when the
// *thread* that forked ends, not the process; and a thread ends when a goroutine locked to it returns.
// So the thread stays ours until the child is gone.
func (p *Process) run(cmd *exec.Cmd, started chan<- error, exited chan<- struct{}) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := cmd.Start()
	started <- err
	if err == nil {
		_ = cmd.Wait() // how it ended is kept in cmd.ProcessState
		close(exited)
	}
}

func (p *Process) current() (*exec.Cmd, chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mu.cmd, p.mu.exited
}

// Name says what the process is, for messages.
func (p *Process) Name() string { return p.name }

// Dir is the process's own directory. It is removed when the Pool is closed.
func (p *Process) Dir() string { return p.dir }

// Config is the path of the configuration file that the process rewrites, "" for one that has none.
func (p *Process) Config() string { return p.config }

// Pid of the process, also after it has ended.
func (p *Process) Pid() int {
	cmd, _ := p.current()
	return cmd.Process.Pid
}

// Exited is closed when the process that now runs has ended. After Restart there is a new one.
func (p *Process) Exited() <-chan struct{} {
	_, exited := p.current()
	return exited
}

// Running says whether the process has not ended yet. A paused one runs.
func (p *Process) Running() bool {
	select {
	case <-p.Exited():
		return false
	default:
		return true
	}
}

// ExitCode of the ended process: -1 while it runs, or when a signal ended it.
func (p *Process) ExitCode() int {
	cmd, exited := p.current()
	select {
	case <-exited:
		return cmd.ProcessState.ExitCode()
	default:
		return -1
	}
}

// Signal sends sig to the process alone and does not wait. Nothing is sent to an ended process.
func (p *Process) Signal(sig os.Signal) error {
	cmd, _ := p.current()
	if err := cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("%s: %v: %w", p.name, sig, err)
	}
	return nil
}

// Stop sends SIGTERM and waits for the end. A process that takes longer than stopTimeout is killed, and
// that is an error.
func (p *Process) Stop() error {
	_ = p.Resume() // a stopped process would never see the SIGTERM
	if err := p.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-p.Exited():
		return nil
	case <-time.After(stopTimeout):
		_ = p.Kill()
		return fmt.Errorf("%s: still there %v after SIGTERM, killed", p.name, stopTimeout)
	}
}

// Kill sends SIGKILL to the process and its children, and waits for the end.
func (p *Process) Kill() error {
	if err := p.signalGroup(syscall.SIGKILL); err != nil {
		return err
	}
	<-p.Exited()
	return nil
}

// Pause freezes the process (SIGSTOP): its connections stay open and answer nothing.
func (p *Process) Pause() error { return p.signalGroup(syscall.SIGSTOP) }

// Resume ends a Pause.
func (p *Process) Resume() error { return p.signalGroup(syscall.SIGCONT) }

// signalGroup reaches the children too. Only while the leader has not been waited for: its pid, which is
// the group's number, can't have been given to anybody else until then.
func (p *Process) signalGroup(sig syscall.Signal) error {
	if !p.Running() {
		return nil
	}
	if err := syscall.Kill(-p.Pid(), sig); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("%s: %v: %w", p.name, sig, err)
	}
	return nil
}

// newProcess makes the directory; nothing is started yet.
func newProcess(root, name, path string, args ...string) (*Process, error) {
	dir, err := os.MkdirTemp(root, filepath.Base(path)+"-")
	if err != nil {
		return nil, err
	}
	return &Process{name: name, path: path, args: args, dir: dir, log: logFile{path: filepath.Join(dir, "log")}}, nil
}
