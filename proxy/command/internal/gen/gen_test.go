package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const commandDir = "../.."

// The committed files are what the generator makes of the committed inputs, byte for byte.
func TestGeneratedFilesAreFresh(t *testing.T) {
	files, err := generate(commandDir)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(commandDir, name))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("%s is not what the generator makes: run go generate ./proxy/command", name)
		}
	}
}

// A slip in the overlay is refused, with its place.
func TestFaultsAreRefused(t *testing.T) {
	entries := map[string]*entry{
		"newwrite": {Name: "newwrite", Flags: []string{"write"}},
		"newread":  {Name: "newread", Flags: []string{"readonly"}},
		"newwait":  {Name: "newwait", Flags: []string{"readonly", "blocking"}},
		"newadmin": {Name: "newadmin", Flags: []string{"admin"}},
	}
	const rest = "newwrite | write | shared | why\nnewwait | read blocking | pinned:blocking |\nnewadmin | read | shared |\n"
	for _, tc := range []struct{ overlay, want string }{
		{rest, ""},
		{"newwait | read blocking | pinned:blocking |\nnewadmin | read | shared |", "newwrite needs a line"},
		{"newwrite | write | shared | why\nnewadmin | read | shared |", "newwait needs a line"},
		{"newwrite | write | shared | why\nnewwait | read blocking | pinned:blocking |", "newadmin needs a line"},
		{strings.Replace(rest, "write | shared", "read | shared", 1), "a server flags it [write]"},
		{strings.Replace(rest, "read blocking | pinned:blocking", "read | shared", 1), "a server flags it blocking"},
		{rest + "x | write | shared |", "x.txt:5: x needs a reason"},
		{rest + "x | read write | shared | why", "exactly one of"},
		{rest + "x | read idempotent | shared | why", "idempotent but no write"},
		{rest + "x | connection | shared | why", "must not go over a shared link"},
		{rest + "x | read | pinned |", `x.txt:5: pin "" with way "pinned"`},
		{rest + "x | read | shared:watch |", `pin "watch" with way "shared"`},
		{rest + "x | read | far |", `no way "far"`},
		{rest + "x | reed | shared |", `no flag or attribute "reed"`},
		{rest + "x | read rule=sett | shared |", `no flag or attribute "rule=sett"`},
		{rest + "x | read plain=y | shared |", "invalid syntax"},
		{rest + "x | read", "2 columns instead of 4"},
		{rest + "x | read rule=set plain=1 | shared |", "rule set without a variant"},
		{rest + "x | read | shared |\nx+y | read | shared |", "variant y without a rule"},
		{rest + "x | write idempotent rule=set plain=0 | shared | why\nx+y | write | shared | why", "must be the careful one"},
		{rest + "x | read rule=set plain=1 | shared |\nx+y | write | shared | why", "agree on write"},
		{rest + "x | read | shared |\nx | read | shared |", "x.txt:6: x is there already: x.txt:5"},
		{rest + "x|y | read | shared |", "no container x"},
		{rest + "x | read | shared |\nx|y | read | shared |", `1 subcommands and rule ""`},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "x.txt"), []byte("# comment\n"+tc.overlay), 0o600); err != nil {
			t.Fatal(err)
		}
		got := ""
		lines, err := parseOverlay(dir)
		if err == nil {
			_, err = merge(entries, nil, lines)
		}
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, tc.want) || tc.want == "" && got != "" {
			t.Errorf("%s\ngives %q, want %q", tc.overlay, got, tc.want)
		}
	}
}

func TestConstantsMustDiffer(t *testing.T) {
	if _, err := emit([]merged{{line: line{Name: "a.b"}}, {line: line{Name: "a_b"}}}); err == nil {
		t.Error("a.b and a_b share the constant AB")
	}
}
