package proxy

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"golang.org/x/sys/unix"
	"pgregory.net/rapid"

	"sentinelproxy/proxy/admin"
)

func validConfig() Config {
	c := DefaultConfig()
	g := DefaultGroup()
	g.Name, g.Sentinels = "the_master", []string{"127.0.0.1:5000"}
	c.Groups = []Group{g}
	return c
}

func TestDefaultsAreValid(t *testing.T) {
	c := validConfig()
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
}

func TestCheck(t *testing.T) {
	second := Group{Name: "other", Listen: []string{"127.0.0.1:6390"}, Sentinels: []string{"127.0.0.1:5000"}}
	tests := []struct {
		name string
		edit func(c *Config)
		want string // "" = valid
	}{
		{"no group", func(c *Config) { c.Groups = nil }, "--master: is missing"},
		{"no master", func(c *Config) { c.Groups[0].Name = "" }, "--master: is missing"},
		{"master with space", func(c *Config) { c.Groups[0].Name = "a b" }, `--master: "a b"`},
		{"no sentinel", func(c *Config) { c.Groups[0].Sentinels = nil }, "--sentinel: is missing"},
		{"no listener", func(c *Config) { c.Groups[0].Listen = nil }, "--listen: is missing"},
		{"sentinel without port", func(c *Config) { c.Groups[0].Sentinels = []string{"localhost"} }, `--sentinel: "localhost" is not host:port`},
		{"sentinel without host", func(c *Config) { c.Groups[0].Sentinels = []string{":5000"} }, `has no host`},
		{"sentinel at port 0", func(c *Config) { c.Groups[0].Sentinels = []string{"a:0"} }, `port 0`},
		{"sentinel port too high", func(c *Config) { c.Groups[0].Sentinels = []string{"a:65536"} }, `the port "65536"`},
		{"sentinel port by name", func(c *Config) { c.Groups[0].Sentinels = []string{"a:redis"} }, `the port "redis"`},
		{"sentinel as URL", func(c *Config) { c.Groups[0].Sentinels = []string{"redis://a:1"} }, `is not host:port`},
		{"sentinel twice", func(c *Config) { c.Groups[0].Sentinels = []string{"a:1", "a:1"} }, "a:1 is given twice"},
		{"sentinel IPv6", func(c *Config) { c.Groups[0].Sentinels = []string{"[::1]:5000"} }, ""},
		{"listen everywhere", func(c *Config) { c.Groups[0].Listen = []string{":6379"} }, ""},
		{"listen at any port", func(c *Config) { c.Groups[0].Listen = []string{"127.0.0.1:0"} }, ""},
		{"unix", func(c *Config) { c.Groups[0].Listen = []string{"unix:///run/sp.sock"} }, ""},
		{"unix relative", func(c *Config) { c.Groups[0].Listen = []string{"unix://sp.sock"} }, "not absolute"},
		{"unix empty", func(c *Config) { c.Groups[0].Listen = []string{"unix://"} }, "not absolute"},
		{"unix too long", func(c *Config) { c.Groups[0].Listen = []string{"unix:///" + strings.Repeat("x", 107)} }, "108 bytes"},
		{"redacted password", func(c *Config) { c.Groups[0].Password = Redacted }, "--password: this is what `config show`"},
		{"lanes", func(c *Config) { c.Lanes = -1 }, "--lanes: -1 is not within 0 and 1024"},
		{"hold-timeout 0", func(c *Config) { c.HoldTimeout = 0 }, "--hold-timeout: 0s is too short: it must be more than 0"},
		{"hold-timeout negative", func(c *Config) { c.HoldTimeout = -1 }, "--hold-timeout: -1ns is negative: it must be more than 0"},
		{"hold-bytes", func(c *Config) { c.HoldBytes = 0 }, "--hold-bytes: 0 bytes is below the least, 1"},
		{"in-flight-writes", func(c *Config) { c.InFlightWrites = "none" }, `--in-flight-writes: "none" is not one of error, idempotent, all`},
		{"log-level", func(c *Config) { c.LogLevel = "trace" }, `--log-level: "trace" is not one of debug, info, warn, error`},
		{"admin off", func(c *Config) { c.Admin = "" }, ""},
		{"admin", func(c *Config) { c.Admin = "8379" }, `--admin: "8379" is not host:port`},
		{"admin taken", func(c *Config) { c.Admin = "127.0.0.1:6379" }, "--admin: 127.0.0.1:6379 is --listen of the_master already"},
		{"idle off", func(c *Config) { c.IdleTimeout = 0 }, ""},
		{"streaming above output", func(c *Config) { c.ClientOutputBytes = 1 << 10 }, "--streaming-threshold: 1MiB is above --client-output-bytes 1KiB"},
		{"two groups", func(c *Config) { c.Groups = append(c.Groups, second) }, ""},
		{"same name twice", func(c *Config) {
			g := second
			g.Name = "the_master"
			c.Groups = append(c.Groups, g)
		}, "--master: the_master is in two groups"},
		{"same listener twice", func(c *Config) {
			g := second
			g.Listen = []string{"127.0.0.1:6379"}
			c.Groups = append(c.Groups, g)
		}, "--listen: 127.0.0.1:6379 is given twice, for the_master and other"},
		{"port 0 twice", func(c *Config) {
			g := second
			g.Listen = []string{"127.0.0.1:0"}
			c.Groups[0].Listen = []string{"127.0.0.1:0"}
			c.Groups = append(c.Groups, g)
		}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := validConfig()
			tt.edit(&c)
			err := c.Check()
			if tt.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %v, want %q in it", err, tt.want)
			}
			var ce *ConfigError
			if !errors.As(err, &ce) {
				t.Fatalf("%T is no *ConfigError", err)
			}
		})
	}
}

