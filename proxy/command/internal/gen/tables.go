package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
)

// entry is one command or subcommand as a server's COMMAND lists it.
type entry struct {
	Name              string
	Arity             int
	Flags             []string
	First, Last, Step int
	Subs              []entry
}

// UnmarshalJSON reads the array that COMMAND replies with: name, arity, flags, first key, last key,
// step, ACL categories, tips, key specifications, subcommands. Dragonfly's has seven elements, and its
// subcommands as commands of their own, "CONFIG GET".
func (e *entry) UnmarshalJSON(text []byte) error {
	var parts []json.RawMessage
	if err := json.Unmarshal(text, &parts); err != nil {
		return err
	}
	if len(parts) < 6 {
		return fmt.Errorf("an entry of %d elements: %.60s", len(parts), text)
	}
	for n, into := range []any{&e.Name, &e.Arity, &e.Flags, &e.First, &e.Last, &e.Step} {
		if err := json.Unmarshal(parts[n], into); err != nil {
			return fmt.Errorf("element %d of %.60s: %w", n, text, err)
		}
	}
	e.Name = strings.ReplaceAll(strings.ToLower(e.Name), " ", "|")
	if len(parts) > 9 {
		return json.Unmarshal(parts[9], &e.Subs)
	}
	return nil
}

// MarshalJSON writes the same array; what the table has no use for is left empty.
func (e entry) MarshalJSON() ([]byte, error) {
	none := []string{}
	subs := e.Subs
	if subs == nil {
		subs = []entry{}
	}
	return json.Marshal([]any{e.Name, e.Arity, e.Flags, e.First, e.Last, e.Step, none, none, none, subs})
}

func (e *entry) has(flag string) bool { return slices.Contains(e.Flags, flag) }

// load reads a saved COMMAND reply and gives commands and subcommands by name.
func load(file string) (map[string]*entry, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var entries []entry
	if err := json.Unmarshal(text, &entries); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	byName := make(map[string]*entry)
	for n := range entries {
		e := &entries[n]
		byName[e.Name] = e
		for m := range e.Subs {
			byName[e.Subs[m].Name] = &e.Subs[m]
		}
	}
	return byName, nil
}

// encode gives the file for fetched entries: sorted, one command a line, so that a newer server's table
// can be read as a diff.
func encode(entries []entry) []byte {
	sortEntries(entries)
	var out bytes.Buffer
	for n, e := range entries {
		out.WriteString(map[bool]string{true: "[\n", false: ",\n"}[n == 0])
		line, err := json.Marshal(e)
		if err != nil {
			panic(err) // strings and ints only
		}
		out.Write(line)
	}
	out.WriteString("\n]\n")
	return out.Bytes()
}

func sortEntries(entries []entry) {
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.Name, b.Name) })
	for n := range entries {
		slices.Sort(entries[n].Flags)
		sortEntries(entries[n].Subs)
	}
}
