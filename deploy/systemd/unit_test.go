// Package systemd_test checks the unit with systemd's own tools, where there are any.
package systemd_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"sentinelproxy/deploy/internal/binary"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// installed lays the unit, its drop-in and its environment out as docs/deployment.md says, under a folder of the
// test's, with edit applied to the unit. The program's path within is changed to the folder's.
func installed(t *testing.T, edit func(string) string) (unit string) {
	t.Helper()
	dir := t.TempDir()
	program := filepath.Join(dir, "sentinelproxy")
	write(t, program, "#!/bin/sh\n", 0o755)
	text := strings.ReplaceAll(read(t, "sentinelproxy.service"), "/usr/local/bin/sentinelproxy", program)
	unit = filepath.Join(dir, "sentinelproxy.service")
	write(t, unit, edit(text), 0o600)
	write(t, unit+".d/password.conf", read(t, "password.conf"), 0o600)
	return unit
}

func unchanged(text string) string { return text }

// analyze runs systemd-analyze; the test is skipped where there is none.
func analyze(t *testing.T, args ...string) (string, error) {
	t.Helper()
	program, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("no systemd-analyze")
	}
	out, err := exec.Command(program, args...).CombinedOutput()
	return string(out), err
}

// verify returns what systemd-analyze has to say about the unit; "" is good.
func verify(t *testing.T, unit string) string {
	t.Helper()
	out, err := analyze(t, "verify", "--man=no", "--recursive-errors=no", unit)
	if err != nil && out == "" {
		return err.Error()
	}
	return strings.TrimSpace(out)
}

func TestVerify(t *testing.T) {
	if out := verify(t, installed(t, unchanged)); out != "" {
		t.Error(out)
	}
	broken := installed(t, func(s string) string { return strings.Replace(s, "ProtectHome=", "ProtectHouse=", 1) })
	if out := verify(t, broken); !strings.Contains(out, "ProtectHouse") {
		t.Errorf("an unknown setting passed: %q", out)
	}
}

// TestExposure: systemd's own measure of what a broken-into service could do, from 0 to 100; 9.6 without any hardening.
func TestExposure(t *testing.T) {
	const most = "20"
	unit := installed(t, unchanged)
	if out, err := analyze(t, "security", "--offline=yes", "--threshold="+most, unit); err != nil {
		t.Errorf("over %s: %v\n%s", most, err, out)
	}
}

func TestProxyTakesTheEnvironment(t *testing.T) {
	program := binary.Build(t)
	start, ok := strings.CutPrefix(setting(t, "sentinelproxy.service", "ExecStart"), "/usr/local/bin/sentinelproxy ")
	if !ok {
		t.Fatalf("ExecStart=%s", start)
	}
	// The sample's own lines, then each line that is commented out in the place of those of its name.
	env, alternatives := variables(t)
	env = append(env, setting(t, "password.conf", "Environment"))
	binary.Accepts(t, program, strings.Fields(start), env)
	for _, a := range alternatives {
		if !strings.Contains(a, "_CONFIG=") { // names a file that only the reader has
			binary.Accepts(t, program, strings.Fields(start), append(env, a))
		}
	}
	binary.Refuses(t, program, strings.Fields(start), append(env, "SENTINELPROXY_HOLD_TIMEOUT=soon"), "SENTINELPROXY_HOLD_TIMEOUT")
}

// variables are the lines of the sample: those in force, and those commented out.
func variables(t *testing.T) (set, alternatives []string) {
	t.Helper()
	for line := range strings.Lines(read(t, "sentinelproxy.env")) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "SENTINELPROXY_"):
			set = append(set, line)
		case strings.HasPrefix(line, "#SENTINELPROXY_"):
			alternatives = append(alternatives, line[1:])
		}
	}
	if len(set) < 3 || len(alternatives) == 0 {
		t.Fatalf("the sample has %v and %v", set, alternatives)
	}
	return set, alternatives
}

// setting is the value of the one KEY=value line of a unit.
func setting(t *testing.T, file, key string) string {
	t.Helper()
	for line := range strings.Lines(read(t, file)) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), key+"="); ok {
			return value
		}
	}
	t.Fatalf("%s has no %s", file, key)
	return ""
}

func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func write(t *testing.T, file, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}
