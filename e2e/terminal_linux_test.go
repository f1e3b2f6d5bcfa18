package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sentinelproxy/internal/servers"
)

// terminal is redis-cli on a pseudo-terminal, as a person uses it.
type terminal struct {
	t    *testing.T
	pty  *os.File
	cmd  *exec.Cmd
	seen strings.Builder // since the last line was typed
}

func openTerminal(t *testing.T, addr string) *terminal {
	t.Helper()
	path, err := servers.Find("redis-cli")
	if err != nil {
		t.Skip(err)
	}
	pty, tty := openPTY(t)
	host, port, _ := strings.Cut(addr, ":")
	cmd := exec.Command(path, "-h", host, "-p", port)
	// A dumb terminal gets no line editing, and so no escape sequences to look through.
	cmd.Env = append(os.Environ(), "TERM=dumb", "NO_COLOR=1", "REDISCLI_HISTFILE=/dev/null", "HOME="+t.TempDir())
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	tty.Close()
	w := &terminal{t: t, pty: pty, cmd: cmd}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		pty.Close()
	})
	return w
}

func openPTY(t *testing.T) (pty, tty *os.File) {
	t.Helper()
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Skipf("no pseudo-terminal: %v", err)
	}
	pty = os.NewFile(uintptr(fd), "/dev/ptmx")
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err := errors.Join(err, unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)); err != nil {
		t.Fatal(err)
	}
	if tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		t.Fatal(err)
	}
	return pty, tty
}

// types a line and waits for text that matches.
func (w *terminal) types(line, pattern string) {
	w.t.Helper()
	w.seen.Reset()
	if _, err := w.pty.WriteString(line); err != nil {
		w.t.Fatal(err)
	}
	w.shows(pattern)
}

func (w *terminal) shows(pattern string) {
	w.t.Helper()
	want := regexp.MustCompile(pattern)
	_ = w.pty.SetReadDeadline(time.Now().Add(patience))
	b := make([]byte, 4096)
	for !want.MatchString(strings.ReplaceAll(w.seen.String(), "\r", "")) {
		n, err := w.pty.Read(b)
		w.seen.Write(b[:n])
		if err != nil {
			w.t.Fatalf("no %q: %v in %q", pattern, err, w.seen.String())
		}
	}
}

// TestInteractiveCLI: a person at redis-cli, while the master changes.
func TestInteractiveCLI(t *testing.T) {
	t.Parallel()
	pool := servers.NewT(t)
	cluster := threeAndThree(t, pool)
	p := before(t, pool, cluster)
	w := openTerminal(t, p.addr)
	prompt := `\n` + regexp.QuoteMeta(p.addr)
	w.shows(regexp.QuoteMeta(p.addr) + `> $`)
	w.types("PING\n", `\nPONG`+prompt+`> $`)
	w.types("SET greeting hello\n", `\nOK`+prompt+`> $`)
	w.types("GET greeting\n", `\n"hello"`+prompt+`> $`)
	w.types("CLIENT ID\n", `\n\(integer\) \d+`+prompt+`> $`)
	w.types("SELECT 3\n", `\nOK`+prompt+`\[3\]> $`)
	w.types("GET greeting\n", `\n\(nil\)`+prompt+`\[3\]> $`)
	w.types("SELECT 0\n", `\nOK`+prompt+`> $`)
	w.types("COMMAND DOCS GET\n", `(?s)"summary".*`+prompt+`> $`)
	w.types("MULTI\n", `\nOK`+prompt+`\(TX\)> $`)
	w.types("INCR counter\n", `\nQUEUED`+prompt+`\(TX\)> $`)

	next := cluster.Failover()
	p.serving(next)

	w.types("INCR counter\n", `\nQUEUED`+prompt+`\(TX\)> $`)
	w.types("EXEC\n", `\n1\) \(integer\) 1\n2\) \(integer\) 2`+prompt+`> $`)
	w.types("GET greeting\n", `\n"hello"`+prompt+`> $`)
	w.types("HELLO 3\n", `(?s)1# "server" => "redis".*`+prompt+`> $`)
	w.types("HELLO 2\n", `(?s)"modules".*`+prompt+`> $`)
	w.types("SUBSCRIBE news\n", `"subscribe"\n2\) "news"\n3\) \(integer\) 1\n`)
	other := dial(t, p, 2)
	other.want(t, "1", "PUBLISH", "news", "it works")
	w.shows(`"message"\n2\) "news"\n3\) "it works"\n`)
	// Ctrl-C ends redis-cli before 7.2, and the subscription from then on.
	if _, err := w.pty.WriteString("\x03"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "nobody is subscribed any more", func() error {
		if v := other.ask(t, "PUBLISH", "news", "anybody"); v != int64(0) {
			return fmt.Errorf("%v", v)
		}
		return nil
	})
	_, _ = w.pty.WriteString("QUIT\n")
	p.left(1)
	p.settled()
}
