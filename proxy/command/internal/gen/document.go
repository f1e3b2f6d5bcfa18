package main

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// The markers in docs/compatibility.md between which the table stands.
const (
	begin = "<!-- commands:begin -->"
	end   = "<!-- commands:end -->"
)

// document gives the file with its table as the commands have it now.
func document(file string, w *words, commands []merged) ([]byte, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	before, rest, found := strings.Cut(string(text), begin)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed || strings.Contains(after, begin) || strings.Contains(after, end) {
		return nil, fmt.Errorf("%s: %s and %s must stand in it once each, in this order", file, begin, end)
	}
	// What is not listed is pinned as the table's entry Unknown says: see emit.
	commands = append(commands, merged{line: line{Name: "*", Flags: []string{"write"}, Way: "pinned", Pin: "unknown"}})
	if err := w.fill(commands); err != nil {
		return nil, err
	}
	byName := map[string]*merged{}
	for n := range commands {
		byName[commands[n].Name] = &commands[n]
	}
	var table strings.Builder
	table.WriteString("| family | commands | way | planned switch | crash | remarks |\n|---|---|---|---|---|---|\n")
	for _, f := range w.families {
		fmt.Fprintf(&table, "| %s | %s | %s | %s | %s | %s |\n",
			f.name, list(f.members), f.way, f.planned, f.crash, remarks(&f, byName))
	}
	return []byte(before + begin + "\n" + table.String() + end + after), nil
}

func list(commands []*merged) string {
	var names []string
	for _, c := range commands {
		names = append(names, display(c.Name))
	}
	return strings.Join(names, ", ")
}

// display gives a command as one types it.
func display(name string) string {
	if name == "*" {
		return "every other command"
	}
	return "`" + strings.ToUpper(strings.ReplaceAll(name, "|", " ")) + "`"
}

// remarks are the family's own words, then what the table knows of servers.
func remarks(f *family, byName map[string]*merged) string {
	var all []string
	if f.remark != "" {
		all = append(all, f.remark)
	}
	all = append(all, origins(f.members)...)
	if text := onDragonfly(f.members, byName); text != "" {
		all = append(all, text)
	}
	return strings.Join(all, ". ")
}

// origins tells which commands Redis 7.0 lacks, by the version that they came with. The version that most came
// with goes first, and without their names.
func origins(commands []*merged) []string {
	by := map[string][]*merged{}
	for _, c := range commands {
		if version := origin(c); version != "" {
			by[version] = append(by[version], c)
		}
	}
	var out []string
	for _, version := range slices.SortedFunc(maps.Keys(by), byVersion) {
		if len(by[version])*2 > len(commands) {
			out = slices.Insert(out, 0, version)
		} else {
			out = append(out, version+": "+list(by[version]))
		}
	}
	return out
}

func origin(c *merged) string {
	valkey, isValkey := strings.CutPrefix(c.Since, "valkey-")
	switch {
	case isValkey:
		return "Valkey " + valkey
	case c.Since != "":
		return "Redis " + c.Since
	case !c.Redis && c.Dragonfly:
		return "Dragonfly only"
	}
	return ""
}

// byVersion puts Redis 8.2 before 8.10, and Redis before the others.
func byVersion(a, b string) int {
	rank := func(version string) (other bool, major, minor int) {
		_, err := fmt.Sscanf(version, "Redis %d.%d", &major, &minor)
		return err != nil, major, minor
	}
	otherA, majorA, minorA := rank(a)
	otherB, majorB, minorB := rank(b)
	switch {
	case otherA && otherB:
		return strings.Compare(a, b)
	case otherA || otherB:
		return map[bool]int{true: 1, false: -1}[otherA]
	}
	return cmp.Or(majorA-majorB, minorA-minorB)
}

// onDragonfly tells what Dragonfly lacks, or what it has where that is less.
func onDragonfly(commands []*merged, byName map[string]*merged) string {
	var has, lacks []*merged
	for _, c := range commands {
		switch {
		case strings.HasPrefix(c.Since, "valkey-"): // nobody looks for it there
		case lacking(c, byName):
			lacks = append(lacks, c)
		default:
			has = append(has, c)
		}
	}
	switch {
	case len(lacks) == 0:
		return ""
	case len(has) == 0:
		return "Not on Dragonfly 1.40"
	case len(has) < len(lacks):
		return "Of these Dragonfly 1.40 has only " + list(has)
	}
	return "Not on Dragonfly 1.40: " + list(lacks)
}

// lacking: Dragonfly's COMMAND lists hardly any subcommand, so those of Redis 7.0 are taken to be there with their
// command, but for those which the overlay denies it. What the session answers itself needs no server.
func lacking(c *merged, byName map[string]*merged) bool {
	container, _, sub := strings.Cut(c.Name, "|")
	switch {
	case c.Way == "local" || c.Dragonfly || c.Name == "*":
		return false
	case sub && byName[container].Dragonfly:
		return c.OnDragonfly == "no" || c.Since != ""
	}
	return true
}
