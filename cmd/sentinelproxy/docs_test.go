package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sentinelproxy/proxy"
)

var update = flag.Bool("update", false, "rewrite the table of docs/configuration.md")

const docPath = "../../docs/configuration.md"

// docs/configuration.md has each flag with its variable, default and meaning, and no other.
func TestDocs(t *testing.T) {
	c, g := proxy.DefaultConfig(), proxy.DefaultGroup()
	var table strings.Builder
	table.WriteString("| flag | variable | default | meaning |\n|---|---|---|---|\n")
	table.WriteString("| `--config` | `SENTINELPROXY_CONFIG` | none | YAML file with settings |\n")
	for _, o := range proxy.Options() {
		def := strings.Join(o.Get(&c, &g), ",")
		if def == "" {
			def = "none"
		}
		help := o.Help
		if o.Group {
			help += " *"
		}
		fmt.Fprintf(&table, "| `--%s` | `%s` | %s | %s |\n", o.Name, envName(o.Name), def, strings.ReplaceAll(help, "|", `\|`))
	}
	doc, err := os.ReadFile(docPath)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- begin flags -->\n", "<!-- end flags -->"
	head, rest, ok := strings.Cut(string(doc), begin)
	old, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no %q ... %q", docPath, begin, end)
	}
	if old == table.String() {
		return
	}
	if !*update {
		t.Fatalf("%s is not what the flags are; write it anew with: go test ./cmd/sentinelproxy -run TestDocs -update", docPath)
	}
	if err := os.WriteFile(docPath, []byte(head+begin+table.String()+end+tail), 0o644); err != nil {
		t.Fatal(err)
	}
}

// The file that the reference shows is a file that is accepted.
func TestDocsSamples(t *testing.T) {
	doc, err := os.ReadFile(docPath)
	if err != nil {
		t.Fatal(err)
	}
	samples := strings.Split(string(doc), "```yaml\n")[1:]
	if len(samples) == 0 {
		t.Fatal("no sample")
	}
	secrets := t.TempDir()
	for _, name := range []string{"redis", "queue"} {
		if err := os.WriteFile(filepath.Join(secrets, name), []byte("s3cret"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for i, s := range samples {
		text, _, _ := strings.Cut(s, "```")
		text = strings.ReplaceAll(text, "/run/secrets", secrets)
		if _, err := sourcesOf(t, text, nil, nil).resolve(); err != nil {
			t.Errorf("sample %d: %v", i+1, err)
		}
	}
}
