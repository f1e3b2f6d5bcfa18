package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// line is what an overlay file says of a command. Four columns, separated by " | " (a name may contain
// "|" itself):
//
//	name or name+variant | flags and attributes | way, or way:pin | reason
//
// Flags are those of package command. Attributes: rule=name and plain=n for one whose class depends on
// its arguments (see rules.go), arity=n, keys=first,last,step and since=version for one that no
// server's table has, dragonfly=yes or dragonfly=no where Dragonfly's table does not tell: it lists hardly any
// subcommand. "#" begins a comment line.
type line struct {
	Name, Variant string
	Flags         []string
	Rule          string
	Plain         int
	Arity         int
	Keys          [3]int
	Since         string
	Way, Pin      string
	Reason        string
	OnDragonfly   string
	where         string // file:line, for messages
}

var (
	flagWords = []string{
		"read", "write", "connection", "idempotent", "blocking", "transactional", "pubsub", "admin",
		"scripting", "cursor", "oddreplies",
	}
	ruleWords = []string{
		"subcommand", "set", "expiry", "getex", "freshdest", "freshbitopdest", "bitfieldget", "trimend",
		"onlyexisting", "nostore", "noblock", "replace",
	}
	pinWords = []string{
		"transaction", "watch", "blocking", "subscribe", "monitor", "tracking", "client-state", "wait",
		"replication", "admin", "debug", "unknown",
	}
)

// parseOverlay reads every .txt file of the folder.
func parseOverlay(dir string) ([]line, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no overlay in %s: %w", dir, err)
	}
	var lines []line
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for n, row := range strings.Split(string(text), "\n") {
			if strings.TrimSpace(row) == "" || row[0] == '#' {
				continue
			}
			where := fmt.Sprintf("%s:%d", filepath.Base(file), n+1)
			l, err := parseLine(row)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", where, err)
			}
			l.where = where
			lines = append(lines, l)
		}
	}
	return lines, nil
}

func parseLine(row string) (l line, err error) {
	columns := strings.SplitN(row+" ", " | ", 4)
	if len(columns) != 4 {
		return l, fmt.Errorf("%d columns instead of 4", len(columns))
	}
	for n := range columns {
		columns[n] = strings.TrimSpace(columns[n])
	}
	l.Name, l.Variant, _ = strings.Cut(columns[0], "+")
	for _, word := range strings.Fields(columns[1]) {
		if err := l.attribute(word); err != nil {
			return l, err
		}
	}
	l.Way, l.Pin, _ = strings.Cut(columns[2], ":")
	if !slices.Contains([]string{"shared", "pinned", "local"}, l.Way) {
		return l, fmt.Errorf("no way %q", l.Way)
	}
	if (l.Way == "pinned") != slices.Contains(pinWords, l.Pin) {
		return l, fmt.Errorf("pin %q with way %q", l.Pin, l.Way)
	}
	l.Reason = columns[3]
	return l, nil
}

func (l *line) attribute(word string) (err error) {
	key, value, found := strings.Cut(word, "=")
	switch {
	case !found && slices.Contains(flagWords, word):
		l.Flags = append(l.Flags, word)
	case word == "dragonfly=yes", word == "dragonfly=no":
		l.OnDragonfly = value
	case key == "rule" && slices.Contains(ruleWords, value):
		l.Rule = value
	case key == "plain":
		l.Plain, err = strconv.Atoi(value)
	case key == "arity":
		l.Arity, err = strconv.Atoi(value)
	case key == "since":
		l.Since = value
	case key == "keys":
		_, err = fmt.Sscanf(value, "%d,%d,%d", &l.Keys[0], &l.Keys[1], &l.Keys[2])
	default:
		err = fmt.Errorf("no flag or attribute %q", word)
	}
	return err
}

func (l *line) has(flag string) bool { return slices.Contains(l.Flags, flag) }
