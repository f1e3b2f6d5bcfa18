package main

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sentinelproxy/benchmarks/load"
	"sentinelproxy/benchmarks/target"
)

func TestParseDefaults(t *testing.T) {
	o, err := parse(nil, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if o.rounds != 5 || !slices.Equal(o.cases, load.Star()) || o.name != "bench" || !o.facts || o.named {
		t.Errorf("%+v", o)
	}
	// Ten minutes: the rounds of the five targets that take part in all cases, and a third on top for the rest.
	if took := time.Duration(o.rounds*len(o.cases)*5) * o.each; took > 7*time.Minute {
		t.Errorf("the rounds take %v", took)
	}
}

func TestParseProduct(t *testing.T) {
	o, err := parse([]string{"-depths", "1,16"}, io.Discard)
	want := []load.Case{
		{Command: "SET", Size: 64, Conns: 50, Depth: 1},
		{Command: "GET", Size: 64, Conns: 50, Depth: 1},
		{Command: "SET", Size: 64, Conns: 50, Depth: 16},
		{Command: "GET", Size: 64, Conns: 50, Depth: 16},
	}
	if err != nil || !slices.Equal(o.cases, want) || o.name != "tuning" || o.facts {
		t.Errorf("%+v, %v", o, err)
	}
	o, err = parse(strings.Fields("-commands mixed -protocols 3 -rates 100,0 -quick"), io.Discard)
	want = []load.Case{
		{Command: "MIXED", Size: 64, Conns: 50, Depth: 1, Protocol: 3, Rate: 100},
		{Command: "MIXED", Size: 64, Conns: 50, Depth: 16, Protocol: 3, Rate: 100},
		{Command: "MIXED", Size: 64, Conns: 50, Depth: 1, Protocol: 3},
		{Command: "MIXED", Size: 64, Conns: 50, Depth: 16, Protocol: 3},
	}
	if err != nil || !slices.Equal(o.cases, want) {
		t.Errorf("%+v, %v", o.cases, err)
	}
}

func TestParseQuick(t *testing.T) {
	o, err := parse([]string{"-quick"}, io.Discard)
	if err != nil || o.rounds != 3 || !slices.Equal(o.cases, load.Core()) || o.name != "quick" || slices.Contains(o.targets, "haproxy-2t") {
		t.Errorf("%+v, %v", o, err)
	}
	o, err = parse([]string{"-rounds", "4", "-quick"}, io.Discard)
	if err != nil || o.rounds != 4 || o.name != "tuning" {
		t.Errorf("%+v, %v", o, err)
	}
}

func TestParseName(t *testing.T) {
	for args, want := range map[string]string{
		"-readme x -assert":  "bench",
		"-proxy-args -x":     "tuning",
		"-targets direct":    "tuning",
		"-quick -name other": "other",
	} {
		if o, err := parse(strings.Fields(args), io.Discard); err != nil || o.name != want {
			t.Errorf("%s: %q, %v, want %q", args, o.name, err, want)
		}
	}
}

func TestParseTwoBuilds(t *testing.T) {
	o, err := parse([]string{"-targets", "sentinelproxy, haproxy", "-proxy-bin", "/a", "-proxy-args-b", "--lanes 2"}, io.Discard)
	if err != nil || !slices.Equal(o.targets, []string{"sentinelproxy", "sentinelproxy-b", "haproxy"}) {
		t.Errorf("%v, %v", o.targets, err)
	}
	if o.a.Bin != "/a" || o.b.Bin != "/a" || len(o.a.Args) > 0 || !slices.Equal(o.b.Args, []string{"--lanes", "2"}) {
		t.Errorf("%+v %+v", o.a, o.b)
	}
	o, err = parse([]string{"-targets", "haproxy", "-proxy-bin-b", "/b"}, io.Discard)
	if err != nil || !slices.Equal(o.targets, []string{"sentinelproxy-b", "haproxy"}) || o.b.Bin != "/b" {
		t.Errorf("%v, %v", o.targets, err)
	}
}

func TestParseRefuses(t *testing.T) {
	for args, says := range map[string]string{
		"-targets nginx":         "-targets",
		"-targets direct,":       "-targets",
		"-targets direct,direct": "twice",
		"-commands lpop":         "-commands",
		"-protocols 4":           "-protocols",
		"-protocols 1":           "-protocols",
		"-rates -1":              "-rates",
		"-load wrk":              "-load",
		"-load redis-benchmark -commands lrange100": "can't do LRANGE100",
		"-depths 0":            "-depths",
		"-sizes 64,x":          "-sizes",
		"-conns ,":             "-conns",
		"-rounds 0":            "-rounds",
		"-seconds 0.01":        "-seconds",
		"-keys 0":              "-keys",
		"-threads 0":           "-threads",
		"direct":               "unexpected",
		"-seconds three":       "-seconds",
		"-targets direct -x 1": "-x",
	} {
		if _, err := parse(strings.Fields(args), io.Discard); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: error %v does not name %s", args, err, says)
		}
	}
}

func TestPaths(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "proxy")
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	o := options{out: "new/results"}
	o.a.Bin = "./proxy"
	if err := o.paths(); err != nil || o.a.Bin != program || o.b.Bin != "" {
		t.Errorf("%+v, %v", o, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "new/results")); err != nil {
		t.Error(err)
	}
	for flag, o := range map[string]options{
		"-out": {out: "proxy/results"}, "-proxy-bin:": {out: ".", a: target.Build{Bin: "./none"}}, "-proxy-bin-b:": {out: ".", b: target.Build{Bin: "./none"}},
	} {
		if err := o.paths(); err == nil || !strings.HasPrefix(err.Error(), flag) {
			t.Errorf("%s: %v", flag, err)
		}
	}
}

func TestQuoted(t *testing.T) {
	if got := quoted([]string{"-proxy-args", "--lanes 2", "", "a'b"}); got != ` -proxy-args '--lanes 2' '' 'a'\''b'` {
		t.Error(got)
	}
}
