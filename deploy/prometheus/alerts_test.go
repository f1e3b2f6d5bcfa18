// Package prometheus_test checks the alerts with Prometheus's own tool, where there is one.
package prometheus_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const rulesFile, testFile = "alerts.yaml", "alerts.test.yaml"

func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// promtool runs the tests of the alerts against these rules. Without promtool the test is skipped, but in CI.
func promtool(t *testing.T, rules string) (string, error) {
	t.Helper()
	program, err := exec.LookPath("promtool")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("no promtool: it comes with Debian's package prometheus")
		}
		t.Skip("no promtool")
	}
	dir := t.TempDir()
	for file, text := range map[string]string{rulesFile: rules, testFile: read(t, testFile)} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command(program, "test", "rules", filepath.Join(dir, testFile)).CombinedOutput()
	return string(out), err
}

func TestAlerts(t *testing.T) {
	if out, err := promtool(t, read(t, rulesFile)); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestChangedAlertsFail has each condition say something else, which the tests of the alerts have to find.
func TestChangedAlertsFail(t *testing.T) {
	rules := read(t, rulesFile)
	for _, c := range []struct{ old, changed string }{
		{"<= sentinelproxy_sentinels_known\n        for", "< sentinelproxy_sentinels_known\n        for"},
		{"2 * sentinelproxy_sentinels_up <= sentinelproxy_sentinels_known\n        for", "sentinelproxy_sentinels_up < sentinelproxy_sentinels_known\n        for"},
		{"for: 15s", "for: 30s"},
		{`sum without (state) (sentinelproxy_state{state="draining"}) == 1`, `sum without (state) (sentinelproxy_state{state="draining"}) == 2`},
		{"            and 2 * sentinelproxy_sentinels_up <= sentinelproxy_sentinels_known\n", ""},
		{`sentinelproxy_holds_total{reason="minority"}`, `sentinelproxy_holds_total{reason="ordered"}`},
		{"increase(sentinelproxy_commands_refused_total[5m])", "0 * increase(sentinelproxy_commands_refused_total[5m])"},
		{" + increase(sentinelproxy_commands_expired_total[5m])", ""},
		{"sentinelproxy_commands_unknown_total[5m])) > 0", "sentinelproxy_commands_unknown_total[5m])) > 4.5"},
		{`rejection="NOREPLICAS"`, `rejection="READONLY"`},
		{" + increase(sentinelproxy_commands_not_awaited_total[5m])", ""},
		{"increase(sentinelproxy_commands_not_replicated_total[5m])", "0 * increase(sentinelproxy_commands_not_replicated_total[5m])"},
		{"> 0.9", "> 0.96"},
		{"> 0.9", "> 0.86"},
		{"for: 5m", "for: 0s"},
	} {
		if strings.Count(rules, c.old) != 1 {
			t.Errorf("%s has not exactly one %q to change", rulesFile, c.old)
			continue
		}
		if out, err := promtool(t, strings.Replace(rules, c.old, c.changed, 1)); err == nil || !strings.Contains(out, "FAILED") {
			t.Errorf("%q instead of %q passed: %v\n%s", c.changed, c.old, err, out)
		}
	}
}

// TestAlertsAreTested: each of the alerts is raised by a test.
func TestAlertsAreTested(t *testing.T) {
	tests := read(t, testFile)
	alerts := regexp.MustCompile(`(?m)- alert: (\w+)$`).FindAllStringSubmatch(read(t, rulesFile), -1)
	if len(alerts) == 0 {
		t.Fatal("no alerts")
	}
	for _, a := range alerts {
		raised := regexp.MustCompile(`alertname: ` + a[1] + `\n.*\n +exp_alerts:|alertname="` + a[1] + `"`)
		if !raised.MatchString(tests) {
			t.Errorf("no test raises %s", a[1])
		}
	}
}

// TestMetricsExist: a metric, or a value of a label, that is called otherwise would never raise anything. What there is, is in
// docs/metrics.md, whose table is compared with what the proxy serves.
func TestMetricsExist(t *testing.T) {
	doc, rules := read(t, "../../docs/metrics.md"), read(t, rulesFile)
	names := regexp.MustCompile(`sentinelproxy_\w+`).FindAllString(rules, -1)
	for _, v := range regexp.MustCompile(`\{\w+="(\w+)"\}`).FindAllStringSubmatch(rules, -1) {
		names = append(names, v[1])
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if !strings.Contains(doc, "`"+name+"`") {
			t.Errorf("docs/metrics.md has no %s", name)
		}
	}
}