func TestParseSize(t *testing.T) {
	for in, want := range map[string]int64{
		"0": 0, "1": 1, "1048576": 1 << 20, "64KiB": 64 << 10, "256MiB": 256 << 20, "3GiB": 3 << 30,
		"9223372036854775807": math.MaxInt64, "8589934591GiB": 8589934591 << 30,
	} {
		if got, err := parseSize(in); err != nil || got != want {
			t.Errorf("%q: got %d, %v, want %d", in, got, err, want)
		}
	}
	for in, want := range map[string]string{
		"": "is not a size", "x": "is not a size", "1MB": "is not a size", "1m": "is not a size", "-1": "is not a size", "+1": "is not a size",
		"1.5GiB": "is not a size", "KiB": "is not a size", "1 KiB": "is not a size", "1kib": "is not a size",
		"9223372036854775808": "is too large", "8589934592GiB": "is too large", "99999999999999999999": "is too large",
	} {
		if got, err := parseSize(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %d, %v, want %q", in, got, err, want)
		}
	}
}

func TestParseDuration(t *testing.T) {
	for in, want := range map[string]string{
		"60": `"60" needs a unit: 60s or 60ms`, "soon": "is not a duration", "": "is not a duration", "1d": "is not a duration",
	} {
		if got, err := ParseDuration(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, %v, want %q", in, got, err, want)
		}
	}
	for d, want := range map[time.Duration]string{
		0: "0", time.Minute: "60s", 2 * time.Minute: "2m", 90 * time.Second: "90s", 250 * time.Millisecond: "250ms", time.Hour: "60m",
	} {
		if got := formatDuration(d); got != want {
			t.Errorf("%v: got %s, want %s", d, got, want)
		}
	}
}

// What Get writes, Set reads back; `config show` depends on it.
func TestSetReadsWhatGetWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, g := DefaultConfig(), DefaultGroup()
		c.Lanes = rapid.IntRange(0, maxLanes).Draw(t, "lanes")
		c.HoldBytes = rapid.Int64Range(0, math.MaxInt64).Draw(t, "hold-bytes")
		c.MaxInlineBytes = rapid.IntRange(0, math.MaxInt).Draw(t, "max-inline-bytes")
		c.HoldTimeout = time.Duration(rapid.Int64Range(0, math.MaxInt64).Draw(t, "hold-timeout"))
		c.AdminPprof = rapid.Bool().Draw(t, "admin-pprof")
		c.Admin = rapid.String().Draw(t, "admin")
		g.Listen = rapid.SliceOfN(rapid.String(), 1, 3).Draw(t, "listen")
		g.Password = rapid.String().Draw(t, "password")
		var c2 Config
		var g2 Group
		for _, o := range Options() {
			if err := o.Set(&c2, &g2, o.Get(&c, &g)); err != nil {
				t.Fatalf("%s: %v", o.Name, err)
			}
		}
		if !reflect.DeepEqual(c, c2) || !reflect.DeepEqual(g, g2) {
			t.Fatalf("%+v %+v became %+v %+v", c, g, c2, g2)
		}
	})
}

