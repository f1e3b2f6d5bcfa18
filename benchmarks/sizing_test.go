package main

import (
	"os"
	"strings"
	"testing"

	"sentinelproxy/benchmarks/report"
)

func TestWriteSizing(t *testing.T) {
	g := growth{name: "connections", title: "Connections", of: "connections", note: "GET.", rows: []grown{
		{of: 1, conns: 1, cpu: 9, server: 3, rps: 1000, idle: 0.001, rss: 17 << 20, busy: 18 << 20, perConn: 12345, descriptors: 20},
		{of: 5000, conns: 5000, cpu: 2, server: 1, rps: 2000, idle: 0.002, rss: 20 << 20, busy: 30 << 20, perConn: 1000, descriptors: 5019},
	}}
	dir := t.TempDir()
	path, err := writeSizing(dir, report.Meta{Command: "go run . sizing", Rounds: 3}, []growth{g})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	for _, want := range []string{
		"| 1 | 9.00 | 3.00 | 1000 | 0.10 | 17.0 | – | 18.0 | 20 |", "| 5000 | 2.00 | 1.00 | 2000 | 0.20 | 20.0 | 1000 | 30.0 | 5019 |",
		"`go run . sizing;", "(sizing-connections.svg)",
	} {
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("no %q, %v, in\n%s", want, err, text)
		}
	}
	if _, err := os.Stat(dir + "/sizing-connections.svg"); err != nil {
		t.Error(err)
	}
}

func TestSubcommandsRefuse(t *testing.T) {
	for _, args := range []string{"switch -rate 0", "switch now", "sizing -rounds 0", "sizing all", "-targets nginx"} {
		err := command(t.Context(), strings.Fields(args))
		if _, ok := err.(usageError); !ok {
			t.Errorf("%s: %v", args, err)
		}
	}
}
