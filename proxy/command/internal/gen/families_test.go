package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// someCommands has one command of each kind that families have to tell apart.
func someCommands() []merged {
	either := merged{line: line{Name: "set", Flags: []string{"write", "idempotent"}, Way: "shared", Rule: "set"}}
	either.Other = &line{Name: "set", Variant: "nx", Flags: []string{"write"}, Way: "shared"}
	other := merged{line: line{Name: "zadd", Flags: []string{"write"}, Way: "shared", Rule: "xx"}}
	other.Other = &line{Name: "zadd", Variant: "xx", Flags: []string{"write", "idempotent"}, Way: "shared"}
	return []merged{
		{line: line{Name: "get", Flags: []string{"read"}, Way: "shared"}, Redis: true, Dragonfly: true},
		{line: line{Name: "js.get", Flags: []string{"read"}, Way: "shared", Since: "8.10"}, Redis: true},
		{line: line{Name: "js.set", Flags: []string{"write"}, Way: "shared", Since: "8.2"}, Redis: true},
		{line: line{Name: "js.z", Flags: []string{"write"}, Way: "shared", Since: "8.10"}, Redis: true, Dragonfly: true},
		{line: line{Name: "quit", Flags: []string{"connection"}, Way: "local"}, Redis: true},
		{line: line{Name: "c", Flags: []string{"read"}, Way: "shared"}, Redis: true, Dragonfly: true},
		{line: line{Name: "c|lost", Flags: []string{"read"}, Way: "shared", OnDragonfly: "no"}, Redis: true},
		{line: line{Name: "c|there", Flags: []string{"read"}, Way: "shared"}, Redis: true},
		either, other,
	}
}

const someTreatments = `# comment
shared read | shared | on | again
shared idempotent | shared | held | again
shared write | shared | held | unknown
pinned:unknown write | own | held | unknown
local | here | |
rule=set | without NX
rule=xx | with XX
`

const someFamilies = `= reads | shared read, differs | | | look
get c c|lost c|there
= js, reads | shared read | | |
js.*
= js, writes | shared write | | |
js.*
= set | shared idempotent else shared write | | |
set
= zadd | shared idempotent else shared write | | |
zadd
= here | local | at once | at once |
quit
= rest | pinned:unknown write | | |
*
`

// documentOf writes the table of someCommands into a document.
func documentOf(t *testing.T, treatments, families, doc string) (string, error) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"treatments.txt": treatments, "families.txt": families, "doc.md": doc} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w, err := parseFamilies(dir)
	if err != nil {
		return "", err
	}
	text, err := document(filepath.Join(dir, "doc.md"), w, someCommands())
	return string(text), err
}

func TestDocument(t *testing.T) {
	got, err := documentOf(t, someTreatments, someFamilies, "before\n"+begin+"stale"+end+"\nafter\n")
	if err != nil {
		t.Fatal(err)
	}
	want := "before\n" + begin + `
| family | commands | way | planned switch | crash | remarks |
|---|---|---|---|---|---|
| reads | ` + "`GET`, `C`, `C LOST`, `C THERE`" + ` | shared, differs | on | again | look. Not on Dragonfly 1.40: ` + "`C LOST`" + ` |
| js, reads | ` + "`JS.GET`" + ` | shared | on | again | Redis 8.10. Not on Dragonfly 1.40 |
| js, writes | ` + "`JS.SET`, `JS.Z`" + ` | shared | held | unknown | Redis 8.2: ` + "`JS.SET`. Redis 8.10: `JS.Z`. Not on Dragonfly 1.40: `JS.SET`" + ` |
| set | ` + "`SET`" + ` | shared | held | again without NX, else unknown | Not on Dragonfly 1.40 |
| zadd | ` + "`ZADD`" + ` | shared | held | again with XX, else unknown | Not on Dragonfly 1.40 |
| here | ` + "`QUIT`" + ` | here | at once | at once |  |
| rest | every other command | own | held | unknown |  |
` + end + "\nafter\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// A command without a row, or in the wrong one, is refused, and so is a row that says what the flags do not.
func TestFamiliesAreChecked(t *testing.T) {
	const doc = begin + end
	for _, tc := range []struct{ from, to, want string }{
		{"get c c|lost", "c c|lost", "get (shared read) is in no family"},
		{"= js, reads | shared read | | |\njs.*\n", "", "js.get (shared read) is in no family"},
		{"\nquit", "\nquit get", "get is in two families: reads and here"},
		{"= rest", "= more | shared read | | |\njs.*\n= rest", "js.get is in two families: js, reads and more"},
		{"get c c|lost", "get js.set c c|lost", `families.txt:1: js.set is "shared write", its family "reads" is "shared read"`},
		{"set\n= zadd", "set js.z\n= zadd", `js.z is "shared write", its family "set" is "shared idempotent else shared write"`},
		{"set\n= zadd | shared idempotent else shared write | | |\n", "set ", `zadd has the condition "with XX", others "without NX"`},
		{"get c c|lost", "get gone c c|lost", "families.txt:1: reads: nothing is called gone"},
		{"get c c|lost", "get gone.* c c|lost", "nothing is called gone.*"},
		{"shared read, differs", "shared read, better", `no mark "better"`},
		{"| look", "| look | here", "6 columns instead of 5"},
		{"= reads | shared read, differs | |", "= reads | shared read, differs | resumed |", "a cell has words of its own and those of"},
		{"| at once | at once |", "| | at once |", "a cell has words of its own and those of"},
		{"shared read | shared | on | again\n", "", `no words for "shared read"`},
		{"rule=set | without NX\n", "", `set has the condition ""`},
		{"# comment\n", "a | b\n", "treatments.txt:1: 2 columns instead of 4"},
		{"= reads | shared read, differs | | | look\n", "", "commands before the first family"},
		{begin, "", "must stand in it once each"},
		{end, end + begin, "must stand in it once each"},
	} {
		edit := func(text string) string { return strings.Replace(text, tc.from, tc.to, 1) }
		_, err := documentOf(t, edit(someTreatments), edit(someFamilies), edit(doc))
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%q instead of %q gives %v, want %q", tc.to, tc.from, err, tc.want)
		}
	}
}
