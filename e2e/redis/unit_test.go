package redis

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"sentinelproxy/internal/servers"
)

// outcome is what has become of one test of the suite.
type outcome string

const (
	passed outcome = "passes"
	failed outcome = "fails"
	hung   outcome = "hangs"
)

// verdicts are the outcomes of a unit's tests by their names. Tests of one name count as one: it has failed if one of
// them has.
type verdicts map[string]outcome

// broken is the name of what is no test: the unit has ended before its end.
const broken = "(the unit)"

const (
	// stall is how long a test may show no progress. The longest that needs none takes 10 s.
	stall = 40 * time.Second
	// patience is for a whole unit.
	patience = 5 * time.Minute
)

// tags of tests that are left out: those that take long or much memory, and those about replicas, which have no proxy
// before them.
const tags = "-slow -large-memory -repl -masterauth"

// workplace is a copy of the suite in which one unit at a time is run: the suite cleans up behind others.
type workplace struct {
	dir   string
	ports int // the first of those for its servers
}

// portsEach is how many ports a workplace has: for the suite itself, and for servers. Each server takes
// another 10000 above, whence the bounds.
const (
	firstPort = 12000
	portsEach = 300
	forSuite  = 32
)

// newWorkplace copies the suite and makes its programs source front.tcl.
func newWorkplace(src string, n int) (*workplace, error) {
	w := &workplace{dir: filepath.Join(workspace, fmt.Sprint("suite", n)), ports: firstPort + n*portsEach}
	if err := os.CopyFS(filepath.Join(w.dir, "tests"), os.DirFS(filepath.Join(src, "tests"))); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(w.dir, "tests/tmp"), 0o755); err != nil {
		return nil, err
	}
	for _, name := range []string{"redis-server", "redis-cli", "redis-benchmark"} {
		path, err := servers.Find(name)
		if err != nil {
			return nil, err
		}
		if err := os.MkdirAll(filepath.Join(w.dir, "src"), 0o755); err != nil {
			return nil, err
		}
		if err := os.Symlink(path, filepath.Join(w.dir, "src", name)); err != nil {
			return nil, err
		}
	}
	hook, err := filepath.Abs("front.tcl")
	if err != nil {
		return nil, err
	}
	if direct() {
		return w, nil
	}
	f, err := os.OpenFile(filepath.Join(w.dir, "tests/support/server.tcl"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	_, err = fmt.Fprintf(f, "\nsource %s\n", hook)
	return w, err
}

// run is one unit, without the tests that are named.
func (w *workplace) run(unit string, control int, skip []string) (verdicts, []byte, error) {
	skipped := filepath.Join(w.dir, "skipped")
	if err := os.WriteFile(skipped, []byte(strings.Join(skip, "\n")), 0o600); err != nil {
		return nil, nil, err
	}
	args := []string{
		"tests/test_helper.tcl", "--single", unit, "--clients", "1", "--durable", "--no-latency", "--skipfile", skipped,
		"--timeout", fmt.Sprint(int(stall.Seconds())), "--baseport", fmt.Sprint(w.ports + forSuite), "--portcount", fmt.Sprint(portsEach - forSuite),
		"--tags", tags,
	}
	if only := os.Getenv(oneTest); only != "" {
		args = append(args, "--only", only)
	}
	cmd := exec.Command("tclsh", args...)
	cmd.Dir = w.dir
	cmd.Env = append(os.Environ(), fmt.Sprint("SUITE_FRONTS=", control))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	group := -cmd.Process.Pid
	timer := time.AfterFunc(patience, func() { _ = syscall.Kill(group, syscall.SIGKILL) })
	defer timer.Stop()
	_ = cmd.Wait() // how it has ended stands in what it has printed
	// After a test that hung its server is left, and perhaps the program that ran it.
	_ = syscall.Kill(group, syscall.SIGKILL)
	text := colours.ReplaceAll(out.Bytes(), nil)
	return read(text), text, nil
}

var colours = regexp.MustCompile("\x1b\\[[0-9;]*m")

var lines = regexp.MustCompile(`(?m)^(?:\[(ok|err|exception)\]: (.*)|.*\(IN PROGRESS\) (.*)|(\[\d+/\d+ done\]): .*)$`)

// read takes the outcomes from what the suite has printed.
func read(text []byte) verdicts {
	v := verdicts{}
	done := false
	for _, m := range lines.FindAllSubmatch(text, -1) {
		word, name := string(m[1]), string(m[2])
		switch {
		case word == "ok":
			name = name[:max(0, strings.LastIndex(name, " ("))] // (12 ms)
			if v[name] == "" {
				v[name] = passed
			}
		case word == "err":
			if at := strings.LastIndex(name, " in tests/"); at >= 0 {
				v[name[:at]] = failed
			} else {
				v[broken] = failed
			}
		case len(m[3]) > 0:
			v[string(m[3])] = hung
			done = true
		case len(m[4]) > 0:
			done = true
		}
	}
	if !done {
		v[broken] = failed
	}
	return v
}
