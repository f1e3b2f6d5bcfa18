package dragonflydouble

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// backendTimeout is how long the private redis-server may take to answer.
const backendTimeout = 20 * time.Second

// backend is the private redis-server. It listens on a Unix socket only.
type backend struct {
	cmd    *exec.Cmd
	socket string
	exited chan struct{} // closed when the process has been waited for
	admin  asker         // for questions of the double itself
}

// startBackend must be called from the main goroutine, locked to the main thread: on Linux the child dies with the
// thread that forked it.
func startBackend(o Options) (*backend, error) {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, fmt.Errorf("redis-server, which holds the double's data, is not installed: apt-get install redis-server")
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, err
	}
	b := &backend{socket: filepath.Join(dir, "private.sock"), exited: make(chan struct{})}
	file := filepath.Join(dir, "private.conf")
	if err := os.WriteFile(file, []byte(b.config(o, dir)), 0o600); err != nil {
		return nil, err
	}
	b.cmd = exec.Command(path, file)
	b.cmd.Dir = dir
	b.cmd.Stdout, b.cmd.Stderr = os.Stderr, os.Stderr
	b.cmd.SysProcAttr = childAttributes()
	if err := b.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = b.cmd.Wait() // that it has ended is all that matters
		close(b.exited)
	}()
	if err := b.connectAdmin(o.Password); err != nil {
		b.stop()
		return nil, fmt.Errorf("the private redis-server: %w", err)
	}
	return b, nil
}

// config of the private redis-server. It announces the double's port to its master, through which the Sentinels find
// the double.
func (b *backend) config(o Options, dir string) string {
	lines := []string{
		"port 0",
		fmt.Sprintf("unixsocket %q", b.socket),
		fmt.Sprintf("dir %q", dir),
		`save ""`,
		"appendonly no",
		"repl-diskless-sync-delay 0",
		fmt.Sprintf("databases %d", o.DBNum),
		fmt.Sprintf("replica-announce-port %d", o.AnnouncePort),
		fmt.Sprintf("notify-keyspace-events %q", o.NotifyEvents),
		"maxclients 10050", // Dragonfly's 64000 would need more descriptors than most machines grant
	}
	for option, value := range map[string]string{
		"replica-announce-ip": o.AnnounceIP, "requirepass": o.Password, "masteruser": o.MasterUser, "masterauth": o.MasterAuth,
	} {
		if value != "" {
			lines = append(lines, fmt.Sprintf("%s %q", option, value))
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

func (b *backend) dial() (net.Conn, error) { return net.Dial("unix", b.socket) }

// connectAdmin waits until the server answers. Authenticated once it stays so, whatever the password becomes.
func (b *backend) connectAdmin(password string) error {
	for deadline := time.Now().Add(backendTimeout); ; time.Sleep(2 * time.Millisecond) {
		conn, err := b.dial()
		if err == nil {
			b.admin.replies.conn = conn
			break
		}
		select {
		case <-b.exited:
			return fmt.Errorf("it has ended at once")
		default:
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("not up within %v: %w", backendTimeout, err)
		}
	}
	question := []string{"PING"}
	if password != "" {
		question = []string{"AUTH", password}
	}
	reply, err := b.admin.ask(question...)
	if err == nil && isError(reply) {
		err = fmt.Errorf("%s: %s", question[0], text(reply))
	}
	return err
}

// stop ends the process. It has nothing to save.
func (b *backend) stop() {
	_ = b.cmd.Process.Kill() // may have ended by itself
	<-b.exited
	if conn := b.admin.replies.conn; conn != nil {
		conn.Close()
	}
}