// Every field is reached by an option, so that none can only be set from Go.
func TestOptionsCoverEveryField(t *testing.T) {
	fields := 0
	for _, v := range []reflect.Type{reflect.TypeFor[Config](), reflect.TypeFor[Group]()} {
		fields += v.NumField()
	}
	if want := fields - 2; len(Options()) != want { // all but Config.Groups and Config.Build
		t.Errorf("%d options for %d fields", len(Options()), want)
	}
	seen := map[string]bool{}
	for _, o := range Options() {
		if seen[o.Name] {
			t.Errorf("%s is listed twice", o.Name)
		}
		seen[o.Name] = true
	}
}

func TestLoadSecrets(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	tests := []struct{ name, path, want, wantErr string }{
		{"line end stripped", write("a", "s3cret\n"), "s3cret", ""},
		{"Windows line end stripped", write("b", "s3cret\r\n"), "s3cret", ""},
		{"only one line end stripped", write("c", " s3 cret \n\n"), " s3 cret \n", ""},
		{"none to strip", write("d", "s3cret"), "s3cret", ""},
		{"empty", write("e", "\n"), "", "the file is empty"},
		{"too long", write("f", strings.Repeat("x", maxSecretBytes+1)), "", "more than 64KiB is no password"},
		{"missing", filepath.Join(dir, "none"), "", "no such file or directory"},
		{"a folder", dir, "", "is a directory"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := validConfig()
			c.Groups[0].SentinelPasswordFile = tt.path
			err := c.LoadSecrets()
			if tt.wantErr != "" {
				want := "--sentinel-password-file: " + tt.path + ": " + tt.wantErr
				if err == nil || err.Error() != want {
					t.Fatalf("got %v, want %s", err, want)
				}
				return
			}
			if err != nil || c.Groups[0].SentinelPassword != tt.want {
				t.Fatalf("got %q, %v, want %q", c.Groups[0].SentinelPassword, err, tt.want)
			}
		})
	}
}

// TestFewDescriptors: clients can't take the descriptors that all else needs.
func TestFewDescriptors(t *testing.T) {
	var was unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &was); err != nil {
		t.Fatal(err)
	}
	low := was
	low.Cur = 500
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &low); err != nil {
		t.Fatal(err)
	}
	defer unix.Setrlimit(unix.RLIMIT_NOFILE, &was)                               //nolint:errcheck // it was so before
	for configured, want := range map[int]int{393: 393, 394: 393, 10_000: 393} { // 500 - 100 - 2*1 - 5
		c := validConfig()
		c.MaxClients = configured
		core, logs := observer.New(zap.WarnLevel)
		p, err := New(c, zap.New(core))
		if err != nil {
			t.Fatal(err)
		}
		p.closeLoops()
		if got := p.groups[0].cfg.MaxClients; got != want || p.cfg.limitValues()[admin.LimitClients] != float64(want) {
			t.Errorf("%d configured: %d clients", configured, got)
		}
		if n := logs.FilterMessageSnippet("--max-clients").Len(); n != 1 && configured > want || n != 0 && configured == want {
			t.Errorf("%d configured: warned %d times", configured, n)
		}
	}
}

// A limit without value would show as "off".
func TestLimitValuesAreComplete(t *testing.T) {
	c := validConfig()
	c.IdleTimeout = time.Second
	for i, v := range c.limitValues() {
		if v == 0 {
			t.Errorf("limit %d has no value", i)
		}
	}
}
