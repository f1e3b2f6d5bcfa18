package target

import (
	"slices"
	"strings"
	"testing"

	"sentinelproxy/benchmarks/load"
)

func TestParseCalls(t *testing.T) {
	info := "# Commandstats\r\ncmdstat_getex:calls=9,usec=1\r\ncmdstat_get:calls=1234,usec=5,usec_per_call=0.5\r\ncmdstat_config|get:calls=3,usec=1\r\n"
	for command, want := range map[string]int64{"GET": 1234, "getex": 9, "SET": 0} {
		if got, err := parseCalls(info, command); err != nil || got != want {
			t.Errorf("%s: %d, %v, want %d", command, got, err, want)
		}
	}
	if _, err := parseCalls("cmdstat_get:calls=x,", "get"); err == nil {
		t.Error("no error")
	}
}

func TestConfigsNameTheirAddresses(t *testing.T) {
	for name, config := range map[string]string{
		"haproxy":   haproxyConfig(2, 7001, "/tmp/h.sock", "127.0.0.1:7000"),
		"twemproxy": twemproxyConfig(7001, "127.0.0.1:7000"),
		"predixy":   predixyConfig(7001, "127.0.0.1:7000"),
	} {
		if !strings.Contains(config, "127.0.0.1:7001") || !strings.Contains(config, "127.0.0.1:7000") {
			t.Errorf("%s:\n%s", name, config)
		}
	}
	if config := envoyConfig(7001, "127.0.0.1:7000"); !strings.Contains(config, "port_value: 7001}") || !strings.Contains(config, "port_value: 7000}") {
		t.Errorf("envoy:\n%s", config)
	}
	if config := haproxyConfig(2, 7001, "/tmp/h.sock", "x"); !strings.Contains(config, "nbthread 2\n") || !strings.Contains(config, "bind unix@/tmp/h.sock\n") {
		t.Errorf("haproxy:\n%s", config)
	}
	if config := haproxyConfig(1, 7001, "", "x"); strings.Contains(config, "unix@") {
		t.Errorf("haproxy:\n%s", config)
	}
}

func TestCan(t *testing.T) {
	of := func(name string) Target {
		return Target{kind: &kinds[slices.Index(Names(), name)]}
	}
	resp3, multi, watch, set := load.Case{Command: "GET", Protocol: 3}, load.Case{Command: "MULTI"}, load.Case{Command: "WATCH"}, load.Case{Command: "SET", Size: 64, Conns: 50, Depth: 1}
	if tw := of("twemproxy"); tw.Can(resp3) || tw.Can(multi) || tw.Can(watch) || !tw.Can(set) {
		t.Error("twemproxy")
	}
	if s := of(Self); !s.Can(resp3) || !s.Can(multi) || !s.Usual(multi) {
		t.Error(Self)
	}
	if h := of("haproxy-2t"); !h.Usual(set) || h.Usual(multi) || !h.Can(multi) {
		t.Error("haproxy-2t")
	}
	for _, name := range Acknowledging() {
		if a := of(name); !a.Usual(set) || a.Usual(multi) {
			t.Error(name)
		}
	}
}

func TestAvailable(t *testing.T) {
	quick, all := Available(true), Available(false)
	for _, name := range []string{"direct", "sentinelproxy", "sentinelproxy-unix", "haproxy", "twemproxy"} {
		if !slices.Contains(quick, name) || !slices.Contains(all, name) {
			t.Errorf("no %s", name)
		}
	}
	if slices.Contains(quick, "haproxy-2t") || !slices.Contains(all, "haproxy-2t") || slices.Contains(all, SelfB) {
		t.Errorf("quick %v, all %v", quick, all)
	}
}
