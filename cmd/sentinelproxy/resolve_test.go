package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sentinelproxy/proxy"
)

// sourcesOf makes sources of a file's text, variables and flags.
func sourcesOf(t interface{ Fatal(...any) }, file string, env map[string]string, flags map[string][]string) *sources {
	s := &sources{flags: flags, env: func(name string) (string, bool) { v, ok := env[name]; return v, ok }}
	if file != "" {
		f, err := parseConfigFile("f.yaml", []byte(file))
		if err != nil {
			t.Fatal(err)
		}
		s.file = f
	}
	return s
}

// Every combination of the three places that can say a value, for an option of each kind.
func TestPrecedence(t *testing.T) {
	options := []struct{ name, flag, env, file, def string }{
		{"hold-timeout", "1s", "2s", "3s", "60s"},
		{"admin-pprof", "true", "true", "true", "false"},
		{"hold-bytes", "1KiB", "2KiB", "3KiB", "256MiB"},
		{"listen", "a:1,b:1", "a:2,b:2", "[a:3, b:3]", "127.0.0.1:6379"},
		{"username", "flag", "env", "file", ""},
		{"password", "flag", "env", "file", ""},
		{"admin", "", "h:2", "h:3", "127.0.0.1:8379"}, // an empty value is a value
		{"log-level", "debug", "warn", "error", "info"},
	}
	for _, o := range options {
		for mask := range 8 {
			file, env, flags := "master: m\nsentinel: s:1\n", map[string]string{}, map[string][]string{}
			want, from := o.def, fromDefault
			if mask&1 != 0 {
				file += o.name + ": " + o.file + "\n"
				want, from = strings.NewReplacer("[", "", "]", "", " ", "").Replace(o.file), "f.yaml:3"
			}
			if mask&2 != 0 {
				env[envName(o.name)] = o.env
				want, from = o.env, envName(o.name)
			}
			if mask&4 != 0 {
				flags[o.name] = []string{o.flag}
				want, from = o.flag, "--"+o.name
			}
			if o.name == "username" { // a user has to have one
				file += "password: p\n"
			}
			e, err := sourcesOf(t, file, env, flags).resolve()
			if err != nil {
				t.Fatalf("%s, mask %b: %v", o.name, mask, err)
			}
			opt, _ := option(o.name)
			if got := strings.Join(opt.Get(&e.cfg, &e.cfg.Groups[0]), ","); got != want || e.top[o.name].from != from {
				t.Errorf("%s, mask %b: got %q from %s, want %q from %s", o.name, mask, got, e.top[o.name].from, want, from)
			}
		}
	}
}

// A group has its own value, else the top level's by the same precedence.
func TestGroupsInherit(t *testing.T) {
	const groups = "groups:\n- {master: a, listen: 'h:1'}\n- {master: b, listen: 'h:2', username: own, password: own, sentinel: 's:2'}\n"
	for _, tt := range []struct {
		name, top  string
		env        map[string]string
		flags      map[string][]string
		user, pass string // of group a; b has its own in any case
	}{
		{"file", "username: file\npassword: file\n", nil, nil, "file", "file"},
		{"variable", "username: file\npassword: file\n", map[string]string{"SENTINELPROXY_USERNAME": "env"}, nil, "env", "file"},
		{"flag", "username: file\n", map[string]string{"SENTINELPROXY_USERNAME": "env"}, map[string][]string{"username": {"flag"}, "password": {"flag"}}, "flag", "flag"},
	} {
		e, err := sourcesOf(t, "sentinel: s:1\n"+tt.top+groups, tt.env, tt.flags).resolve()
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		a, b := e.cfg.Groups[0], e.cfg.Groups[1]
		if a.Username != tt.user || a.Password != tt.pass || !slices.Equal(a.Sentinels, []string{"s:1"}) {
			t.Errorf("%s: group a is %+v", tt.name, a)
		}
		if b.Username != "own" || b.Password != "own" || !slices.Equal(b.Sentinels, []string{"s:2"}) {
			t.Errorf("%s: group b is %+v", tt.name, b)
		}
	}
}

// What `config show` prints means the same when it is read again, whatever is in the values.
func TestShownIsReadBack(t *testing.T) {
	text := rapid.OneOf(
		rapid.String(),
		rapid.StringMatching(`[-a-z0-9:#\[\]{}&*!|>'"%@, .~\\]{0,12}`), // what YAML is touchy about
		rapid.SampledFrom([]string{"null", "Null", "~", "true", "0x10", "1e3", "a: b", "- a", "<<", "=", "2001-01-01", "---"}),
	)
	secret := filepath.Join(t.TempDir(), "secret") // a password is not shown
	if err := os.WriteFile(secret, []byte("p"), 0o600); err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		user := text.Draw(t, "user")
		// A NUL can't be in a flag or variable, and a lone surrogate is no text; YAML has no word for either.
		if strings.ContainsRune(user, 0) || strings.ContainsRune(user, '\ufffd') {
			t.Skip()
		}
		flags := map[string][]string{"master": {"m"}, "sentinel": {"s:1", "s:2"}, "username": {user}, "password-file": {secret}}
		e, err := sourcesOf(t, "", nil, flags).resolve()
		if err != nil {
			t.Fatal(err)
		}
		shown := string(e.yaml())
		again, err := sourcesOf(t, shown, nil, nil).resolve()
		if err != nil {
			t.Fatalf("%v\n%s", err, shown)
		}
		if got := again.cfg.Groups[0].Username; got != user {
			t.Fatalf("%q became %q\n%s", user, got, shown)
		}
	})
}

// Whatever the file holds, the answer is a configuration or one error that names the file.
func FuzzConfigFile(f *testing.F) {
	for _, seed := range []string{
		"", "a", "master: m\n", "groups:\n- master: m\n", "{a: [}", "a: &x b\nc: *x\n", "? a\n: b\n", "a: |\n  b\n", "<<: {a: b}\n",
		"master: !!binary x\n", "---\na: b\n---\nc: d\n", "groups: {a: b}", "groups: [[a]]", "sentinel: [[a]]", "\"a\": 'b'", "- a\n", "a: \"\\x\"\n", "\xff",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s := &sources{env: func(string) (string, bool) { return "", false }}
		file, err := parseConfigFile("f.yaml", []byte(text))
		if err != nil {
			if !strings.HasPrefix(err.Error(), "f.yaml") {
				t.Errorf("%q does not name the file", err)
			}
			return
		}
		s.file = file
		// A secret's file could be any of the machine's.
		for _, name := range []string{"password-file", "sentinel-password-file"} {
			delete(file.top, name)
			for _, g := range file.groups {
				delete(g.entries, name)
			}
		}
		e, err := s.resolve()
		if err == nil && len(e.cfg.Groups) == 0 {
			t.Error("no group and no error")
		}
	})
}

func TestDidYouMean(t *testing.T) {
	for typed, want := range map[string]string{
		"hold_timeout": "hold-timeout", "holdTimeout": "hold-timeout", "sentinels": "sentinel", "masters": "master", "pasword": "password",
		"tls-cert": "", "x": "",
	} {
		got := didYouMean(typed)
		if want != "" {
			want = ", did you mean " + want + "?"
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", typed, got, want)
		}
	}
}

// Names are what environment variables, YAML keys and flags can all be.
func TestOptionNames(t *testing.T) {
	for _, o := range proxy.Options() {
		if strings.Trim(o.Name, "abcdefghijklmnopqrstuvwxyz-") != "" || o.Help == "" {
			t.Errorf("option %q, help %q", o.Name, o.Help)
		}
	}
}
