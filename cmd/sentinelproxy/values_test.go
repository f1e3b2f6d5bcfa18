package main

import (
	"strings"
	"testing"

	"sentinelproxy/proxy"
)

// numberKind is what is tried with the flags of one kind, each value with a part of the error; RANGE stands for the flag's own.
type numberKind map[string]string

var (
	counts = numberKind{
		"-1": "-1 is not within RANGE", "99999999999999999999": "99999999999999999999 is not within RANGE",
		"-99999999999999999999": "-99999999999999999999 is not within RANGE", "2147483648": "2147483648 is not within RANGE",
		"many": `"many" is not a whole number from RANGE`, "1.5": `"1.5" is not a whole number from RANGE`, "": `"" is not a whole number from RANGE`,
	}
	sizes = numberKind{
		"-1": `"-1" is not a size: give bytes, or a number with KiB, MiB or GiB (RANGE`, "1MB": `"1MB" is not a size: give bytes, or a number with KiB, MiB or GiB (RANGE`,
		"9223372036854775808": `"9223372036854775808" is too large (RANGE`, "0": "0 bytes is below the least, 1",
	}
	bounds = numberKind{
		"-1": `"-1" is not a size: give bytes, or a number with KiB, MiB or GiB (RANGE`, "9223372036854775808": `"9223372036854775808" is too large (RANGE`,
	}
	durations = numberKind{
		"-5s": "-5s is negative: it must be RANGE", "-.5s": "-500ms is negative: it must be RANGE", "soon": `"soon" is not a duration up to 2562047h: give one such as 500ms`,
		"2562048h": `"2562048h" is not a duration up to 2562047h`, "-2562048h": `"-2562048h" is not a duration up to 2562047h`,
		"60": `"60" needs a unit: 60s or 60ms`, "-60": `"-60" needs a unit: -60s or -60ms`,
	}
)

// numbers are all flags of `run` that take one, with the range as the errors write it.
var numbers = map[string]struct {
	kind    numberKind
	allowed string
}{
	"lanes": {counts, "0 and 1024"}, "hold-commands": {counts, "1 and 2147483647"}, "max-clients": {counts, "1 and 2147483647"}, "max-request-args": {counts, "1 and 2147483647"},
	"hold-bytes": {sizes, "1 to"}, "max-request-bytes": {sizes, "1 to"}, "large-request-bytes": {sizes, "1 to"}, "max-inline-bytes": {sizes, "1 to"}, "client-output-bytes": {sizes, "1 to"},
	"client-output-bytes-pubsub": {sizes, "1 to"}, "script-bytes": {sizes, "1 to"}, "streaming-threshold": {sizes, "1 to"}, "reply-window-bytes": {bounds, "0 to"},
	"hold-timeout": {durations, "more than 0"}, "minority-grace": {durations, "0 or more"}, "idle-timeout": {durations, "0 or more"}, "shutdown-timeout": {durations, "0 or more"},
}

// A number that can't be is an error that names flag, value and what is allowed, however the value is written down.
func TestNumbers(t *testing.T) {
	for name, n := range numbers {
		for value, want := range n.kind {
			allowed := n.allowed
			if strings.Contains(want, "from RANGE") {
				allowed = strings.Replace(allowed, " and ", " to ", 1)
			}
			want = "--" + name + ": " + strings.Replace(want, "RANGE", allowed, 1)
			for _, args := range [][]string{{"--" + name, value}, {"--" + name + "=" + value}} {
				err := parseAndRun(append([]string{"config", "check", "--master", "m", "--sentinel", "h:1"}, args...))
				if err == nil || !strings.HasPrefix(err.Error(), want) {
					t.Errorf("%q: got %v, want %s", args, err, want)
				}
			}
		}
	}
}

// The table above has every flag whose default is a number.
func TestNumbersAreComplete(t *testing.T) {
	c, g := proxy.DefaultConfig(), proxy.DefaultGroup()
	for _, o := range proxy.Options() {
		def := strings.Join(o.Get(&c, &g), ",")
		if def == "" || strings.Contains(def, ":") || !strings.Contains("0123456789", def[:1]) {
			continue
		}
		if _, ok := numbers[o.Name]; !ok {
			t.Errorf("--%s, by default %s, is not tried", o.Name, def)
		}
	}
}

// The same for `switch`, and for a flag without its value.
func TestFlagValues(t *testing.T) {
	const sw = "switch --master m --sentinel h:1 --admin h:2 --token-file f "
	for args, want := range map[string]string{
		sw + "--hold-limit -5s":  "--hold-limit: -5s is not between 1s and 1m0s",
		sw + "--hold-limit 2h":   "--hold-limit: 2h0m0s is not between 1s and 1m0s",
		sw + "--hold-limit 60":   `--hold-limit: "60" needs a unit: 60s or 60ms`,
		sw + "--hold-limit x":    `--hold-limit: "x" is not a duration up to 2562047h`,
		sw + "--rehearse -1s":    "--rehearse: -1s is not more than 0, and at most 55s",
		sw + "--rehearse 56s":    "--rehearse: 56s is not between 0s and 55s",
		"run --lanes":            `--lanes: it has no value; one that begins with "-" is given as --lanes=VALUE`,
		"run --lanes --master m": `--lanes: it has no value`,
		"run --lanes -x":         `--lanes: it has no value`,
		"run --listen":           `--listen: it has no value; one that begins with "-" is given as --listen=VALUE`,
		"run --sentinel --lanes": `--sentinel: it has no value`,
		"run --config":           `--config: it has no value`,
		"status --admin":         `--admin: it has no value`,
		"switch --sentinel":      `--sentinel: it has no value`,
		sw + "--rehearse":        `--rehearse: it has no value`,
	} {
		if err := parseAndRun(strings.Fields(args)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", args, err, want)
		}
	}
}

// A value that begins with a minus and a digit is one to every flag that is followed by a text.
func TestNegativeIsAValue(t *testing.T) {
	for text, want := range map[string]bool{"-1": true, "-.5s": true, "-5s": true, "-": false, "--1": false, "-x": false, "1": false, "": false} {
		if got := isNegative(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
	if err := parseAndRun(strings.Fields("config check --master -1 --sentinel h:1")); err != nil {
		t.Error(err)
	}
}
