package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// treatment is what becomes of commands that are alike in the flags that decide it: see families/treatments.txt.
type treatment struct{ way, planned, crash string }

// family is one row of the table in docs/compatibility.md: see families/families.txt.
type family struct {
	name, how, mark string
	treatment       // the words of its cells: its treatment's, or its own where that has none
	remark          string
	words           []string // commands as they are written down, "json.*" included
	members         []*merged
	where           string // file:line, for messages
}

// words are both files.
type words struct {
	treatments map[string]treatment
	conditions map[string]string // by rule
	families   []family
}

// howOf gives the key of a form's treatment. It is all that decides which row a command may stand in.
func howOf(l *line) string {
	if l.Way == "local" {
		return l.Way
	}
	how := l.Way
	if l.Pin != "" {
		how += ":" + l.Pin
	}
	for _, effect := range []string{"blocking", "connection", "read", "idempotent", "write"} {
		if l.has(effect) {
			how += " " + effect
			break
		}
	}
	if l.has("cursor") {
		how += " cursor"
	}
	return how
}

// howBoth is the same for a command that may have two forms: "better else worse".
func howBoth(c *merged) string {
	if c.Other == nil {
		return howOf(&c.line)
	}
	better, worse := &c.line, c.Other
	if better.Way == worse.Way && worse.has("idempotent") || worse.Way == "shared" && better.Way != "shared" {
		better, worse = worse, better
	}
	return howOf(better) + " else " + howOf(worse)
}

// parseFamilies reads both files of the folder.
func parseFamilies(dir string) (*words, error) {
	w := &words{treatments: map[string]treatment{}, conditions: map[string]string{}}
	for _, file := range []struct {
		name string
		take func(row, where string) error
	}{{"treatments.txt", w.takeTreatment}, {"families.txt", w.takeFamily}} {
		text, err := os.ReadFile(filepath.Join(dir, file.name))
		if err != nil {
			return nil, err
		}
		for n, row := range strings.Split(string(text), "\n") {
			if strings.TrimSpace(row) == "" || row[0] == '#' {
				continue
			}
			where := fmt.Sprintf("%s:%d", file.name, n+1)
			if err := file.take(row, where); err != nil {
				return nil, fmt.Errorf("%s: %w", where, err)
			}
		}
	}
	return w, nil
}

// columnsOf splits a row; count columns must be there.
func columnsOf(row string, count int) ([]string, error) {
	columns := strings.Split(row, "|")
	if len(columns) != count {
		return nil, fmt.Errorf("%d columns instead of %d", len(columns), count)
	}
	for n := range columns {
		columns[n] = strings.TrimSpace(columns[n])
	}
	return columns, nil
}

func (w *words) takeTreatment(row, _ string) error {
	if rule, isRule := strings.CutPrefix(row, "rule="); isRule {
		columns, err := columnsOf(rule, 2)
		if err == nil {
			w.conditions[columns[0]] = columns[1]
		}
		return err
	}
	columns, err := columnsOf(row, 4)
	if err == nil {
		w.treatments[columns[0]] = treatment{columns[1], columns[2], columns[3]}
	}
	return err
}

func (w *words) takeFamily(row, where string) error {
	head, isHead := strings.CutPrefix(row, "= ")
	if !isHead {
		if len(w.families) == 0 {
			return errors.New("commands before the first family")
		}
		f := &w.families[len(w.families)-1]
		f.words = append(f.words, strings.Fields(row)...)
		return nil
	}
	columns, err := columnsOf(head, 5)
	if err != nil {
		return err
	}
	f := family{name: columns[0], remark: columns[4], where: where}
	f.how, f.mark, _ = strings.Cut(columns[1], ", ")
	if f.mark != "" && f.mark != "differs" && f.mark != "refused" {
		return fmt.Errorf("no mark %q", f.mark)
	}
	f.treatment = treatment{"", columns[2], columns[3]}
	w.families = append(w.families, f)
	return nil
}

// fill gives every family its commands and its words. Every fault is reported, not only the first.
func (w *words) fill(commands []merged) error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	for n := range commands {
		w.place(&commands[n], fault)
	}
	for n := range w.families {
		f := &w.families[n]
		for _, word := range f.words {
			if !slices.ContainsFunc(commands, func(c merged) bool { return matches(word, c.Name) && (word == c.Name || howBoth(&c) == f.how) }) {
				fault("%s: %s: nothing is called %s", f.where, f.name, word)
			}
		}
		w.phrase(f, fault)
	}
	return errors.Join(faults...)
}

// place finds the family of a command. A name that is written out goes before one that a pattern covers.
func (w *words) place(c *merged, fault func(string, ...any)) {
	how := howBoth(c)
	var named, covering []*family
	for n := range w.families {
		f := &w.families[n]
		for _, word := range f.words {
			switch {
			case word == c.Name:
				named = append(named, f)
			case f.how == how && matches(word, c.Name):
				covering = append(covering, f)
			}
		}
	}
	if len(named) == 0 {
		named = covering
	}
	switch {
	case len(named) == 0:
		fault("%s (%s) is in no family", c.Name, how)
	case len(named) > 1:
		fault("%s is in two families: %s and %s", c.Name, named[0].name, named[1].name)
	case named[0].how != how:
		fault("%s: %s is %q, its family %q is %q", named[0].where, c.Name, how, named[0].name, named[0].how)
	default:
		named[0].members = append(named[0].members, c)
	}
}

func matches(word, name string) bool {
	prefix, pattern := strings.CutSuffix(word, "*")
	return word == name || pattern && prefix != "" && strings.HasPrefix(name, prefix)
}

// phrase writes the cells of a family.
func (w *words) phrase(f *family, fault func(string, ...any)) {
	better, worse, varies := strings.Cut(f.how, " else ")
	a, known := w.treatments[better]
	b := a
	if varies {
		var too bool
		b, too = w.treatments[worse]
		known = known && too
	}
	if !known {
		fault("%s: %s: no words for %q", f.where, f.name, f.how)
		return
	}
	condition := ""
	for n, c := range f.members {
		if next := w.conditions[c.ruleOfForms()]; varies && (next == "" || n > 0 && next != condition) {
			fault("%s: %s: %s has the condition %q, others %q", f.where, f.name, c.Name, next, condition)
		} else {
			condition = next
		}
	}
	join := func(a, b string) string {
		if a == b {
			return a
		}
		return a + " " + condition + ", else " + b
	}
	for _, cell := range []struct {
		of    *string
		words string
	}{{&f.way, join(a.way, b.way)}, {&f.planned, join(a.planned, b.planned)}, {&f.crash, join(a.crash, b.crash)}} {
		if (*cell.of == "") == (cell.words == "") {
			fault("%s: %s: a cell has words of its own and those of %q, or none: %q", f.where, f.name, f.how, *cell.of+cell.words)
		}
		*cell.of += cell.words
	}
	switch f.mark {
	case "differs":
		f.way += ", differs"
	case "refused":
		f.way = "refused"
	}
}

// ruleOfForms is the rule that decides between two forms.
func (c *merged) ruleOfForms() string {
	if c.Other == nil {
		return ""
	}
	return c.Rule
}
