package command

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const compatibility = "../../docs/compatibility.md"

// row is a line of the table in docs/compatibility.md, read back as a user reads it.
type row struct {
	family              string
	commands            []string
	way, planned, crash string
}

// rows gives the table of the document.
func rows(t *testing.T, doc string) []row {
	t.Helper()
	_, rest, _ := strings.Cut(doc, "<!-- commands:begin -->\n")
	table, _, found := strings.Cut(rest, "<!-- commands:end -->")
	lines := strings.Split(strings.TrimSpace(table), "\n")
	if !found || len(lines) < 3 {
		t.Fatalf("%s has no table of commands", compatibility)
	}
	var all []row
	for _, line := range lines[2:] {
		cells := strings.Split(strings.Trim(line, "|"), " | ")
		if len(cells) != 6 {
			t.Fatalf("%d cells: %s", len(cells), line)
		}
		all = append(all, row{
			family: strings.TrimSpace(cells[0]), commands: strings.Split(strings.ReplaceAll(cells[1], "`", ""), ", "),
			way: cells[2], planned: cells[3], crash: cells[4],
		})
	}
	return all
}

// Each command of the table stands in one row of docs/compatibility.md, and the row says what its flags say. That the
// row is what the generator writes is checked beside the generator; this reads it without knowing how it came about.
func TestCompatibilityTellsEachCommand(t *testing.T) {
	doc, err := os.ReadFile(compatibility)
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]row{}
	for _, r := range rows(t, string(doc)) {
		for _, name := range r.commands {
			if before, twice := told[name]; twice {
				t.Errorf("%s is in %q and in %q", name, before.family, r.family)
			}
			told[name] = r
		}
	}
	seen := map[string]bool{}
	for _, i := range append(All(), NotListed()) {
		name := strings.ToUpper(strings.ReplaceAll(i.Name, "|", " "))
		if i == NotListed() {
			name = "every other command"
		}
		r, found := told[name]
		if seen[name] = true; !found {
			t.Errorf("%s is in no row", name)
			continue
		}
		for _, fault := range faults(i, r) {
			t.Errorf("%s: %s, %s, but in %q %s", label(i), i.Way, i.Flags, r.family, fault)
		}
	}
	for name, r := range told {
		if !seen[name] {
			t.Errorf("%s in %q is not in the table", name, r.family)
		}
	}
}

// faults compares a form of a command with its row. A row for two forms has the words of both, with "else".
func faults(i *Info, r row) []string {
	var out []string
	says := func(cell, what string, want bool) {
		if strings.Contains(cell, what) != want {
			out = append(out, "it says "+cell)
		}
	}
	if r.way == "refused" {
		return nil // by the session, whatever the table says
	}
	says(r.way, "shared link", i.Way == Shared || i.other != nil && i.other.Way == Shared)
	says(r.way, "answered here", i.Way == Local)
	if i.Way == Pinned {
		says(r.way, "own link, until its reply", i.Pin.Ends() == EndsWithReply)
		says(r.way, "own link, until the connection ends", i.Pin.Ends() == EndsWithError)
	}
	two := i.other != nil || i.Variant != ""
	says(r.crash, ", else ", two)
	switch { // what session.classOf makes of them
	case i.Way == Local:
	case i.Flags.Has(Blocking):
		says(r.crash, "with the time that it has left", true)
	case i.Flags.Has(Read), i.Flags.Has(Idempotent):
		says(r.crash, "*sent again*", true)
		says(r.planned, "*goes on*", i.Flags.Has(Read))
	case i.Flags.Has(Write):
		says(r.crash, "`UNKNOWNOUTCOME`", true)
		says(r.planned, "*held*", true)
	default:
		says(r.crash, "`UNKNOWNOUTCOME`", false)
	}
	if !two && !i.Flags.Has(Write) {
		says(r.crash, "`UNKNOWNOUTCOME`", false)
	}
	return out
}

// What the table points at is there: a heading, and the explanation of a word in italics.
func TestCompatibilityExplainsItsWords(t *testing.T) {
	doc, err := os.ReadFile(compatibility)
	if err != nil {
		t.Fatal(err)
	}
	var anchors []string
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(string(doc), -1) {
		anchor := strings.ReplaceAll(strings.ToLower(heading[1]), " ", "-")
		anchors = append(anchors, regexp.MustCompile(`[^a-z0-9-]`).ReplaceAllString(anchor, ""))
	}
	for _, link := range regexp.MustCompile(`\]\(#([^)]*)\)`).FindAllStringSubmatch(string(doc), -1) {
		if !slices.Contains(anchors, link[1]) {
			t.Errorf("no heading for #%s", link[1])
		}
	}
	before, _, _ := strings.Cut(string(doc), "<!-- commands:begin -->")
	for _, r := range rows(t, string(doc)) {
		for _, word := range regexp.MustCompile(`\*[^*]+\*`).FindAllString(r.planned+" "+r.crash, -1) {
			if !strings.Contains(before, "- "+word+": ") {
				t.Errorf("%q uses %s, which is not explained", r.family, word)
			}
		}
	}
}
