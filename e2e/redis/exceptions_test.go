package redis

import (
	"fmt"
	"os"
	"strings"
)

// exception is a line of exceptions.txt.
type exception struct {
	unit, test, reason string
	verdict            outcome
}

// What an exception may say beside failed. A test that hangs takes its unit with it, so it is not run; whether it would
// pass by now only a look can tell.
const (
	sometimes outcome = "sometimes"
	notRun    outcome = "not run"
)

// readExceptions reads lines of "unit | verdict | test | reason".
func readExceptions(path string) (all []exception, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		f := strings.Split(line, " | ")
		if len(f) != 4 {
			return nil, fmt.Errorf("%s: not four fields: %s", path, line)
		}
		e := exception{unit: f[0], verdict: outcome(f[1]), test: f[2], reason: f[3]}
		switch e.verdict {
		case failed, sometimes, notRun:
		default:
			return nil, fmt.Errorf("%s: no such verdict: %s", path, line)
		}
		all = append(all, e)
	}
	return all, nil
}

// of is the exceptions of one unit, by the tests' names.
func of(all []exception, unit string) map[string]exception {
	m := map[string]exception{}
	for _, e := range all {
		if e.unit == unit {
			m[e.test] = e
		}
	}
	return m
}

// skipped are the tests that are not to be run.
func skipped(exceptions map[string]exception) (names []string) {
	for name, e := range exceptions {
		if e.verdict == notRun {
			names = append(names, name)
		}
	}
	return names
}

// complaints compares what has become of a unit's tests with its exceptions, both ways.
func complaints(v verdicts, exceptions map[string]exception) (list []string) {
	for name, o := range v {
		e, known := exceptions[name]
		switch {
		case o == passed && known && e.verdict == failed:
			list = append(list, "passes, but stands in exceptions.txt: "+name)
		case o == hung && e.verdict != sometimes:
			list = append(list, "hangs: "+name)
		case o == failed && (!known || e.verdict == notRun):
			list = append(list, "fails: "+name)
		}
	}
	for name, e := range exceptions {
		if _, ran := v[name]; !ran && e.verdict != notRun {
			list = append(list, "stands in exceptions.txt, but was not run: "+name)
		}
	}
	return list
}
